"""What annotations mean, told from syntax and from what is imported already."""

import ast
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import NoneType
from typing import Any, NamedTuple

from stagecraft.code.classes import is_field
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import dotted, spelled
from stagecraft.code.outside import annotations_of, as_class, find_class
from stagecraft.code.parsing import parse
from stagecraft.code.targets import Unit


class Kind(NamedTuple):
    """A type that an annotation allows.

    Attributes:
        type: a class; one of the project by where it stands, for it need not be imported.
        parts: what a tuple holds, as far as that is said.
        endless: the one part stands for any number.
    """

    type: Unit | type
    parts: "tuple[Hint, ...]" = ()
    endless: bool = False


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
        nodes = [node for node in self._modules.bound(unit) if isinstance(node, ast.ClassDef)]
        return [self._kinds(base, _Home(unit.module)) for node in nodes for base in node.bases]

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
        each = [self._kinds(node, home) for node in nodes]
        return tuple(kind for kinds in each for kind in kinds) if all(each) else ()

    def _in_brackets(self, node: ast.Subscript, home: _Home) -> tuple[Kind, ...]:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        match self._find(dotted(node.value), home.module):
            case "typing.Annotated":
                return self._kinds(inner[0], home)
            case "typing.Optional":
                return self._union([*inner, ast.Constant(None)], home)
            case "typing.Union":
                return self._union(inner, home)
            case "typing.Literal":
                return _kinds_of_literals(inner)
            case "builtins.tuple":
                return (self._tuple(inner, home),)
        return self._kinds(node.value, home)

    def _tuple(self, inner: Sequence[ast.expr], home: _Home) -> Kind:
        endless = isinstance(inner[-1], ast.Constant) and inner[-1].value is ... if inner else False
        parts = inner[:-1] if endless else inner
        return Kind(tuple, tuple(self._hint(part, home) for part in parts), endless)

    def _named(self, path: tuple[str, ...], home: _Home) -> tuple[Kind, ...]:
        found = self._find(path, home.module)
        if isinstance(found, Unit):
            # Of a name that stands for itself nothing can be told.
            return () if found in home.above else self._meaning(found, home.above)
        loaded = find_class(found) if found else None
        return (Kind(loaded),) if loaded else ()

    def _meaning(self, unit: Unit, above: frozenset[Unit]) -> tuple[Kind, ...]:
        """Tell what a name of the project stands for: a class, or what it is another name of."""
        if unit not in self._meanings:
            self._meanings[unit] = self._definition(unit, above)
        return self._meanings[unit]

    def _definition(self, unit: Unit, above: frozenset[Unit]) -> tuple[Kind, ...]:
        match self._modules.bound(unit):
            case [ast.ClassDef(bases=bases)]:
                # Whatever has the methods of a protocol is one.
                is_protocol = any(dotted(base)[-1:] == ("Protocol",) for base in bases)
                return () if is_protocol else (Kind(unit),)
            case [ast.Assign(value=value)] | [ast.AnnAssign(value=ast.expr() as value)]:
                return self._kinds(value, _Home(unit.module, above | {unit}))
        return ()

    def _find(self, path: tuple[str, ...], home: str) -> Unit | str | None:
        """Find what a name leads to: a name of the project's own, or the dotted name of something else."""
        module = self._modules.load(home)
        if not module or not path:
            return None
        hinted = module.hinted.get(path[0], ()) if path[0] not in module.bound else ()
        refs = [ref.on(*path[1:]) for ref in hinted] or [Ref("", path)]
        targets = [target for ref in refs for target in self._modules.find(ref, home)]
        if not targets:  # of what is left out
            sources = hinted or module.bound.get(path[0], ([], []))[1]
            return ".".join((sources[0].module, *sources[0].path, *path[1:])) if len(sources) == 1 else None
        if len(targets) > 1:
            return None
        if targets[0].kind == "definition":
            return Unit(targets[0].module, targets[0].name) if self._is_whole(refs[0], home) else None
        return targets[0].name if targets[0].kind == "outside" else None

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
        """List the fields of a class of the project, if it is a model for sure."""
        inherited = _together([self.fields(Hint("", base)) for base in self.bases(unit)])
        return None if inherited is None else inherited | self._own_fields(unit)

    def _own_fields(self, unit: Unit) -> dict[str, Hint]:
        nodes = [part for node in self._modules.bound(unit) for part in getattr(node, "body", ())]
        fields, home = filter(is_field, nodes), _Home(unit.module)
        return {spelled(field.target): self._hint(field.annotation, home) for field in fields}


def hint_of(value: object) -> Hint:
    """Tell what a value is, as an annotation would."""
    kind = type(value)
    parts = tuple(map(hint_of, value)) if isinstance(value, tuple) else ()
    return Hint("None" if value is None else kind.__name__, (Kind(kind, parts),))


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
    kinds = dict.fromkeys(type(node.value) for node in nodes if isinstance(node, ast.Constant))
    return tuple(map(Kind, kinds)) if all(isinstance(node, ast.Constant) for node in nodes) else ()
