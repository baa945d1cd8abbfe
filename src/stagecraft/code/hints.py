"""What annotations mean, told from syntax and from what is imported already."""

import ast
from collections import abc
from collections.abc import Iterable, Sequence
from functools import reduce
from importlib import import_module
from types import NoneType
from typing import Any, NamedTuple

from stagecraft.code.classes import is_field
from stagecraft.code.heads import literal
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import dotted, spelled
from stagecraft.code.outside import annotations_of, as_class, find_class
from stagecraft.code.parsing import parse
from stagecraft.code.source import innermost
from stagecraft.code.targets import Unit, definitions

_BUILTIN = (dict, frozenset, list, set, tuple)
_COLLECTIONS: dict[str, type] = {f"builtins.{kind.__name__}": kind for kind in _BUILTIN}
_COLLECTIONS |= {f"typing.{kind.__name__.title().replace('zens', 'zenS')}": kind for kind in _BUILTIN}
_COLLECTIONS |= {
    f"{module}.{kind.__name__}": kind
    for module in ("collections.abc", "typing")
    for kind in (abc.Collection, abc.Iterable, abc.Mapping, abc.MutableMapping, abc.MutableSequence)
}
_COLLECTIONS |= {f"{module}.Sequence": abc.Sequence for module in ("collections.abc", "typing")}
_COLLECTIONS |= {"collections.abc.Set": abc.Set, "typing.AbstractSet": abc.Set}


class Kind(NamedTuple):
    """A type that an annotation allows.

    Attributes:
        type: a class; one of the project by where it stands, for it need not be imported.
        parts: what a collection holds, as far as that is said: of a mapping keys and values in turn.
        endless: the parts stand for any number, again and again.
        values: those that are allowed, if only some are; of something given, what it is.
    """

    type: Unit | type
    parts: "tuple[Hint, ...]" = ()
    endless: bool = False
    values: tuple[Any, ...] = ()


class Hint(NamedTuple):
    """What an annotation allows.

    Attributes:
        text: how it is written.
        kinds: all that it allows; empty where anything goes, or where it can't be told.
    """

    text: str
    kinds: tuple[Kind, ...] = ()


class _Home(NamedTuple):
    """Where an annotation stands: the module, and the names whose meaning it is a part of."""

    module: str
    above: frozenset[Unit] = frozenset()


