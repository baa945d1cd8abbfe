"""Profiles, files and assignments, and the words in which a wrong one is refused."""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, PositiveInt, create_model, model_validator
from pydantic.fields import FieldInfo

from seqstep.errors import ConfigError
from seqstep.models.networks import NETWORKS
from seqstep.settings import resolving
from seqstep.settings.config import PROFILES, Config, MLPConfig, NotifyConfig, Section
from seqstep.settings.resolving import flatten, given_alone, resolve, write_toml
from seqstep.settings.spelling import nearest
from seqstep.text.ngram_models.table import MODELS

MIRROR, NOTES_SHA1 = "http://mirror/timemachine.txt", Config().corpus.sha1


_NETWORKS, _COUNTS = ", ".join(NETWORKS), ", ".join(MODELS)


def resolve_with(*assignments: str, profile: str = "quick") -> Config:
    return resolve(profile, [dict(assignment.split("=", 1) for assignment in assignments)])


def test_the_names_that_settings_may_have_are_known_without_numpy_and_torch() -> None:
    code = "import sys, seqstep.settings.resolving; print({'numpy', 'pandas', 'torch'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_the_profile_notes_is_the_defaults() -> None:
    assert resolve("notes") == Config()


def test_the_profile_quick_differs_where_it_says() -> None:
    quick, notes = flatten(resolve()), flatten(Config())
    changed = {name for name in notes if quick[name] != notes[name]}
    assert changed == {"corpus.url", "corpus.path", "corpus.sha1", "rnn.epochs"}


