"""Calls that only make an object: plain records, what libraries keep, partial functions for these."""

import ast
from collections.abc import Callable, Iterable

from stagecraft.code.classes import Classes
from stagecraft.code.known import KEEPERS, is_among
from stagecraft.code.names import Ref
from stagecraft.code.nodes import called, dotted, is_function, is_special
from stagecraft.code.targets import Target, Unit

_BASES = {
    *("abc.ABC", "abc.ABCMeta", "builtins.object"),
    *(f"enum.{name}" for name in ("Enum", "Flag", "IntEnum", "IntFlag", "StrEnum")),
    *(f"typing.{name}" for name in ("Generic", "NamedTuple", "Protocol", "TypedDict")),
}
_MARKS = {"dataclasses.dataclass", "enum.unique", "typing.final", "typing.runtime_checkable"}
# What a field may be made by for each object.
_PLAIN = {("dict",), ("list",), ("set",), ("tuple",)}


class Records:
    """Finds classes of which making, reading and comparing objects runs nothing of the project.

    Args:
        defines: tells whether all that binds a name of a module only defines it.
        are_data: tells whether operators run nothing of the project with expressions in the body of a class.
    """

    def __init__(
        self,
        classes: Classes,
        defines: Callable[[Unit], bool],
        are_data: Callable[[str, ast.ClassDef, Iterable[ast.expr]], bool],
    ) -> None:
        self._classes, self._defines, self._are_data = classes, defines, are_data

    def keeps(self, to: Target) -> bool:
        """Tell whether a call of it only makes an object, and calls nothing that it is given."""
        if to.kind == "outside":
            return is_among(KEEPERS, to)
        unit = Unit(to.module, to.name)
        if to.kind != "definition" or not self._defines(unit):
            return False
        return self.is_record(unit) if self._classes.named(unit) else self._is_partial(unit)

    def is_record(self, unit: Unit) -> bool:
        """Tell whether all that a class is made of is listed: no special methods, no defaults but data."""
        family = self._classes.family(unit)
        pairs = [(one.module, node) for one in family.classes for node in self._classes.named(one)]
        return {base.name for base in family.outside} <= _BASES and all(
            all(self._leads_to(mark, home, _MARKS) for mark in node.decorator_list)
            and all(self._is_quiet(part, home, node) for part in node.body)
            for home, node in pairs
        )

    def _is_quiet(self, part: ast.stmt, home: str, owner: ast.ClassDef) -> bool:
        value = getattr(part, "value", None)
        if isinstance(part, ast.Assign | ast.AnnAssign):
            if isinstance(value, ast.Call) and self._leads_to(value, home, {"dataclasses.field"}):
                words = {word.arg: word.value for word in value.keywords}
                factory = words.pop("default_factory", None)
                is_plain = factory is None or dotted(factory) in _PLAIN
                return is_plain and None not in words and self._are_data(home, owner, words.values())
            return value is None or self._are_data(home, owner, [value])
        is_idle = isinstance(part, ast.Pass) or (
            isinstance(part, ast.Expr) and isinstance(value, ast.Constant)
        )
        return is_idle or (is_function(part) and not is_special(part.name))

    def _is_partial(self, unit: Unit) -> bool:
        """Tell whether it is `partial(f, …)` of what only makes an object."""
        calls = [getattr(statement, "value", None) for statement in self._classes.modules.bound(unit)]
        return all(isinstance(call, ast.Call) and self._is_partial_call(call, unit.module) for call in calls)

    def _is_partial_call(self, call: ast.Call, module: str) -> bool:
        made = self._find(call.args[0], module) if call.args else ()
        is_partial = self._leads_to(call, module, {"functools.partial"})
        return is_partial and bool(call.args) and all(self.keeps(to) for to in made)

    def _leads_to(self, node: ast.expr, module: str, known: set[str]) -> bool:
        found = self._find(node, module)
        return bool(found) and all(to.name in known for to in found)

    def _find(self, node: ast.expr, module: str) -> tuple[Target, ...]:
        path = called(node)
        return self._classes.modules.find(Ref("", path), module) if path else ()
