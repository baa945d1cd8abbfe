"""A stage with its arguments: what enters its key, and what it is handed."""

import copy
import operator
import pickle
import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stagecraft.cache.checks import Digests
from stagecraft.cache.result import Result
from stagecraft.code import CodeError
from stagecraft.errors import SettingError
from stagecraft.files.artifact import Artifact, Frozen, Reference, content, digest, sha256_of
from stagecraft.files.home import Home
from stagecraft.key.parts import Parts, differences
from stagecraft.pipeline.call import Call, artifacts_in
from stagecraft.pipeline.handle import Handle


def call(workshop: Any, name: str, *args: Any, **kwargs: Any) -> Call:
    stage = workshop.stages()[name]
    return Call(stage, stage.bind(*args, **kwargs))


@pytest.fixture
def digests(home: Home) -> Digests:
    return Digests(home)


def gathered(run: str = "r1", sha256: str = "a" * 64) -> Result:
    file = {"uri": f"runs:/{run}/words.txt", "sha256": sha256, "bytes": 3, "kind": "text/plain"}
    return Result(
        stage="gather",
        key="gather/1-1",
        parts=Parts(code={}, parameters={}, libraries={}),
        value={"file": file},
        artifacts=(),
        used={},
        run_id=run,
        seconds=1.0,
        figure="",
        drawing={},
        written="",
    )


def test_the_class_of_settings_counts_where_a_hint_allows_several(workshop: Any) -> None:
    workshop.edit("settings", "class Summing", "class Other(Reading):\n    pass\n\n\nclass Summing")
    reading = call(workshop, "gather", workshop.settings()["reading"])
    assert "type: config" not in reading.fixed_parts().declared
    workshop.edit("stages", "config: Reading", "config: Reading | Other")
    workshop.edit("stages", "import Reading", "import Other, Reading")
    found = [
        call(workshop, "gather", getattr(import_module(f"{workshop.package}.settings"), name)())
        for name in ("Reading", "Other")
    ]
    assert [each.fixed_parts().declared["type: config"].rpartition(".")[2] for each in found] == [
        "Reading",
        "Other",
    ]
    assert found[0].parameters() == found[1].parameters()


def test_only_the_fields_that_the_stages_code_reads_enter_the_key(workshop: Any) -> None:
    reading = call(workshop, "gather", workshop.settings()["reading"])
    assert reading.parameters() == {"config.path": "", "config.words": 4, "config.limit": 100}
    workshop.edit("stages", "config.limit", "100")
    assert call(workshop, "gather", workshop.settings()["reading"]).parameters() == {
        "config.path": "",
        "config.words": 4,
    }


def test_a_field_that_only_a_helper_in_another_module_reads_enters_as_well(workshop: Any) -> None:
    workshop.edit("stages", "Adder(config.weight)", "Adder(config)")
    workshop.edit("sums", "self.weight, self.total", "self.config, self.total")
    workshop.edit("sums", "self.weight * ", "self.config.weight * ")
    summing = call(workshop, "add", Handle("gather").file, workshop.settings(weight=0.5)["summing"], "cpu")
    assert summing.parameters() == {"sums.rounds": 3, "sums.weight": 0.5, "device": "cpu"}


def test_what_is_set_aside_does_not_enter_and_what_is_resolved_enters_as_that(workshop: Any) -> None:
    for patience, every, device in [(3, 0, "auto"), (9, 5, "cpu")]:
        settings = workshop.settings(patience=patience, every=every)
        assert "config.patience" not in call(workshop, "gather", settings["reading"]).parameters()
        parameters = call(workshop, "add", Handle("gather").file, settings["summing"], device).parameters()
        assert "sums.every" not in parameters and parameters["device"] == "cpu"
    parameters = call(workshop, "add", Handle("gather").file, settings["summing"], "cuda").parameters()
    assert parameters["device"] == "cuda"


