"""From a profile, a file and assignments to one configuration, with errors that name the setting."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from secrecy import HIDDEN, redact
from seqstep.errors import ConfigError
from seqstep.settings.addresses import Address
from seqstep.settings.config import PROFILES, Config
from seqstep.settings.spelling import nearest

Tree = dict[str, Any]

# As a whole: what a URL is made of tells nothing of where its secret is.
_SECRETS = ("notify", "notify.webhook")


def resolve(profile: str = "quick", changes: Iterable[Mapping[str, Any]] = ()) -> Config:
    """Apply changes to a profile, the later over the earlier, and check every value.

    Args:
        profile: a name in `PROFILES`.
        changes: trees of settings, such as `{"rnn": {"epochs": 500}}` or, the same, `{"rnn.epochs": 500}`.

    Raises:
        ConfigError: an unknown profile or setting, or a value that a setting can't have.
    """
    if profile not in PROFILES:
        raise ConfigError(f"there is no profile {profile!r}; {nearest(profile, PROFILES)}")
    tree = PROFILES[profile]
    for change in map(_nest, changes):
        tree = _merge(_release_pin(tree, change), change)
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(item) for item in error.errors())) from None


def given_alone(profile: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """Tell whether a user gives only a text, or only a series; empty if neither, or both.

    A source that is named counts as wanted, be it the carried text or the sine. Another address for the
    profile's own text, as that of a mirror, is no text that is given.

    Args:
        changes: trees of settings, the later over the earlier.
    """
    named: Tree = {}
    for change in map(_nest, changes):
        named = _merge(named, change)
    given = _group(named, "corpus")
    names_text = "path" in given or "url" in given
    names_series = "path" in _group(named, "series")
    usual, config = resolve(profile).corpus, resolve(profile, changes)
    corpus = config.corpus
    is_own = corpus.path == usual.path and (bool(corpus.path) or corpus.sha1 == usual.sha1)
    if names_text and (corpus.path or corpus.url) and not is_own and not names_series:
        return "text"
    return "series" if config.series.path and names_series and not names_text else ""


def write_toml(config: Config) -> str:
    """Write a configuration as TOML, each setting under its description; `resolve` takes it as a change."""
    import tomlkit

    document = tomlkit.document()
    for name, field in Config.model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            table = tomlkit.table()
            table.comment((type(value).__doc__ or "").strip())
            for inner, inner_field in type(value).model_fields.items():
                table.add(tomlkit.comment(inner_field.description or ""))
                table.add(inner, _plain(getattr(value, inner)))
            document.add(tomlkit.nl())
            document.add(name, table)
        else:
            document.add(tomlkit.comment(field.description or ""))
            document.add(name, _plain(value))
    return tomlkit.dumps(document)


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


def _nest(change: Mapping[str, Any]) -> Tree:
    """Put dotted names in the form of a tree: `{"rnn.epochs": 5}` means `{"rnn": {"epochs": 5}}`.

    Raises:
        ConfigError: one setting is named in both ways.
    """
    tree: Tree = {}
    for dotted, value in change.items():
        nested = _nest(value) if isinstance(value, Mapping) else value
        *groups, name = str(dotted).split(".")
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


def _explain(item: Any) -> str:
    """Put one of pydantic's findings into the user's words."""
    place = [str(part) for part in item["loc"]]
    name = ".".join(place)
    if item["type"] == "extra_forbidden":
        return f"there is no setting {name}; {_nearest_setting(place)}"
    setting = ".".join(part for part in place if not part.isdigit())
    given = HIDDEN if setting in _SECRETS else redact(repr(item["input"]))
    if item["type"] == "model_type":
        return f"{setting} is a group of settings ({_describe(place)}), so it can't be {given}"
    if item["type"] == "missing":  # a place in a list that has fewer
        return f"{setting} can't be {given}: it should have more entries ({_describe(place)})"
    _, _, message = item["msg"].partition(" should ")
    return f"{setting} can't be {given}: it should {message or item['msg']} ({_describe(place)})"


def _nearest_setting(place: Sequence[str]) -> str:
    """Say which setting or group an unknown name comes closest to, in its own group where that exists."""
    name, settings = ".".join(place), flatten(Config())
    inside = [setting for setting in settings if setting.startswith(f"{place[0]}.")]
    if inside:
        return nearest(name, inside)
    anywhere = difflib.get_close_matches(name, [*Config.model_fields, *settings], n=1)
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


def _plain(value: Any) -> Any:
    """Turn a value into what TOML has; secrets are left out."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Address) else value
