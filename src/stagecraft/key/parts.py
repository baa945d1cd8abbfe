"""The key of a result: the code, the parameters, the libraries and the inputs that it can depend on."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from stagecraft.files.artifact import Frozen, digest

_MOST_NAMES = 3


class Parts(Frozen):
    """What makes a stage's result reusable.

    Attributes:
        code: every definition of the project's own that the stage reaches, with the digest of its syntax.
        parameters: the values that the stage reads, under dotted names, as JSON has them.
        libraries: distributions that this code imports, with their versions.
        inputs: what the stage is given by others, with the digest of its content.
    """

    code: dict[str, str]
    parameters: dict[str, Any]
    libraries: dict[str, str]
    inputs: dict[str, str] = Field(default_factory=dict)

    @property
    def fixed(self) -> str:
        """Digest of all but the inputs, which are known only when the stages before have ended."""
        return digest([self.code, self.parameters, self.libraries])

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
    for name in _changed(old.inputs, new.inputs):
        source = (sources or {}).get(name)
        found.append(f"input changed: {name}{f' from {source}' if source else ''}")
    return found


def _values(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say which values differ."""
    return [
        f"{kind} changed: {name} {_text(old.get(name))} → {_text(new.get(name))}"
        for name in _changed(old, new)
    ]


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
