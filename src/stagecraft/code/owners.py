"""The objects whose attributes code reads, as far as the hints of parameters tell their classes."""

import ast
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from stagecraft.code.names import Ref

Types = tuple[Ref, ...]
#: stands for all that an object tells of its class: which fields it has, in which order, with which defaults
CLASS = "__class__"
# Attributes that tell of it.
_OF_CLASS = frozenset(
    {
        *(f"model_{name}" for name in ("computed_fields", "config", "construct", "fields", "validate")),
        *("model_validate_json", "model_validate_strings", "construct", "from_orm", "parse_obj", "parse_raw"),
        *("__annotations__", "__fields__", "__reduce__", "__reduce_ex__", "__signature__"),
        CLASS,
    }
)


def is_of_class(attribute: str) -> bool:
    """Tell whether an attribute of an object tells of its class."""
    return attribute in _OF_CLASS or attribute.startswith("__pydantic_")


class Read(NamedTuple):
    """An attribute that is read.

    Attributes:
        types: the classes that the object at the start may be of; none where it is the module's own.
        path: the attributes on the way, the one that is read last; `*` is all of them.
    """

    types: Types
    path: tuple[str, ...]


class Owners:
    """The local names around a place in code, with the classes of their objects."""

    def __init__(self) -> None:
        self._scopes: list[Mapping[str, Types | None]] = []

    @contextmanager
    def inside(self, parameters: Mapping[str, Types | None], rebound: Collection[str]) -> Iterator[None]:
        """Go into a scope.

        Args:
            parameters: with what their hints name, if anything.
            rebound: names that its body binds, to objects of no known class.
        """
        self._scopes.append({**parameters, **dict.fromkeys(rebound)})
        yield
        self._scopes.pop()

    def read(self, owner: ast.expr, attribute: str) -> Read | None:
        """Tell what is read; None where the object's class is not known."""
        found = self._trace(owner)
        return found and Read(found.types, (*found.path, attribute))

    def _trace(self, node: ast.expr) -> Read | None:
        if isinstance(node, ast.Attribute):
            return self.read(node.value, node.attr)
        if not isinstance(node, ast.Name):
            return None
        types = next((scope[node.id] for scope in reversed(self._scopes) if node.id in scope), ())
        return None if types is None else Read(types, ())
