"""The key of a result: the code, the parameters, the libraries, the inputs and what is declared besides."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from stagecraft.files.artifact import Frozen, digest
from stagecraft.key.depends import SEALED

_MOST_NAMES = 3


class Parts(Frozen):
    """What makes a stage's result reusable.

    Attributes:
        code: every definition of the project's own that the stage reaches, with the digest of its syntax.
        parameters: the values that the stage reads, under dotted names, as JSON has them.
        libraries: distributions that this code imports, with their versions.
        inputs: what the stage is given by others, with the digest of its content.
        declared: what the stage declares besides, `kind: name` -> a version or a digest.
    """

    code: dict[str, str]
    parameters: dict[str, Any]
    libraries: dict[str, str]
    inputs: dict[str, str] = Field(default_factory=dict)
    declared: dict[str, str] = Field(default_factory=dict)

    @property
    def fixed(self) -> str:
        """Digest of all but the inputs, which are known only when the stages before have ended."""
        declared = [self.declared] if self.declared else []
        return digest([self.code, self.parameters, self.libraries, *declared])

    def key(self, stage: str) -> str:
        """Make the key: `<stage>/<digest of all but the inputs>-<digest of the inputs>`."""
        return f"{stage}/{self.fixed}-{digest(self.inputs)}"

    def without(self, parameter: str) -> "Parts":
        """Leave a parameter out."""
        kept = {name: value for name, value in self.parameters.items() if name != parameter}
        return self.model_copy(update={"parameters": kept})


def differences(old: Parts, new: Parts, sources: Mapping[str, str] | None = None) -> list[str]:
    """Say in words what differs between two keys.

    Args:
        sources: the stage that yields an input, by the input's name.
    """
    found = []
    if names := _changed(old.code, new.code):
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        found.append(f"code changed: {', '.join(names[:_MOST_NAMES])}{more}")
    found += _values("parameter", old.parameters, new.parameters)
    found += _values("library", old.libraries, new.libraries)
    found += _declared(old.declared, new.declared)
    for name in _changed(old.inputs, new.inputs):
        source = (sources or {}).get(name)
        found.append(f"input changed: {name}{f' from {source}' if source else ''}")
    return found


def _values(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say which values differ."""
    found = []
    for name in _changed(old, new):
        one, other = _text(old.get(name)), _text(new.get(name))
        if one == other:
            one, other = _as_json(old, name) or "absent", _as_json(new, name) or "absent"
        found.append(f"{kind} changed: {name} {one} → {other}")
    return found


def _declared(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Say which declared things differ, and how if they may be shown."""
    found = []
    for name in _changed(old, new):
        kind, _, thing = name.partition(": ")
        values = old.get(name, "nothing"), new.get(name, "nothing")
        is_shown = not any(value.startswith(SEALED) for value in values)
        found.append(f"{kind} changed: {thing}{' {} → {}'.format(*values) if is_shown else ''}")
    return found


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name what is not the same in both."""
    return [name for name in sorted({*old, *new}) if _as_json(old, name) != _as_json(new, name)]


def _as_json(values: Mapping[str, Any], name: str) -> str:
    """Write a value as the digest sees it: 1, 1.0 and true differ, and so do null and nothing."""
    return json.dumps(values[name]) if name in values else ""


def _text(value: Any) -> str:
    if value is None or value in ("", []):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