def test_fields_are_called_by_the_parameter_or_by_the_section_that_the_model_names(workshop: Any) -> None:
    settings = workshop.settings()
    names = call(workshop, "gather", settings["reading"]).parameters().keys()
    assert {name.partition(".")[0] for name in names} == {"config"}
    names = call(workshop, "add", Handle("gather").file, settings["summing"], "cpu").parameters().keys()
    assert names == {"sums.rounds", "sums.weight", "device"}


def test_a_model_whose_section_is_empty_gives_its_fields_no_prefix(workshop: Any) -> None:
    workshop.edit("settings", 'section: ClassVar[str] = "sums"', 'section: ClassVar[str] = ""')
    summing = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    # "every" stands under another name now, so it is no longer what was set aside.
    assert summing.parameters() == {"rounds": 3, "weight": 1.0, "every": 0, "device": "cpu"}


def test_a_default_is_as_good_as_a_value(workshop: Any) -> None:
    sums = Handle("add")
    assert call(workshop, "page", sums).parameters() == {"title": "Sums"}
    assert call(workshop, "page", sums).fixed_parts() == call(workshop, "page", sums, "Sums").fixed_parts()
    assert call(workshop, "page", sums, title="Other").parameters() == {"title": "Other"}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        *(((1, (2, 3)), [1, [2, 3]]), (Path("/a/b"), "/a/b"), (None, None), (True, True), (0.1, 0.1)),
        ({"a": (1,)}, {"a": [1]}),
    ],
)
def test_a_parameter_enters_as_json_has_it(workshop: Any, value: object, plain: object) -> None:
    parts = call(workshop, "page", Handle("add"), title=value).fixed_parts()
    assert parts.parameters == {"title": plain}
    assert Parts.model_validate_json(parts.model_dump_json()).fixed == parts.fixed


@pytest.mark.parametrize("value", [object(), {1, 2}, b"text", [np.zeros(5000)]])
def test_a_parameter_that_json_can_not_hold_is_refused(workshop: Any, value: object) -> None:
    with pytest.raises(CodeError, match=r"expected a setting that JSON can hold .*resolves"):
        call(workshop, "page", Handle("add"), title=value).fixed_parts()


def test_the_code_is_what_the_stage_reaches_and_no_more(workshop: Any) -> None:
    reached = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    names = {name.removeprefix(f"{workshop.package}.") for name in reached.fixed_parts().code}
    assert {"stages.add", "sums.Adder.run", "sums.as_table"} <= names
    assert not {"stages.gather", "stages.page", "drawing.draw", "settings.Summing"} & names


def test_libraries_are_pythons_version_and_those_of_what_the_code_imports(workshop: Any) -> None:
    python = ".".join(platform.python_version_tuple()[:2])
    sums = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    assert sums.fixed_parts().libraries == {"python": python, "tomlkit": version("tomlkit")}
    assert call(workshop, "page", Handle("add")).fixed_parts().libraries == {"python": python}


@pytest.mark.thorough
def test_a_library_that_is_imported_under_another_name_counts_by_its_distribution(workshop: Any) -> None:
    workshop.edit("sums", "import tomlkit", "import google.protobuf\nimport tomlkit\nimport yaml")
    workshop.edit("sums", "tomlkit.dumps(", "tomlkit.dumps(yaml.safe_dump and ")
    sums = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    assert sums.fixed_parts().libraries.keys() == {"python", "tomlkit", "PyYAML"}


def test_a_library_that_is_not_there_has_no_version(workshop: Any) -> None:
    workshop.edit("sums", "tomlkit.dumps(", "_maybe(")
    workshop.edit(
        "sums",
        "import tomlkit",
        "def _maybe(table):\n    import quite_absent\n    return quite_absent.dumps(table)",
    )
    sums = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    assert sums.fixed_parts().libraries.keys() == {"python"}