def test_the_later_change_wins_and_leaves_the_others() -> None:
    config = resolve("notes", [{"rnn": {"epochs": 5, "clip": 2}}, {"rnn": {"epochs": "7"}}, {"seed": 3}])
    assert (config.rnn.epochs, config.rnn.clip, config.rnn.steps, config.seed) == (7, 2, 35, 3)
    assert PROFILES["notes"] == {}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("rnn.epoch=5", "there is no setting rnn.epoch; did you mean rnn.epochs?"),
        ("rn.epochs=5", "there is no setting rn; did you mean rnn?"),
        ("RNN.epochs=5", "there is no setting RNN; did you mean rnn?"),
        (".rnn.epochs=5", "expected the name of a setting, such as rnn.epochs, got '.rnn.epochs'"),
        ("epochs=5", "there is no setting epochs; did you mean rnn.epochs?"),
        ("mlp.zzz=5", "there is no setting mlp.zzz; there are: mlp.window, mlp.train_share, mlp.hidden,"),
        (
            "zzz=5",
            "there is no setting zzz; there are: seed, device, threads, checkpoint_epochs, corpus, text,",
        ),
        ("rnn={epochs:5}", "so it can't be '{epochs:5}'; write it as TOML does, {NAME = VALUE}, or set each"),
        ("rnn=5", "rnn is a group of settings (What both recurrent language models share"),
        ("rnn.epochs=-1", "rnn.epochs can't be '-1': it should be greater than 0 (passes over the"),
        ("rnn.epochs=0", "rnn.epochs can't be '0': it should be greater than 0"),
        ("rnn.epochs=many", "rnn.epochs can't be 'many': it should be a valid integer"),
        ("rnn.epochs=1.5", "rnn.epochs can't be '1.5': it should be a valid integer"),
        ("rnn.epochs=", "rnn.epochs can't be '': it should be a valid integer"),
        ("seed=-1", "seed can't be '-1': it should be greater than or equal to 0"),
        (f"seed={2**63}", f"seed can't be '{2**63}': it should be less than {2**63} (where every random"),
        (f"backtest.seeds=0,{2**63}", f"backtest.seeds can't be '{2**63}': it should be less than {2**63}"),
        ("rnn.learning_rate=nan", "rnn.learning_rate can't be 'nan': it should be a finite number"),
        ("mlp.train_share=1", "mlp.train_share can't be '1': it should be less than 1"),
        ("device=gpu", "device can't be 'gpu': it should be 'auto', 'cpu' or 'cuda'"),
        ("rnn_layer.cell=rnm", "rnn_layer.cell can't be 'rnm': it should be 'rnn', 'gru' or 'lstm'"),
        ("rnn.random_batches=maybe", "rnn.random_batches can't be 'maybe': it should be a valid boolean"),
        ("forecast.horizons=1,0", "forecast.horizons can't be '0': it should be greater than 0 (steps ahead"),
        ("forecast.horizons=", "forecast.horizons can't be []: it should have at least 1 item"),
        ("ngrams.epsilon=1,2", "ngrams.epsilon can't be ['1', '2']: it should have more entries (weights of"),
        ("samples.prefix=", "samples.prefix can't be '': it should have at least 1 character"),
        ("corpus.sha1=xyz", "corpus.sha1 can't be 'xyz': it should match pattern"),
        (
            "held_out.networks=gru,lstn",
            f"held_out.networks can't be ['gru', 'lstn']: it should be different names out of {_NETWORKS};"
            " did you mean lstm? (which are trained",
        ),
        (
            "held_out.networks=gru,gru",
            f"can't be ['gru', 'gru']: it should be different names out of {_NETWORKS}; one is there twice (",
        ),
        (
            "sampling.models=witten-bell",
            f"sampling.models can't be ['witten-bell']: it should be different names out of {_COUNTS};"
            " did you mean witten_bell? (models of counts",
        ),
        ("sampling.models=foo", f"{_COUNTS}; there are: uniform,"),
        ("held_out.dropout_output=1", "held_out.dropout_output can't be '1': it should be less than 1"),
        ("held_out.schedule=linear", "it should be 'constant', 'cosine' or 'plateau'"),
        (f"corpus.sha1={'a' * 39}", "40 hexadecimal digits; empty accepts any"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_should_be(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_with(assignment)
    assert message in str(caught.value)


@pytest.mark.parametrize("address", ["https://me:PW@h/x?token=T", "https:/me:PW@h/x?token=T"])
@pytest.mark.parametrize(
    ("setting", "advice"),
    [("corpus.path", "set corpus.url for an address"), ("series.path", "fetch what is at an address first")],
)
def test_an_address_in_the_place_of_a_file_is_refused_and_shown_without_its_secrets(
    setting: str, advice: str, address: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_with(f"{setting}={address}")
    assert str(caught.value).startswith(
        f"{setting} can't be 'https://***@h/x?token=***': it should be a file; {advice} ("
    )


@pytest.mark.parametrize("path", ["builtin:lighthouse", "/tmp/http/x", "a:b/c.txt", "~/my text.txt"])
def test_a_path_that_is_no_address_is_taken_as_it_is(path: str) -> None:
    assert resolve_with(f"corpus.path={path}").corpus.path == path


def test_several_mistakes_are_told_together() -> None:
    with pytest.raises(ConfigError, match=r"mlp\.hidden .*; rnn\.epochs"):
        resolve_with("mlp.hidden=x", "rnn.epochs=x")


@pytest.mark.parametrize(
    ("name", "hint"), [("quik", "did you mean quick?"), ("x", f"there are: {', '.join(PROFILES)}")]
)
def test_an_unknown_profile_is_refused_with_the_known_ones(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(name)
    assert str(caught.value) == f"there is no profile {name!r}; {hint}"


def test_lists_are_parted_by_commas_and_urls_by_spaces() -> None:
    config = resolve_with(
        "forecast.horizons=1, 2,8", "text.reserved=<pad>,<bos>", "corpus.url=http://a,b http://c"
    )
    assert config.forecast.horizons == (1, 2, 8)
    assert config.text.reserved == ("<pad>", "<bos>")
    assert list(map(str, config.corpus.url)) == ["http://a,b", "http://c"]


@given(st.text("0123456789abcdefABCDEF", min_size=40, max_size=40) | st.just(""))
def test_a_sha1_has_40_hexadecimal_digits_or_none(sha1: str) -> None:
    assert resolve_with(f"corpus.sha1={sha1}").corpus.sha1 == sha1


@pytest.mark.parametrize(
    ("profile", "changes", "url", "path", "sha1"),
    [
        ("notes", [{"path": "my.txt"}], (), "my.txt", ""),
        ("notes", [{"url": MIRROR}], (MIRROR,), "", NOTES_SHA1),
        ("notes", [{"path": "my.txt", "sha1": "a" * 40}], (), "my.txt", "a" * 40),
        ("notes", [{"path": "my.txt"}, {"url": MIRROR}], (MIRROR,), "", ""),
        ("quick", [{"path": "my.txt"}], (), "my.txt", ""),
        ("quick", [{"url": MIRROR}], (MIRROR,), "", ""),
        ("quick", [{"url": MIRROR, "sha1": NOTES_SHA1}], (MIRROR,), "", NOTES_SHA1),
    ],
)
def test_a_pin_is_released_with_its_source_and_kept_for_a_mirror(
    profile: str, changes: list[dict[str, Any]], url: tuple[str, ...], path: str, sha1: str
) -> None:
    corpus = resolve(profile, [{"corpus": change} for change in changes]).corpus
    assert (tuple(map(str, corpus.url)), corpus.path, corpus.sha1) == (url, path, sha1)


@pytest.mark.parametrize("change", [{"path": "my.txt"}, {"url": MIRROR}])
def test_a_wrong_corpus_in_a_file_can_be_replaced(change: dict[str, str]) -> None:
    assert resolve("notes", [{"corpus": "my.txt"}, {"corpus": change}]).corpus.path == change.get("path", "")


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (
            {"rnn": {"epoch": 5}},
            "in the profile mine, there is no setting rnn.epoch; did you mean",
        ),
        ({"rnn.epochs": 0}, "in the profile mine, rnn.epochs can't be 0: it should be greater than 0"),
        (["rnn"], "expected a tree of settings as the profile mine, got ['rnn']"),
    ],
)
def test_a_profile_that_can_not_be_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, tree: Any, words: str
) -> None:
    monkeypatch.setitem(PROFILES, "mine", tree)
    with pytest.raises(ConfigError, match=re.escape(words)):
        resolve("mine", [{"seed": 1}])


@pytest.mark.parametrize("section", ["", "mpl", "rnn"])
def test_a_group_of_settings_is_called_as_its_class_says(
    monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    monkeypatch.setattr(MLPConfig, "section", section)
    with pytest.raises(ConfigError, match=f'expected section = "mlp" in MLPConfig, .* got "{section}"'):
        resolve()


class _Inner(Section):
    section = "inner"
    depth: int = Field(3, description="how deep")


class _Loose(Section):
    depth: int = Field(3, description="how deep")


class _Outer(Section):
    section = "outer"
    inner: _Inner = _Inner()
    loose: _Loose | None = None


def test_so_are_groups_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    field = FieldInfo.from_annotation(_Outer)
    field.default_factory = _Outer
    fields = {**Config.model_fields, "outer": field}
    monkeypatch.setattr(Config, "__pydantic_fields__", fields)
    with pytest.raises(ConfigError, match=r'section = "loose" in _Loose, for _Outer has it as loose'):
        resolve()


def _refuse(_value: int) -> int:
    raise ValueError("too deep")


class _Bare(BaseModel):
    depth: int = 3


@dataclass
class _Plain:
    depth: int = 3


class _Row(NamedTuple):
    depth: int = 3


class _Typed(TypedDict):
    depth: int


class _Required(Section):
    section = "outer"
    depth: int = Field(description="how deep")


class _Undescribed(Section):
    section = "outer"
    depth: int = 3


class _Wrong(Section):
    section = "outer"
    depth: PositiveInt = Field(-1, description="how deep")


class _Aliased(Section):
    section = "outer"
    depth: int = Field(1, alias="height", description="how deep")


class _Validated(Section):
    section = "outer"
    depth: Annotated[int, AfterValidator(_refuse)] = Field(3, description="how deep")


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (_Wrong, "by its default, outer.depth can't be -1: it should be greater than 0"),
        (_Validated, "by its default, outer.depth can't be 3: too deep"),
    ],
)
def test_a_default_is_held_to_what_the_setting_may_be(
    monkeypatch: pytest.MonkeyPatch, group: type[Section], words: str
) -> None:
    made: Any = create_model("Made", __base__=Config, outer=(group, Field(default_factory=group)))
    monkeypatch.setattr(resolving, "Config", made)
    with pytest.raises(ConfigError, match=words):
        resolve()


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (_Aliased, "expected one name of the setting outer.depth, got height in _Aliased as well"),
        (_Bare, "expected a Section as outer in Config, got _Bare; derive it from Section"),
        (_Plain, "expected a Section as outer in Config, got _Plain; derive it from Section"),
        (_Row, "expected a Section as outer in Config, got _Row; derive it from Section"),
        (_Typed, "expected a Section as outer in Config, got _Typed; derive it from Section"),
        (_Required, "expected a default of the setting outer.depth, got none in _Required"),
        (_Undescribed, "expected a description of the setting outer.depth, got none in _Undescribed"),
    ],
)
def test_groups_of_settings_are_sections_whose_settings_are_told(
    monkeypatch: pytest.MonkeyPatch, group: type, words: str
) -> None:
    field = FieldInfo.from_annotation(group)
    field.default_factory = getattr(group, "model_construct", group)
    monkeypatch.setattr(Config, "__pydantic_fields__", {**Config.model_fields, "outer": field})
    with pytest.raises(ConfigError, match=words):
        resolve()


