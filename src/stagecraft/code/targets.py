"""What names lead to, and the units that code is followed by."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

TargetKind = Literal[
    "definition",  # of the project
    "module",  # of the project, as a value
    "outside",  # something outside the project, by its dotted name
    "place",  # the folder of a module, or the part of it that is named
    "templates",  # files in such a folder that read attributes
    "attribute",  # an attribute that is read
    "method",  # one that may be called by this name
    "attributes",  # any attribute
    "hints",  # the type hints of what is followed
]


class Target(NamedTuple):
    """What a name leads to; `module` is one of the project."""

    kind: TargetKind
    module: str = ""
    name: str = ""


class Unit(NamedTuple):
    """What is followed as a whole: a name of a module, a method, or, without a name, loose statements."""

    module: str
    name: str = ""
    method: str = ""

    def __str__(self) -> str:
        return ".".join(filter(None, (self.module, self.name or "<statements>", self.method)))


def definitions(targets: Iterable[Target]) -> list[Unit]:
    """List what of the project's own is among targets, each name as a whole."""
    return [Unit(target.module, target.name) for target in targets if target.kind == "definition"]
