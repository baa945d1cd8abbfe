"""From a profile, a file and assignments to one configuration, with errors that name the setting."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, get_args, is_typeddict

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from secrecy import HIDDEN, cut, quote, redact, show_url, spell
from seqstep.errors import ConfigError
from seqstep.settings.config import PROFILES, Config, Section
from seqstep.settings.spelling import nearest

Tree = dict[str, Any]

# What stands for bytes that are no text.
_NO_CHARACTER = re.compile("[\ud800-\udfff]")

# What is said of one source of the series alone, by whether it is a file.
_OF_SERIES = {
    True: (
        *(
            "column",
            "member",
            "encoding",
            "max_bytes",
            "only",
            "footer",
            "date_column",
            "date_format",
            "zone",
        ),
        *("separator", "decimal", "thousands", "missing", "gaps"),
    ),
    False: ("points", "frequency", "noise_std"),
}
_DEEPEST = 20
# As a whole: what a URL is made of tells nothing of where its secret is.
_SECRETS = ("corpus.url", "notify", "notify.webhook")


def resolve(profile: str | None = None, changes: Iterable[Mapping[str, Any]] = ()) -> Config:
    """Apply changes to a profile, the later over the earlier, and check every value.

    Args:
        profile: a name in `PROFILES`; the first of them if None.
        changes: trees of settings, such as `{"rnn": {"epochs": 500}}` or, the same, `{"rnn.epochs": 500}`.

    Raises:
        ConfigError: an unknown profile or setting, or a value that a setting can't have.
    """
    profile = next(iter(PROFILES)) if profile is None else profile
    if profile not in PROFILES:
        raise ConfigError(f"there is no profile {quote(profile)}; {nearest(profile, PROFILES)}")
    if not isinstance(PROFILES[profile], Mapping):
        raise ConfigError(f"expected a tree of settings as the profile {profile}, got {PROFILES[profile]!r}")
    _check_sections()
    tree: Mapping[str, Any] = _nest(PROFILES[profile])
    _validate(tree, f"in the profile {profile}, ")
    for change in map(_nest, changes):
        _check_texts(change)
        tree = _merge(_release_pin(tree, change), change)
    return _validate(tree)


def _check_sections(group: type[Section] = Config, before: str = "") -> None:
    """See that the groups of settings are what users are told of them.

    Raises:
        ConfigError: a setting has no default or no description, or a group not its own name.
    """
    for name, field in group.model_fields.items():
        kinds = list(_groups_in(field.annotation))
        if hasattr(BaseModel, name):
            raise ConfigError(
                f"expected another name for the setting {before}{name} in {group.__name__}: every group of"
                " settings has something that is called so; rename it"
            )
        if alias := field.alias or field.validation_alias:
            raise ConfigError(
                f"expected one name of the setting {before}{name}, got {alias} in {group.__name__} as well;"
                " leave the alias out"
            )
        if field.exclude:
            raise ConfigError(
                f"expected a setting that is told, got {before}{name} in {group.__name__} with exclude=True;"
                " leave that out"
            )
        lacking = "default" if field.is_required() else "" if kinds or field.description else "description"
        if lacking:
            raise ConfigError(
                f"expected a {lacking} of the setting {before}{name}, got none in {group.__name__}; write"
                ' Field(DEFAULT, description="…")'
            )
        for kind in kinds:
            _check_sections(_as_section(kind, group, name), f"{before}{name}.")
        made = field.get_default(call_default_factory=True, validated_data={}) if kinds else None
        if isinstance(made, Section) and type(made) not in kinds:
            raise ConfigError(
                f"expected a {kinds[0].__name__} as the default of {before}{name} in {group.__name__}, got a"
                f" {type(made).__name__}; name one and the same class in its hint and its default"
            )


def _as_section(kind: type, group: type[Section], name: str) -> type[Section]:
    """See that a group says by what name users know it, for by that its settings count."""
    if not issubclass(kind, Section):
        raise ConfigError(
            f"expected a Section as {name} in {group.__name__}, got {kind.__name__}; derive it from Section"
        )
    if kind.section != name:
        raise ConfigError(
            f'expected section = "{name}" in {kind.__name__}, for {group.__name__} has it as {name},'
            f' got "{kind.section}"; correct that, in a class of its own for each group'
        )
    return kind


def _groups_in(hint: Any) -> Iterator[type]:
    """List the groups of settings that a hint names, be it among others; whatever has fields is one."""
    if isinstance(hint, type) and (
        issubclass(hint, BaseModel) or is_dataclass(hint) or is_typeddict(hint) or hasattr(hint, "_fields")
    ):
        yield hint
    for part in get_args(hint):
        yield from _groups_in(part)


def _check_texts(value: object, name: str = "") -> None:
    """Refuse what is no text, such as bytes of another encoding in a command."""
    if isinstance(value, Mapping):
        for part, inner in value.items():
            _check_texts(inner, f"{name}.{part}" if name else str(part))
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_texts(inner, name)
    elif isinstance(value, str) and _NO_CHARACTER.search(value):
        shown = HIDDEN if name in _SECRETS else redact(quote(value))
        raise ConfigError(f"{name} can't be {shown}: it should be text in UTF-8")


def _validate(tree: Mapping[str, Any], where: str = "") -> Config:
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        # A default that can't be is found where its group is made.
        group = _group_called(error.title)
        said = "; ".join(_explain(item, group) for item in error.errors())
        raise ConfigError(f"by its default, {said}" if group else where + said) from None


def _group_called(title: str) -> str:
    """Name the group of settings whose class has a name; empty if none has."""
    kinds = (kind for field in Config.model_fields.values() for kind in _groups_in(field.annotation))
    return next((getattr(kind, "section", "") for kind in kinds if kind.__name__ == title), "")


def given_alone(profile: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """Tell whether a user gives only a text, or only a series; empty if neither, or both.

    A source that is named counts as wanted, be it the carried text or the sine. Another address for the
    profile's own text, as that of a mirror, is no text that is given.

    Args:
        changes: trees of settings, the later over the earlier.
    """
    named = _named(changes)
    given = _group(named, "corpus")
    names_text = "path" in given or "url" in given
    names_series = "path" in _group(named, "series")
    usual, config = resolve(profile).corpus, resolve(profile, changes)
    corpus = config.corpus
    is_own = corpus.path == usual.path and (bool(corpus.path) or corpus.sha1 == usual.sha1)
    if names_text and (corpus.path or corpus.url) and not is_own and not names_series:
        return "text"
    return "series" if config.series.path and names_series and not names_text else ""


def unread_of_series(profile: str, changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the settings of the series that a user gives another value and that its source does not have."""
    others = _OF_SERIES[not resolve(profile, changes).series.path]
    return [name for name in changed(profile, changes) if name in {f"series.{one}" for one in others}]


