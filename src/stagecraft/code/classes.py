"""The classes of the project: their methods, and who may call these without naming them."""

import abc
import ast
import builtins
import enum
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, TypeGuard

import pydantic

from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref, bound, defaults
from stagecraft.code.nodes import Function, called, changed, is_function, named, parameters
from stagecraft.code.targets import Target, Unit

# Bases and metaclasses from outside that call no methods but decorated ones, those with underscores around
# their names, and those that they have themselves.
_QUIET = {
    *("abc.ABC", "abc.ABCMeta", "builtins.object", "pydantic.BaseModel"),
    *(f"enum.{name}" for name in ("Enum", "EnumMeta", "EnumType", "Flag", "IntEnum", "IntFlag", "StrEnum")),
    *(f"typing.{name}" for name in ("Generic", "NamedTuple", "Protocol", "TypedDict")),
    *(f"typing_extensions.{name}" for name in ("Generic", "NamedTuple", "Protocol", "TypedDict")),
}
# Where such stand that have methods of their own.
_MODULES = {"abc": abc, "builtins": builtins, "enum": enum, "pydantic": pydantic}
# Decorators of methods whose place in a class's body tells nothing.
_PLACELESS = frozenset(
    {
        *(f"builtins.{name}" for name in ("classmethod", "property", "staticmethod")),
        *("abc.abstractmethod", "functools.cached_property"),
    }
)
_ACCESSORS = {("setter",), ("getter",), ("deleter",)}
# Whose decorators keep what they are put on, to call it later.
_KEEPERS = {"pydantic"}


class Family(NamedTuple):
    """The classes of the project that a class is or inherits from.

    Attributes:
        open: something outside the project may call any of their methods.
        outside: what else they inherit from.
    """

    classes: frozenset[Unit]
    open: bool
    outside: frozenset[Target]


