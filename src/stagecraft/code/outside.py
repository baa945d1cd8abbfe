"""Classes from outside the project, as far as they are imported already."""

import sys
from abc import ABCMeta
from collections.abc import Sequence
from types import NoneType
from typing import Any

# Their objects hold nothing that a model could name.
_PLAIN = (bool, bytes, float, frozenset, int, list, NoneType, set, str, tuple)


def find_class(name: str) -> type | None:
    """Find a class by its dotted name; None if it is not imported, or no class that inheritance tells of."""
    names = name.split(".")
    for end in range(len(names) - 1, 0, -1):
        if found := sys.modules.get(".".join(names[:end])):
            return _class_in(found, names[end:])
    return None


def as_class(found: object) -> type | None:
    """Leave out what is no class, and classes that objects are told by otherwise than by inheritance."""
    if not isinstance(found, type) or found is object or found.__module__ == "typing":
        return None
    return None if getattr(found, "_is_protocol", False) else found


def annotations_of(kind: type) -> dict[str, Any] | None:
    """List the fields of a model with their annotations, none of plain values; None of all others."""
    if not hasattr(kind, "model_fields"):
        return {} if issubclass(kind, _PLAIN) else None
    return {name: field.annotation for name, field in kind.model_fields.items()}


def is_told_by_methods(kind: type) -> bool:
    """Tell whether a class may take others for its own by their methods, such as `Iterable`."""
    return isinstance(kind, ABCMeta) and not hasattr(kind, "model_fields")


def _class_in(found: Any, names: Sequence[str]) -> type | None:
    for name in names:
        # Not `getattr`, by which a module may import another.
        found = getattr(found, "__dict__", {}).get(name)
    return as_class(getattr(found, "__origin__", found))