def changed(profile: str, changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the settings that a user names, and gives another value than the profile has."""
    usual, config, named = flatten(resolve(profile)), flatten(resolve(profile, changes)), _named(changes)
    return [name for name in config if config[name] != usual.get(name) and _holds(named, name)]


def _holds(tree: Mapping[str, Any], name: str) -> bool:
    """Tell whether a tree has a setting, or a group as a whole."""
    first, _, rest = name.partition(".")
    below = tree.get(first)
    return first in tree and (not rest or not isinstance(below, Mapping) or _holds(below, rest))


def _named(changes: Sequence[Mapping[str, Any]]) -> Tree:
    """Lay changes over each other, and over nothing else."""
    named: Tree = {}
    for change in map(_nest, changes):
        named = _merge(named, change)
    return named


def write_toml(config: Config) -> str:
    """Write a configuration as TOML, each setting under its description; `resolve` takes it as a change.

    A setting that is None, which TOML has no word for, is left out.
    """
    import tomlkit

    document, values = tomlkit.document(), config.model_dump(mode="json")
    for name, field in type(config).model_fields.items():
        section = getattr(config, name)
        if isinstance(section, BaseModel):
            table = tomlkit.table()
            table.comment((type(section).__doc__ or "").strip())
            for inner, inner_field in type(section).model_fields.items():
                _add(table, inner, values[name][inner], inner_field)
            document.add(tomlkit.nl())
            document.add(name, table)
        else:
            _add(document, name, values[name], field)
    return tomlkit.dumps(document)


def _add(table: Any, name: str, value: Any, field: FieldInfo) -> None:
    import tomlkit

    table.add(tomlkit.comment(f"{field.description or ''}{' (not set)' if value is None else ''}"))
    if value is not None:
        table.add(name, _without_none(value))


def _without_none(value: Any) -> Any:
    """Leave out of a value, as JSON has it, what TOML has no word for; write groups in it in one line."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({name: _without_none(part) for name, part in value.items() if part is not None})
        return table
    return [_without_none(part) for part in value] if isinstance(value, list) else value


def flatten(config: BaseModel, prefix: str = "") -> dict[str, Any]:
    """List every setting under its dotted name."""
    flat: dict[str, Any] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _nest(change: Mapping[str, Any], room: int = _DEEPEST) -> Tree:
    """Put dotted names in the form of a tree: `{"rnn.epochs": 5}` means `{"rnn": {"epochs": 5}}`.

    Args:
        room: groups within groups that it may have.

    Raises:
        ConfigError: one setting is named in both ways, stands deeper than any, or has no name.
    """
    tree: Tree = {}
    for dotted, value in change.items():
        *groups, name = str(dotted).split(".")
        left = room - len(groups) - 1
        if left < 0:
            raise ConfigError(f"there is no setting as deep as …{cut(str(dotted))}; see `seqstep config`")
        if not all((*groups, name)):
            raise ConfigError(f"expected the name of a setting, such as rnn.epochs, got {quote(str(dotted))}")
        nested = _nest(value, left) if isinstance(value, Mapping) else value
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
            if not isinstance(branch, dict):
                raise ConfigError(f"{dotted} is set inside of {group}, which is set to a value as well")
        if name in branch and not (isinstance(nested, dict) and isinstance(branch[name], dict)):
            raise ConfigError(f"expected one value of {dotted}, got two: it is set in two ways")
        branch[name] = _merge_once(branch[name], nested, dotted) if name in branch else nested
    return tree


def _merge_once(first: Tree, second: Tree, group: str) -> Tree:
    """Lay two trees together that have no setting in common.

    Raises:
        ConfigError: they have.
    """
    if both := sorted(set(first) & set(second)):
        raise ConfigError(f"expected one value of {group}.{both[0]}, got two: it is set in two ways")
    return {**first, **second}


def _group(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    group = tree.get(name, {})
    return group if isinstance(group, Mapping) else {}


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> Tree:
    """Lay one tree over another."""
    merged = dict(base)
    for name, value in change.items():
        below = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[name] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _release_pin(base: Mapping[str, Any], change: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let go of a SHA-1 that was pinned for another source than the one that is set now.

    A new path is another text. A new URL replaces a path, and is a mirror where a URL stood before.
    """
    corpus, new = _group(base, "corpus"), _group(change, "corpus")
    if new.get("path"):
        return _merge(base, {"corpus": {"url": (), "sha1": ""}})
    if new.get("url") and corpus.get("path"):
        return _merge(base, {"corpus": {"path": "", "sha1": ""}})
    return base


def _shown(value: Any) -> str:
    """Write a value without secrets: a text that is an address ends with itself, not at a blank in it."""
    is_address = isinstance(value, str) and "://" in value
    return spell(show_url(value)) if is_address else redact(spell(value))


def _explain(item: Any, group: str = "") -> str:
    """Put one of pydantic's findings into the user's words.

    Args:
        group: in which it was found, if not in the whole.
    """
    place = [*filter(None, [group]), *(str(part) for part in item["loc"])]
    name = ".".join(place)
    if item["type"] == "extra_forbidden":
        return f"there is no setting {name}; {_nearest_setting(place)}"
    _, is_told, message = item["msg"].partition(" should ")
    message = f"it should {message}" if is_told else item["msg"].partition(", ")[2] or item["msg"]
    setting = ".".join(part for part in place if not part.isdigit())
    if not setting:  # all of them together, secrets too
        return f"the settings can't be so: {redact(message)}"
    given = HIDDEN if setting in _SECRETS else cut(_shown(item["input"]))
    if item["type"] == "model_type":
        return (
            f"{setting} is a group of settings ({_describe(place)}), so it can't be {given};"
            " write it as TOML does, {NAME = VALUE}, or set each by its dotted name"
        )
    if item["type"] == "missing":  # a place in a list that has fewer
        message = "it should have more entries"
    return f"{setting} can't be {given}: {message} ({_describe(place)})"


def _nearest_setting(place: Sequence[str]) -> str:
    """Say which setting or group an unknown name comes closest to, in its own group where that exists."""
    name, settings = ".".join(place), flatten(Config())
    inside = [setting for setting in settings if setting.startswith(f"{place[0]}.")]
    if inside:
        return nearest(name, inside)
    anywhere = difflib.get_close_matches(name.lower(), [*Config.model_fields, *settings], n=1)
    return nearest(name, anywhere or Config.model_fields)


def _describe(place: Sequence[str]) -> str:
    """Find the description of the setting at a place in the tree."""
    model: Any = Config
    for part in place:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        if field is None:
            break
        if field.description:
            return str(field.description)
        model = field.annotation
    return (model.__doc__ or "").strip() if isinstance(model, type) else ""