def test_inputs_enter_by_the_digest_of_the_part_that_the_handle_picks(
    workshop: Any, digests: Digests
) -> None:
    sums = call(workshop, "add", Handle("gather").file, workshop.settings()["summing"], "cpu")
    one = sums.parts({"gather": gathered("r1")}, digests)
    assert one.inputs == {"words": digest(content(gathered().value["file"]))}
    assert one.without("no such") == sums.fixed_parts().model_copy(update={"inputs": one.inputs})
    moved = sums.parts({"gather": gathered("r2")}, digests)
    other = sums.parts({"gather": gathered("r1", "b" * 64)}, digests)
    assert one.key("add") == moved.key("add") != other.key("add")


def test_an_input_whose_stage_is_not_there_is_absent(workshop: Any, digests: Digests) -> None:
    page = call(workshop, "page", Handle("add"))
    assert page.parts({}, digests).inputs == {"sums": "absent"}
    assert page.parts({}, digests).key("page") != page.fixed_parts().key("page")


def test_a_file_from_outside_enters_by_its_digest_under_its_name(
    workshop: Any, digests: Digests, tmp_path: Path
) -> None:
    path = tmp_path / "mine.txt"
    reading = call(workshop, "gather", workshop.settings(path=str(path))["reading"])
    assert reading.parts({}, digests).inputs == {"mine.txt": "missing"}
    path.write_text("my words")
    before = reading.parts({}, digests)
    assert before.inputs == {"mine.txt": sha256_of(path)}
    path.write_text("my other words")
    assert reading.parts({}, digests).key("gather") != before.key("gather")
    assert call(workshop, "gather", workshop.settings()["reading"]).parts({}, digests).inputs == {}


def test_several_files_from_outside_enter_in_their_order_and_folders_do_not(
    workshop: Any, digests: Digests, tmp_path: Path
) -> None:
    one, other = tmp_path / "one" / "a.txt", tmp_path / "other" / "a.txt"
    for path in (one, other):
        path.parent.mkdir()
        path.write_text(str(path.parent))

    def read(*paths: Path) -> Call:
        workshop.reads = lambda **_: paths
        return call(workshop, "gather", workshop.settings()["reading"])

    both = read(one.parent, one, other)
    assert both.parts({}, digests).inputs == {"1: a.txt": sha256_of(one), "2: a.txt": sha256_of(other)}
    assert (both.own_files(), both.own_folders()) == ([one, other], [one.parent])
    assert read(other, one).parts({}, digests).key("gather") != both.parts({}, digests).key("gather")
    assert read(one, other).parts({}, digests).key("gather") == both.parts({}, digests).key("gather")
    assert read(one).parts({}, digests).inputs == {"a.txt": sha256_of(one)}


def test_a_stage_is_handed_values_and_copies_of_its_settings_by_name(workshop: Any) -> None:
    settings = workshop.settings(weight=0.5, unused="much")
    sums = call(workshop, "add", Handle("gather").file, settings["summing"], "auto")
    outputs = workshop.stages()["gather"].returns
    given = sums.filled({"gather": outputs.model_validate(gathered().value)})
    assert list(given) == ["words", "config", "device"]
    assert isinstance(given["words"], Artifact) and given["words"].uri == "runs:/r1/words.txt"
    assert (given["config"].weight, given["config"].rounds, given["device"]) == (0.5, 3, "auto")
    assert isinstance(given["config"], type(settings["summing"]))
    assert settings["summing"].unused == "much"
    assert sums.filled({})["words"] is None


def test_what_is_not_in_the_key_can_not_be_read(workshop: Any) -> None:
    given = call(workshop, "gather", workshop.settings(colour="red")["reading"]).filled({})["config"]
    assert given.patience == 3  # set aside by name, so it may be read
    with pytest.raises(SettingError, match=r"expected gather .*config.path, .*got config.colour; read it as"):
        _ = given.colour
    with pytest.raises(SettingError, match=r"got all of them, .* with config.colour; read each by its name"):
        given.model_dump()