class Hints:
    """Reads annotations, and what objects of the types that they name hold."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._meanings: dict[Unit, tuple[Kind, ...]] = {}
        self._known_fields: dict[Unit, dict[str, Hint] | None] = {}

    def read(self, text: str, module: str) -> Hint:
        """Read an annotation.

        Args:
            module: the one that it stands in.
        """
        return Hint(text, self._text(text, _Home(module)))

    def value(self, node: ast.expr, module: str) -> Hint:
        """Tell what an expression makes: a literal, a constant of the project's, or a class that is called.

        Args:
            module: the one that it stands in.
        """
        return Hint(spelled(node), self._value(node, _Home(module)))

    def fields(self, hint: Hint) -> dict[str, Hint] | None:
        """List what objects hold, by name; None where that can't be told."""
        return _together([self._fields(kind.type) for kind in hint.kinds])

    def load(self, hint: Hint) -> type[Any] | None:
        """Import the class that an annotation names; None if it does not name one class alone."""
        match hint.kinds:
            case [Kind(type=type() as loaded)]:
                return loaded
            case [Kind(type=Unit(module=module, name=name))]:
                found: type[Any] = getattr(import_module(module), name)
                return found
        return None

    def bases(self, unit: Unit) -> list[tuple[Kind, ...]]:
        """Tell what a class inherits from; a base is nothing where that can't be told."""
        return [self._kinds(base, _Home(unit.module)) for node in self._classes(unit) for base in node.bases]

    def _value(self, node: ast.expr, home: _Home) -> tuple[Kind, ...]:
        match node:
            case ast.Name() | ast.Attribute():
                return _any_of(self._constant(found, home) for found in self._find(dotted(node), home.module))
            case ast.Call():
                return self._kinds(node.func, home)
        found = literal(node)
        return () if found is ... else hint_of(found).kinds

    def _constant(self, found: Unit | str, home: _Home) -> tuple[Kind, ...]:
        if not isinstance(found, Unit) or found in home.above:
            return ()
        inner = _Home(found.module, home.above | {found})
        values = [getattr(node, "value", None) for node in self._statements(found)]
        return _any_of(self._value(value, inner) if value else () for value in values)

    def _text(self, text: str, home: _Home) -> tuple[Kind, ...]:
        try:
            return self._kinds(parse(text, mode="eval").body, home)
        except (SyntaxError, ValueError):
            return ()

    def _hint(self, node: ast.expr, home: _Home) -> Hint:
        return Hint(spelled(node), self._kinds(node, home))

    def _kinds(self, node: ast.expr, home: _Home) -> tuple[Kind, ...]:
        match node:
            case ast.Constant(value=None):
                return (Kind(NoneType),)
            case ast.Constant(value=str(text)):
                return self._text(text, home)
            case ast.BinOp(op=ast.BitOr()):
                return self._union([node.left, node.right], home)
            case ast.Subscript():
                return self._in_brackets(node, home)
            case ast.Name() | ast.Attribute():
                return self._named(dotted(node), home)
        return ()

    def _union(self, nodes: Iterable[ast.expr], home: _Home) -> tuple[Kind, ...]:
        return _any_of(self._kinds(node, home) for node in nodes)

    def _in_brackets(self, node: ast.Subscript, home: _Home) -> tuple[Kind, ...]:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        match self._find(dotted(node.value), home.module):
            case ["typing.Annotated"]:
                return self._kinds(inner[0], home)
            case ["typing.Optional"]:
                return self._union([*inner, ast.Constant(None)], home)
            case ["typing.Union"]:
                return self._union(inner, home)
            case ["typing.Literal"]:
                return _kinds_of_literals(inner)
            case [str(name)] if name in _COLLECTIONS:
                return (self._collection(_COLLECTIONS[name], inner, home),)
        return self._kinds(node.value, home)

    def _collection(self, kind: type, inner: Sequence[ast.expr], home: _Home) -> Kind:
        has_dots = isinstance(inner[-1], ast.Constant) and inner[-1].value is ... if inner else False
        parts = inner[:-1] if has_dots else inner
        return Kind(kind, tuple(self._hint(part, home) for part in parts), has_dots or kind is not tuple)

    def _named(self, path: tuple[str, ...], home: _Home) -> tuple[Kind, ...]:
        return _any_of(self._found(found, home) for found in self._find(path, home.module))

    def _found(self, found: Unit | str, home: _Home) -> tuple[Kind, ...]:
        if isinstance(found, Unit):
            # Of a name that stands for itself nothing can be told.
            return () if found in home.above else self._meaning(found, home.above)
        loaded = find_class(found)
        return (Kind(loaded),) if loaded else ()

    def _meaning(self, unit: Unit, above: frozenset[Unit]) -> tuple[Kind, ...]:
        """Tell what a name of the project stands for: a class, or what it is another name of."""
        if unit not in self._meanings:
            self._meanings[unit] = self._definition(unit, above)
        return self._meanings[unit]

    def _definition(self, unit: Unit, above: frozenset[Unit]) -> tuple[Kind, ...]:
        home = _Home(unit.module, above | {unit})
        return _any_of(self._bound(node, unit, home) for node in self._statements(unit))

    def _bound(self, node: ast.stmt, unit: Unit, home: _Home) -> tuple[Kind, ...]:
        """Tell what a name stands for by a statement that binds it."""
        match node:
            case ast.ClassDef(bases=bases):
                # Whatever has the methods of a protocol is one.
                is_protocol = any(dotted(base)[-1:] == ("Protocol",) for base in bases)
                return () if is_protocol else (Kind(unit),)
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                return self._kinds(self._meant(value, home.module), home)
        return ()

    def _statements(self, unit: Unit) -> list[ast.stmt]:
        """List the statements that bind a name of a module to something of its own."""
        found = innermost(self._modules.bound(unit), unit.name)
        return [node for node in found if not isinstance(node, ast.Import | ast.ImportFrom)]

    def _classes(self, unit: Unit) -> list[ast.ClassDef]:
        return [node for node in self._statements(unit) if isinstance(node, ast.ClassDef)]

    def _meant(self, value: ast.expr, home: str) -> ast.expr:
        """Find the type that a new one is made of, or that a variable for types is bound to."""
        made = self._find(dotted(value.func), home) if isinstance(value, ast.Call) else None
        match made, value:
            case ["typing.NewType"], ast.Call(args=[_, original]):
                return original
            case ["typing.TypeVar"], ast.Call(args=[_, first, *more]):
                return reduce(lambda one, other: ast.BinOp(one, ast.BitOr(), other), more, first)
            case ["typing.TypeVar"], ast.Call(keywords=keywords):
                return next((word.value for word in keywords if word.arg == "bound"), value)
        return value

    def _find(self, path: tuple[str, ...], home: str) -> list[Unit | str]:
        """Find what a name may lead to: names of the project's own, and dotted names of something else.

        Returns:
            nothing where that can't be told.
        """
        module = self._modules.load(home)
        if not module or not path:
            return []
        hinted = module.hinted.get(path[0], ()) if path[0] not in module.bound else ()
        sources = [ref.on(*path[1:]) for ref in hinted or module.bound.get(path[0], ([], []))[1]]
        starts = sources if hinted else [Ref("", path)]
        targets = {target for ref in starts for target in self._modules.find(ref, home)}
        if not {target.kind for target in targets} <= {"definition", "outside"}:
            return []
        own = [unit for unit in definitions(targets) if self._statements(unit)]
        if own and not self._is_whole(starts[0], home):
            return []
        left_out = [ref for ref in sources if not self._modules.find(ref, home)]
        outside = [target.name for target in targets if target.kind == "outside"]
        return [*own, *outside, *(".".join((ref.module, *ref.path)) for ref in left_out)]

    def _is_whole(self, ref: Ref, home: str) -> bool:
        """Tell whether the last part of a name, and not one before it, is what the name leads to."""
        before = self._modules.find(ref._replace(path=ref.path[:-1]), home) if len(ref.path) > 1 else ()
        return all(target.kind == "module" for target in before)

    def _fields(self, kind: Unit | type) -> dict[str, Hint] | None:
        if isinstance(kind, type):
            known = annotations_of(kind)
            return None if known is None else {name: _hint_of(one) for name, one in known.items()}
        if kind not in self._known_fields:
            self._known_fields[kind] = self._fields_of_definition(kind)
        return self._known_fields[kind]

    def _fields_of_definition(self, unit: Unit) -> dict[str, Hint] | None:
        """List the fields of a class of the project, if it is a model for sure, and no generic one."""
        if any(getattr(node, "type_params", ()) for node in self._classes(unit)):
            return None
        inherited = _together([self.fields(Hint("", base)) for base in self.bases(unit)])
        return None if inherited is None else inherited | self._own_fields(unit)

    def _own_fields(self, unit: Unit) -> dict[str, Hint]:
        nodes = [part for node in self._classes(unit) for part in node.body]
        fields, home = filter(is_field, nodes), _Home(unit.module)
        return {spelled(field.target): self._hint(field.annotation, home) for field in fields}