class _Deeper(MLPConfig):
    pass


def test_a_group_is_by_default_what_its_hint_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config.model_fields["mlp"], "default_factory", _Deeper)
    with pytest.raises(
        ConfigError, match="expected a MLPConfig as the default of mlp in Config, got a _Deeper"
    ):
        resolve()


@pytest.mark.parametrize("name", ["json", "copy", "dict", "schema"])
def test_a_setting_hides_nothing_that_every_group_has(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    field = MLPConfig.model_fields["epochs"]
    monkeypatch.setattr(MLPConfig, "__pydantic_fields__", {**MLPConfig.model_fields, name: field})
    with pytest.raises(ConfigError, match=f"expected another name for the setting mlp.{name} in MLPConfig"):
        resolve()


def test_a_profile_may_name_its_settings_with_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROFILES, "mine", {"rnn.epochs": 5})
    assert resolve("mine").rnn.epochs == 5


@pytest.mark.parametrize("profile", PROFILES)
def test_toml_is_a_round_trip(profile: str) -> None:
    config = resolve_with('text.reserved=<pad>,"quoted"', "rnn.learning_rate=1e-7", profile=profile)
    written = tomllib.loads(write_toml(config))
    assert resolve(profile, [written]) == config
    assert resolve("notes", [written]) == config