def test_code_that_reads_attributes_without_naming_them_is_given_all(workshop: Any) -> None:
    workshop.edit("stages", "len(text.split()) > config.limit", "len(text) > getattr(config, text[:5])")
    reading = call(workshop, "gather", workshop.settings(colour="red")["reading"])
    assert reading.parameters().keys() == {
        "config.path",
        "config.words",
        "config.limit",
        "config.colour",
    }
    assert reading.filled({})["config"].colour == "red"


WAYS = [
    "str(config)",
    "repr(config)",
    "f'{config}'",
    "list(config)",
    "dict(config)",
    "[*config]",
    "config.model_dump()",
    "config.model_dump_json()",
    "config.model_copy()",
    "vars(config)",
    "config.__dict__",
    "getattr(config, ''.join(['col', 'our']))",
    "'{0.colour}'.format(config)",
    "('{0.col' + 'our}').format(config)",
    "operator.attrgetter('colour')(config)",
    "copy.copy(config)",
    "copy.deepcopy(config)",
    "[value for _, value in config]",
    "type(config).model_validate(config)",
    "type(config)(**dict(config)).colour",
    "config.model_fields_set",
    "type(config).model_fields.keys()",
]


@pytest.mark.parametrize("way", WAYS)
def test_in_whatever_way_a_setting_is_read_it_is_in_the_key_or_does_not_show(workshop: Any, way: str) -> None:
    """The user's setting must not come out of a stage whose key does not know it."""
    workshop.edit(
        "stages", "from pathlib import Path", "import copy, operator, pickle\nfrom pathlib import Path"
    )
    workshop.edit("stages", "config.patience})", f"len(str({way}))}})")
    reading = call(workshop, "gather", workshop.settings(colour="scarlet")["reading"])
    config = reading.filled({})["config"]
    try:
        shown = str(eval(way, {"config": config, "operator": operator, "copy": copy, "pickle": pickle}))
    except SettingError as error:
        shown = str(error)
    assert "scarlet" not in shown or reading.parameters()["config.colour"] == "scarlet"


OUTER = """
class Inner(BaseModel):
    words: int = 1
    colour: str = "blue"


class Outer(BaseModel):
    section: ClassVar[str] = ""
    limit: Inner = Inner()
"""


@pytest.fixture
def outer(workshop: Any) -> Call:
    """A stage that reads of a model in a model."""
    workshop.edit("settings", "class Reading(", f"{OUTER}\n\nclass Reading(")
    workshop.edit("stages", "import Reading, Summing", "import Outer, Summing")
    workshop.edit("stages", "config: Reading", "config: Outer")
    workshop.edit("stages", "> config.limit:", "> config.limit.words:")
    workshop.edit("stages", "{config.limit} words", "{config.limit.words} words")
    return call(workshop, "gather", import_module(f"{workshop.package}.settings").Outer())


def test_a_model_in_a_model_enters_by_the_fields_that_are_read(outer: Call) -> None:
    assert outer.parameters() == {"limit.words": 1}


def test_a_model_in_a_model_is_narrowed_too(outer: Call) -> None:
    given = outer.filled({})["config"]
    assert given.limit.words == 1
    with pytest.raises(SettingError, match=r"limit.colour"):
        hasattr(given.limit, "colour")
    with pytest.raises(SettingError, match=r"limit.colour"):
        repr(given)


def test_models_in_a_tuple_enter_whole_and_are_handed_on_whole(workshop: Any) -> None:
    """No name leads to one of them, so all that they hold counts."""
    several = OUTER.replace("Outer", "Several").replace("Inner = Inner()", "tuple[Inner, ...] = (Inner(),)")
    workshop.edit("settings", "class Reading(", f"{several}\n\nclass Reading(")
    workshop.edit("stages", "import Reading, Summing", "import Several, Summing")
    workshop.edit("stages", "config: Reading", "config: Several")
    settings = import_module(f"{workshop.package}.settings").Several()
    nested = call(workshop, "gather", settings)
    assert nested.parameters() == {"limit": [{"words": 1, "colour": "blue"}]}
    assert nested.filled({})["config"] == settings