def hint_of(value: object) -> Hint:
    """Tell what a value is, as an annotation would."""
    kind = type(value)
    held = sum(value.items(), ()) if isinstance(value, dict) else value
    parts = tuple(map(hint_of, held)) if isinstance(held, tuple | list | set | frozenset) else ()
    values = (value,) if isinstance(value, str | int) else ()
    return Hint("None" if value is None else kind.__name__, (Kind(kind, parts, values=values),))


def _any_of(several: Iterable[tuple[Kind, ...]]) -> tuple[Kind, ...]:
    """Join what is allowed; anything is where it can't be told of one."""
    each = list(several)
    return tuple(dict.fromkeys(kind for kinds in each for kind in kinds)) if all(each) else ()


def _hint_of(annotation: object) -> Hint:
    """Tell what an annotation means that was read already."""
    known = as_class(annotation)
    return Hint(known.__name__, (Kind(known),)) if known else Hint(str(annotation))


def _together(several: Sequence[dict[str, Hint] | None]) -> dict[str, Hint] | None:
    """Join fields, if there are some and all are known."""
    known = [fields for fields in several if fields is not None]
    if not known or len(known) < len(several):
        return None
    return {name: hint for fields in known for name, hint in fields.items()}


def _kinds_of_literals(nodes: Sequence[ast.expr]) -> tuple[Kind, ...]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    if len(values) < len(nodes):
        return ()
    kinds = dict.fromkeys(map(type, values))
    return tuple(Kind(kind, values=tuple(one for one in values if type(one) is kind)) for kind in kinds)