class Kinds(Section):
    section = "kinds"
    flag: bool | None = Field(None, description="a flag")
    place: Path = Field(Path("/a"), description="a place")
    inner: NotifyConfig | None = Field(None, description="a group")


class WithKinds(Config):
    kinds: Kinds = Field(default_factory=Kinds)


def test_toml_has_a_word_for_whatever_a_setting_may_be_but_nothing() -> None:
    written = tomllib.loads(write_toml(WithKinds(kinds=Kinds(flag=True, inner=NotifyConfig(timeout_s=3)))))
    assert written["kinds"] == {"flag": True, "place": "/a", "inner": {"webhook": "", "timeout_s": 3.0}}
    assert WithKinds.model_validate(written).kinds.flag is True
    assert "# a flag (not set)\n# a place\nplace = " in write_toml(WithKinds())


def test_toml_says_what_each_setting_means() -> None:
    text = write_toml(Config())
    assert "# largest norm of all gradients together (theta)\nclip = 1.0\n" in text
    for name in flatten(Config()):
        assert f"\n{name.rpartition('.')[2]} = " in f"\n{text}"


def test_flatten_lists_every_setting_once_and_each_has_a_description() -> None:
    assert flatten(Config())["rnn.epochs"] == 2000
    sections = [Config, *(type(getattr(Config(), name)) for name in Config.model_fields)]
    models = [section for section in sections if hasattr(section, "model_fields")]
    leaves = [field for model in models for field in model.model_fields.values() if field.description]
    assert len(leaves) == len(flatten(Config()))