class Deep(Frozen):
    files: tuple[Artifact, ...]
    run: Reference


def test_addresses_of_inputs_are_listed_under_dotted_names() -> None:
    one, two = (Artifact(uri=f"runs:/{run}/a", sha256="a" * 64, bytes=1, kind="x") for run in "12")
    inputs = {"words": one, "deep": Deep(files=(one, two), run=Reference(uri="3")), "n": 3, "absent": None}
    assert [(name, file.uri) for name, file in artifacts_in(inputs)] == [
        ("words", "runs:/1/a"),
        ("deep.files.0", "runs:/1/a"),
        ("deep.files.1", "runs:/2/a"),
    ]


def test_a_parameter_called_like_an_address_counts(workshop: Any) -> None:
    workshop.edit("stages", 'title: str = "Sums"', "uri: str")
    workshop.edit("stages", "{title}:", "{uri}:")
    one, other = (call(workshop, "page", Handle("add"), uri=uri).fixed_parts() for uri in ("a", "b"))
    assert one.fixed != other.fixed


@pytest.mark.parametrize(("one", "other"), [((1,), [1]), ({"a": 1, "b": 2}, {"b": 2, "a": 1})])
def test_parameters_that_json_does_not_tell_apart_are_told_apart(
    workshop: Any, one: object, other: object
) -> None:
    first, second = (call(workshop, "page", Handle("add"), value).fixed_parts() for value in (one, other))
    assert first.parameters == second.parameters and first.fixed != second.fixed
    assert any(reason.startswith("type changed: title ") for reason in differences(first, second))


def test_in_which_order_other_results_are_handed_on_counts(workshop: Any, digests: Digests) -> None:
    workshop.edit("stages", 'title: str = "Sums"', "**others: Artifact")
    workshop.edit("stages", "{title}:", "{list(others)}:")
    handle = Handle("gather").file
    keys = [
        call(workshop, "page", Handle("add"), **dict.fromkeys(names, handle)).parts({}, digests).key("page")
        for names in ("ab", "ba", "a", "b")
    ]
    assert len(set(keys)) == len(keys)


NAMED = """class Name(str):
    pass


class Derived(Reading):
    pass


class Holding(Reading):
    held: Any = None


class Summing("""


@pytest.mark.parametrize("hint", ["Any", "Reading", "Reading | tuple[object, ...]"])
@pytest.mark.parametrize(
    "handed", ["Derived()", "Name('a')", "(Derived(),)", "{'a': Name('a')}", "Holding(held=Derived())"]
)
def test_an_object_of_a_class_that_no_hint_names_is_refused(workshop: Any, hint: str, handed: str) -> None:
    workshop.edit("settings", "class Summing(", NAMED)
    workshop.edit("settings", "import ClassVar", "import Any, ClassVar")
    workshop.edit("stages", "from pathlib import Path", "from pathlib import Path\nfrom typing import Any")
    workshop.edit("stages", 'title: str = "Sums"', f"title: {hint} = None")
    value = eval(handed, vars(import_module(f"{workshop.package}.settings")))
    with pytest.raises(
        CodeError, match=r"page: title.*: expected an object of a class that the hints of .* name"
    ):
        call(workshop, "page", Handle("add"), value).fixed_parts()


def test_an_object_of_a_class_that_a_hint_names_is_not(workshop: Any) -> None:
    workshop.edit("settings", "class Summing(", NAMED)
    workshop.edit("settings", "import ClassVar", "import Any, ClassVar")
    workshop.edit("stages", "import Reading, Summing", "import Derived, Name, Reading, Summing")
    workshop.edit("stages", 'title: str = "Sums"', "title: Derived | dict[str, Name] | None = None")
    settings = import_module(f"{workshop.package}.settings")
    for value in (settings.Derived(), {"a": settings.Name("a")}):
        call(workshop, "page", Handle("add"), value).fixed_parts()
