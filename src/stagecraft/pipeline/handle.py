"""What stands in a walk for the results of a stage."""

from dataclasses import dataclass
from typing import Any

from stagecraft.errors import WiringError


@dataclass(frozen=True)
class Handle:
    """What a stage will have yielded, or a part of it: `handle.part`, and so on down."""

    stage: str
    path: tuple[str, ...] = ()

    def __getattr__(self, part: str) -> "Handle":
        if part.startswith("_"):
            raise AttributeError(part)
        return Handle(self.stage, (*self.path, part))

    def __bool__(self) -> bool:
        raise WiringError(
            f"{dotted(self)} has no value yet: its stage runs after the walk, so no decision of the walk can"
            " depend on it; decide in a stage, or by a setting"
        )

    def __str__(self) -> str:
        raise WiringError(
            f"{dotted(self)} has no value yet, so it can't be put into a text; hand it on, and write the text"
            " in a stage"
        )

    def pick(self, value: Any) -> Any:
        """Take this handle's part of a stage's value, be it a model or its JSON."""
        for part in self.path:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        return value


def dotted(handle: Handle) -> str:
    """Write a handle as it stands in a walk, for messages."""
    return ".".join((handle.stage, *handle.path))
