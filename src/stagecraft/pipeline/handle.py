"""What stands in a walk for the results of a stage."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Handle:
    """What a stage will have yielded, or a part of it: `handle.part`, and so on down."""

    stage: str
    path: tuple[str, ...] = ()

    def __getattr__(self, part: str) -> "Handle":
        if part.startswith("_"):
            raise AttributeError(part)
        return Handle(self.stage, (*self.path, part))

    def __str__(self) -> str:
        return ".".join((self.stage, *self.path))

    def pick(self, value: Any) -> Any:
        """Take this handle's part of a stage's value, be it a model or its JSON."""
        for part in self.path:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        return value