class Classes:
    """Finds classes, and reads each once."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._methods: dict[Unit, dict[str, list[Function]]] = {}
        self._attributes: dict[Unit, dict[str, list[ast.stmt]]] = {}
        self._families: dict[Unit, Family] = {}
        self._overriding: dict[Unit, frozenset[Unit]] = {}

    def named(self, unit: Unit) -> list[ast.ClassDef]:
        """List the classes that a name stands for."""
        return [part for part in self.modules.bound(unit) if isinstance(part, ast.ClassDef)]

    def methods(self, unit: Unit) -> dict[str, list[Function]]:
        """List the methods of a class, a property's getter and setter under one name."""
        if unit not in self._methods:
            found: dict[str, list[Function]] = {}
            for part in (part for node in self.named(unit) for part in node.body if is_function(part)):
                found.setdefault(part.name, []).append(part)
            self._methods[unit] = found
        return self._methods[unit]

    def attributes(self, unit: Unit) -> dict[str, list[ast.stmt]]:
        """List what a class's body gives names besides methods, but for the fields of its objects."""
        if unit not in self._attributes:
            found: dict[str, list[ast.stmt]] = {}
            for part in (part for node in self.named(unit) for part in node.body if not is_field(part)):
                for name in () if is_function(part) else bound([part], ""):
                    found.setdefault(name, []).append(part)
            self._attributes[unit] = found
        return self._attributes[unit]

    def without_methods(self, node: ast.stmt, module: str) -> ast.stmt:
        """Leave the methods out of a class, but for the names of those whose place in its body may count."""
        if not isinstance(node, ast.ClassDef):
            return node
        times = Counter(name for part in node.body for name in bound([part], ""))
        said = [(part, _names_in(_head(part))) for part in node.body]
        read = set().union(*(names for _, names in said))

        def is_placed(method: Function, names: set[str]) -> bool:
            marks = (called(mark) for mark in method.decorator_list)
            is_bare = not defaults(method.args) and all(self._is_placeless(mark, module) for mark in marks)
            return not is_bare or times[method.name] > 1 or method.name in read or not names.isdisjoint(times)

        kept = [(part, names) for part, names in said if not is_function(part) or is_placed(part, names)]
        return changed(node, body=[_place_of(part) if is_function(part) else part for part, _ in kept])

    def family(self, unit: Unit) -> Family:
        """Find what a class inherits from."""
        if unit not in self._families:
            classes, outside, is_open = [unit], set[Target](), False
            for relative in classes:  # which grows meanwhile
                for base in (base for node in self.named(relative) for base in _bases(node)):
                    # What can't be told may be anything.
                    targets = self._base(called(base), relative.module) or (Target("outside"),)
                    units = [Unit(target.module, target.name) for target in targets]
                    classes += [above for above in units if self.named(above) and above not in classes]
                    outside |= {target for target in targets if target.kind != "definition"}
                    is_open |= not all(map(self.is_quiet, targets))
            self._families[unit] = Family(frozenset(classes), is_open, frozenset(outside))
        return self._families[unit]

    def overriding(self, unit: Unit) -> frozenset[Unit]:
        """List the methods of a class, and of those above it, that its bases from outside have too."""
        if unit not in self._overriding:
            family = self.family(unit)
            kinds = [kind for base in family.outside if (kind := _quiet(base.name))]
            self._overriding[unit] = frozenset(
                one._replace(method=name)
                for one in family.classes
                for name in self.methods(one)
                if any(hasattr(kind, name) for kind in kinds)
            )
        return self._overriding[unit]

    def is_marked(self, unit: Unit, mark: str) -> bool:
        """Whether a class has a decorator of this name."""
        return any(called(each)[-1:] == (mark,) for node in self.named(unit) for each in node.decorator_list)

    def is_called_unseen(self, unit: Unit, method: str) -> bool:
        """Whether a decorator may keep a method to call it without its name being read."""
        marks = [called(mark) for node in self.methods(unit)[method] for mark in node.decorator_list]
        return not all(mark[1:] in _ACCESSORS or self._only_wraps(mark, unit.module) for mark in marks)

    def _only_wraps(self, mark: tuple[str, ...], module: str) -> bool:
        found = self._find(mark, module)
        return bool(mark) and all(target.kind == "outside" and _is_wrapper(target.name) for target in found)

    def _is_placeless(self, mark: tuple[str, ...], module: str) -> bool:
        return bool(mark) and all(to.name in _PLACELESS for to in self._find(mark, module))

    def is_quiet(self, target: Target) -> bool:
        """Tell whether a base calls no methods but special ones, and those that it has itself."""
        if target.kind != "outside":
            return bool(self.named(Unit(target.module, target.name)))
        return _quiet(target.name) is not None

    def _base(self, path: tuple[str, ...], module: str) -> tuple[Target, ...]:
        """Find what a class inherits from, if a name says it, and not an attribute of something."""
        return () if self.modules.after(path, module) else self._find(path, module)

    def _find(self, path: tuple[str, ...], module: str) -> tuple[Target, ...]:
        return self.modules.find(Ref("", path), module) if path else ()


def is_field(node: ast.stmt) -> TypeGuard[ast.AnnAssign]:
    """Tell whether a statement in the body of a class declares a field of its objects."""
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        return False
    is_shared = any(names[-1] == "ClassVar" for names in named(node.annotation))
    return not is_shared and not node.target.id.startswith("_")


def _head(part: ast.stmt) -> list[ast.AST]:
    """List what of a part of a class's body is evaluated where it stands."""
    if not is_function(part):
        return [part]
    hints = (part.returns, *(one.annotation for one in parameters(part.args)))
    return [*part.decorator_list, *defaults(part.args), *filter(None, hints)]


def _names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """List the names that are read in code."""
    names = (part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def _place_of(method: Function) -> ast.Expr:
    """Make a statement that does nothing, to stand for a method."""
    return ast.copy_location(ast.Expr(ast.Constant(method.name.encode())), method)


def _bases(node: ast.ClassDef) -> list[ast.expr]:
    return [*node.bases, *(word.value for word in node.keywords if word.arg in {None, "metaclass"})]


@cache
def _quiet(name: str) -> object:
    """Find a base or metaclass from outside that is known to be quiet; None if it is not."""
    module, _, thing = name.rpartition(".")
    found = getattr(builtins, thing, None) if module in ("", "builtins") else None
    if name in _QUIET:
        return getattr(_MODULES.get(module), thing, object)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _is_wrapper(name: str) -> bool:
    """Whether a decorator keeps nothing, and is one at all: what nothing else knows is taken for built-in."""
    first, *rest = name.split(".")
    return first not in _KEEPERS and (first != "builtins" or hasattr(builtins, rest[0]))