def test_nearest_proposes_one_name_or_lists_all() -> None:
    assert nearest("vale", ["value", "date"]) == "did you mean value?"
    assert nearest("x", ["value", "date"]) == "there are: value, date"


@pytest.mark.parametrize(
    "change",
    [
        {"rnn.epochs": 5, "rnn.clip": 2},
        {"rnn": {"epochs": 5, "clip": 2}},
        {"rnn.epochs": 5, "rnn": {"clip": 2}},
        {"rnn": {"clip": 2}, "rnn.epochs": 5},
    ],
)
def test_a_dotted_name_means_the_same_as_a_setting_in_its_group(change: dict[str, Any]) -> None:
    config = resolve("notes", [change])
    assert config == resolve_with("rnn.epochs=5", "rnn.clip=2", profile="notes")
    assert (config.rnn.epochs, config.rnn.clip) == (5, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rnn.epochs": 5, "rnn": {"epochs": 6}}, "expected one value of rnn.epochs, got two"),
        ({"rnn": {"epochs": 6}, "rnn.epochs": 5}, "expected one value of rnn.epochs, got two"),
        ({"rnn": {"epochs": 5}, "rnn.epochs": 5}, "expected one value of rnn.epochs, got two"),
        ({"rnn.epochs": 5, "rnn": 6}, "expected one value of rnn, got two"),
        ({"rnn": 6, "rnn.epochs": 5}, "rnn.epochs is set inside of rnn, which is set to a value as well"),
    ],
)
def test_a_setting_that_is_set_in_both_ways_at_once_is_refused_by_name(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve(changes=[change])


def test_a_dotted_name_that_is_unknown_is_refused_as_a_nested_one_is() -> None:
    for change in ({"rnn.epoch": 5}, {"rnn": {"epoch": 5}}):
        with pytest.raises(ConfigError, match=r"there is no setting rnn\.epoch; did you mean rnn\.epochs\?"):
            resolve(changes=[change])


def test_a_change_stays_as_it_was_given() -> None:
    change = {"rnn": {"clip": 2}, "rnn.epochs": 5}
    resolve(changes=[change])
    assert change == {"rnn": {"clip": 2}, "rnn.epochs": 5}


@pytest.mark.parametrize(
    ("profile", "changes", "half"),
    [
        ("quick", [], ""),
        ("quick", [{"seed": 3, "rnn.epochs": 5}], ""),
        ("quick", [{"corpus.path": "my.txt"}], "text"),
        ("quick", [{"corpus": {"path": "my.txt"}}], "text"),
        ("quick", [{"corpus.url": MIRROR}], "text"),
        ("quick", [{"series.path": "my.csv", "series.column": "load"}], "series"),
        ("quick", [{"series": {"path": "my.csv"}}], "series"),
        # Both are given, or named.
        ("quick", [{"corpus.path": "my.txt", "series.path": "my.csv"}], ""),
        ("quick", [{"corpus.path": "my.txt"}, {"series.path": "my.csv"}], ""),
        ("quick", [{"corpus.path": "builtin:lighthouse", "series.path": "my.csv"}], ""),
        ("quick", [{"corpus.path": "my.txt", "series.path": ""}], ""),
        # Nothing of the user's own.
        ("quick", [{"corpus.path": "builtin:lighthouse"}], ""),
        ("quick", [{"series.path": ""}], ""),
        ("notes", [{"corpus.url": MIRROR}], ""),
        ("notes", [{"corpus.url": MIRROR, "corpus.sha1": "a" * 40}], "text"),
        # The later change counts.
        ("quick", [{"corpus.path": "my.txt"}, {"corpus.path": "builtin:lighthouse"}], ""),
        ("quick", [{"series.path": "my.csv"}, {"series.path": ""}], ""),
    ],
)
def test_who_gives_a_text_alone_or_a_series_alone_is_told_from_who_gives_both(
    profile: str, changes: list[dict[str, Any]], half: str
) -> None:
    assert given_alone(profile, changes) == half


@pytest.mark.parametrize(
    ("group", "name", "text", "expected"),
    [
        ("forecast", "horizons", "[1, 4]", (1, 4)),
        ("held_out", "networks", '["gru"]', ("gru",)),
        ("held_out", "networks", "[]", ()),
        ("text", "reserved", '["a,b"]', ("a,b",)),
        ("text", "reserved", "[UNK]", ("[UNK]",)),
        ("samples", "prefix", "[1]", "[1]"),
    ],
)
def test_a_list_may_be_written_as_toml_does(group: str, name: str, text: str, expected: Any) -> None:
    config = resolve(changes=[{f"{group}.{name}": text}])
    assert getattr(getattr(config, group), name) == expected


@pytest.mark.parametrize("change", [{"rnn.epochs": True}, {"rnn": {"learning_rate": False}}, {"seed": True}])
def test_true_and_false_are_no_numbers(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="it should be something else than true or false"):
        resolve(changes=[change])
    assert resolve(changes=[{"rnn.random_batches": True}]).rnn.random_batches


@pytest.mark.parametrize("name", ["corpus.path", "samples.prefix", "rnn.epochs", "notify.webhook"])
def test_bytes_that_are_no_text_are_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name} can't be .*: it should be text in UTF-8") as caught:
        resolve(changes=[{name: "a\udc80"}])
    assert ("udc80" in str(caught.value)) == (name != "notify.webhook")


class _Together(Config):
    @model_validator(mode="after")
    def _check(self) -> "_Together":
        raise ValueError("steps are more than tokens")


def test_what_is_wrong_with_all_settings_together_shows_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "Config", _Together)
    secret = "https://hooks.example/services/S3CR3T"
    with pytest.raises(ConfigError, match="the settings can't be so: steps are more than tokens") as refused:
        resolve("quick", [{"notify.webhook": secret}])
    assert "S3CR3T" not in str(refused.value) and "corpus" not in str(refused.value)


class Listing(Section):
    section = "listing"

    numbers: list[int] = Field([], description="some")
    names: frozenset[str] | None = Field(None, description="some")
    text: str | tuple[str, ...] = Field("", description="one, or several")


@pytest.mark.parametrize("written", ["3,4", "[3, 4]", "3, 4"])
def test_every_list_is_written_alike_without_saying_so_in_its_field(written: str) -> None:
    found = Listing.model_validate({"numbers": written, "names": "a, b", "text": "[a,b"})
    assert (found.numbers, found.names, found.text) == ([3, 4], frozenset({"a", "b"}), "[a,b")


def test_a_setting_that_is_not_told_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config.model_fields["seed"], "exclude", True)
    with pytest.raises(ConfigError, match="expected a setting that is told, got seed in Config with exclude"):
        resolve()


@pytest.mark.parametrize("name", ["rot13", "hex", "base64", "idna", "punycode", "undefined", "nowhere"])
def test_what_is_no_encoding_of_texts_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="it should be an encoding, such as utf-8"):
        resolve(changes=[{"corpus.encoding": name}])
