"""Expressions that only make a value when a module is imported: those that are known to, and no others."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from stagecraft.code.classes import Classes
from stagecraft.code.known import (
    ITERATING,
    MAKERS,
    READ_ONCE,
    READERS,
    UNCALLED,
    Level,
    are_among,
)
from stagecraft.code.names import Ref, bound, defaults
from stagecraft.code.nodes import children, dotted
from stagecraft.code.records import Records
from stagecraft.code.targets import Target, Unit, definitions

# Expressions that do something with all that they are made of.
_DOING = (
    *(ast.BinOp, ast.BoolOp, ast.Compare, ast.FormattedValue, ast.JoinedStr),
    *(ast.Set, ast.Slice, ast.Starred, ast.Subscript, ast.UnaryOp),
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


class At(NamedTuple):
    """Where an expression stands.

    Attributes:
        module: its name.
        own: what is known of the names that a class body or a comprehension around it binds.
    """

    module: str
    own: Mapping[str, Level] = MappingProxyType({})


class Pure:
    """Tells what only makes a value.

    Args:
        defines: tells whether all that binds a name of a module only defines it.
    """

    def __init__(self, classes: Classes, defines: Callable[[Unit], bool]) -> None:
        self._classes, self._modules, self._defines = classes, classes.modules, defines
        self._records = Records(classes, defines, self._are_operable_in)
        self._levels: dict[Unit, Level] = {}
        self._ways: dict[type, Callable[[Any, At], Level]] = {
            ast.Constant: lambda _node, _at: Level.LITERAL,
            ast.Lambda: lambda node, at: min(Level.VALUE, self._lowest(defaults(node.args), at)),
            **dict.fromkeys((ast.Name, ast.Attribute), self._of_name),
            ast.Call: self._of_call,
            **dict.fromkeys((ast.List, ast.Tuple), lambda node, at: self._lowest(node.elts, at)),
            ast.Dict: self._of_dict,
            ast.IfExp: self._of_choice,
            **dict.fromkeys(_COMPREHENSIONS, self._at_once),
            **dict.fromkeys(_DOING, self._of_operation),
        }

    def level(self, node: ast.AST, at: At) -> Level:
        """Tell what is known of an expression."""
        way = self._ways.get(type(node))
        return way(node, at) if way else Level.ANY

    def is_type(self, node: ast.AST, at: At) -> bool:
        """Tell whether an expression only names types, as a hint does."""
        match node:
            case ast.Name() | ast.Attribute():
                return self.level(node, at) >= Level.OUTSIDE or self._names_type(node, at)
            case ast.Subscript(value=value, slice=inner):
                return self.is_type(value, at) and self.is_type(inner, at)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self.is_type(left, at) and self.is_type(right, at)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return all(self.is_type(part, at) for part in parts)
        return self.level(node, at) >= Level.VALUE

    def find(self, path: tuple[str, ...], at: At) -> tuple[Target, ...]:
        """Find what a name leads to; one that is left out of keys leads nowhere."""
        return self._modules.find(Ref("", path), at.module) if path else ()

    def own(self, body: Iterable[ast.stmt], at: At) -> dict[str, Level]:
        """Tell what is known of the names that the body of a class binds."""
        levels: dict[str, Level] = {}
        for part in body:
            level = Level.VALUE
            if isinstance(part, ast.Assign | ast.AnnAssign):
                level = (
                    self.level(part.value, At(at.module, {**at.own, **levels})) if part.value else Level.ANY
                )
                level = level if level >= Level.OUTSIDE else Level.ANY
            elif isinstance(part, ast.Import | ast.ImportFrom):
                level = Level.ANY
            names = [part.name] if isinstance(part, ast.FunctionDef | ast.ClassDef) else bound([part], "")
            for name in names:
                levels[name] = min(level, levels.get(name, level))
        return levels

    def _lowest(self, nodes: Iterable[ast.AST], at: At) -> Level:
        return min((self.level(node, at) for node in nodes), default=Level.LITERAL)

    def _are_operable(self, nodes: Iterable[ast.AST], at: At) -> bool:
        return self._lowest(nodes, at) >= Level.OUTSIDE

    def _of_dict(self, node: ast.Dict, at: At) -> Level:
        spread = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
        is_known = all(self._is_key(key, at) for key in node.keys if key) and self._are_operable(spread, at)
        return self._lowest(node.values, at) if is_known else Level.ANY

    def _of_choice(self, node: ast.IfExp, at: At) -> Level:
        is_known = self._are_operable([node.test], at)
        return self._lowest([node.body, node.orelse], at) if is_known else Level.ANY

    def _of_operation(self, node: ast.expr, at: At) -> Level:
        level = self._lowest(children(node), at)
        if level >= Level.OUTSIDE:
            return level
        is_hint = isinstance(node, ast.Subscript) or isinstance(getattr(node, "op", None), ast.BitOr)
        return Level.VALUE if is_hint and self.is_type(node, at) else Level.ANY

    def _is_key(self, node: ast.expr, at: At) -> bool:
        return self._are_operable([node], at) or (not isinstance(node, ast.Call) and self.is_type(node, at))

    def _of_name(self, node: ast.Name | ast.Attribute, at: At) -> Level:
        path = dotted(node)
        if not path:
            assert isinstance(node, ast.Attribute)
            return Level.OUTSIDE if self._are_operable([node.value], at) else Level.ANY
        own = [_read(at.own[path[0]], path[1:])] if path[0] in at.own else []
        if own and not definitions(self.find(path[:1], at)):
            return own[0]
        # What a class body binds may be looked up around it.
        rest = self._modules.after(path, at.module)
        return min([*own, *(self._of_target(to, rest) for to in self.find(path, at))], default=Level.VALUE)

    def _of_target(self, to: Target, rest: tuple[str, ...]) -> Level:
        if to.kind != "definition":
            return {"outside": Level.OUTSIDE, "place": Level.LITERAL}.get(to.kind, Level.VALUE)
        unit = Unit(to.module, to.name)
        if rest and self._classes.named(unit):
            return self._of_attribute(unit, rest)
        return _read(self._of_unit(unit), rest)

    def _of_unit(self, unit: Unit) -> Level:
        if unit not in self._levels:
            self._levels[unit] = Level.ANY  # of what is made of itself nothing is known
            values = [getattr(part, "value", None) for part in self._modules.bound(unit)]
            level = self._lowest([value for value in values if isinstance(value, ast.expr)], At(unit.module))
            level = level if all(values) else Level.VALUE
            self._levels[unit] = level if self._defines(unit) else Level.ANY
        return self._levels[unit]

    def _of_attribute(self, unit: Unit, rest: tuple[str, ...]) -> Level:
        """Tell what is known of an attribute of a class; of what it is computed by, nothing."""
        name, family = rest[0], self._classes.family(unit)
        owns = [
            self.own(node.body, At(one.module)) for one in family.classes for node in self._classes.named(one)
        ]
        levels = [own[name] for own in owns if name in own]
        is_method = any(name in self._classes.methods(one) for one in family.classes)
        if len(rest) > 1 or is_method or not levels or not self._defines(unit):
            return Level.ANY
        is_member = any(base.name.startswith("enum.") for base in family.outside)
        if is_member and Level.ANY not in levels:
            return Level.OUTSIDE if self._records.is_record(unit) else Level.VALUE
        return min(levels)

    def _names_type(self, node: ast.Name | ast.Attribute, at: At) -> bool:
        path = dotted(node)
        is_own = not path or path[0] in at.own or self._modules.after(path, at.module) != ()
        if is_own or self.level(node, at) < Level.VALUE:
            return False
        parts = [
            (part, unit) for unit in definitions(self.find(path, at)) for part in self._modules.bound(unit)
        ]
        return all(
            isinstance(part, ast.ClassDef)
            or (isinstance(part, ast.Assign | ast.AnnAssign) and self._is_alias(part.value, At(unit.module)))
            for part, unit in parts
        )

    def _is_alias(self, value: ast.expr | None, at: At) -> bool:
        return value is not None and self.is_type(value, at)

    def _of_call(self, node: ast.Call, at: At) -> Level:
        path = dotted(node.func)
        found = self.find(path, at) if path and path[0] not in at.own else ()
        is_outside = any(to.kind == "outside" for to in found)
        if isinstance(node.func, ast.Attribute) and node.func.attr in READERS and not is_outside:
            is_join = node.func.attr == "join"
            level = self.level(node.func.value, at)
            return _done(min(self._of_given(node, at, is_join), level)) if level >= Level.DATA else Level.ANY
        if not path or path[0] in at.own:
            return Level.ANY
        if are_among(MAKERS, found):
            return self._of_maker(node, found, at)
        is_kept = all(self._records.keeps(to) for to in found)  # also of what is left out
        words = [word.value for word in node.keywords]
        is_kept = is_kept and self._are_operable(
            [word.value for word in node.keywords if word.arg is None], at
        )
        return min(Level.VALUE, self._lowest([*node.args, *words], at)) if is_kept else Level.ANY

    def _of_maker(self, node: ast.Call, found: Sequence[Target], at: At) -> Level:
        named = [word.value for word in node.keywords if word.arg not in UNCALLED]
        given = _done(self._of_given(node, at, are_among(ITERATING, found)))
        if self._lowest(named, at) < Level.LITERAL:
            return Level.ANY
        return given if all(to.name.startswith("builtins.") for to in found) else min(given, Level.DATA)

    def _of_given(self, node: ast.Call, at: At, is_iterating: bool) -> Level:
        """Tell what is known of what a call is given, or of what it only goes through."""
        words = [word.value for word in node.keywords]
        if is_iterating and len(node.args) == 1:
            return min(self._of_elements(node.args[0], at), self._lowest(words, at))
        return self._lowest_at_once([*node.args, *words], at)

    def _are_operable_in(self, home: str, owner: ast.ClassDef, nodes: Iterable[ast.expr]) -> bool:
        """Tell whether operators run nothing of the project with what stands in the body of a class."""
        return self._are_operable(nodes, At(home, self.own(owner.body, At(home))))

    def _lowest_at_once(self, nodes: Iterable[ast.expr], at: At) -> Level:
        return min((self._at_once(node, at) for node in nodes), default=Level.LITERAL)

    def _of_elements(self, node: ast.expr, at: At) -> Level:
        """Tell what is known of what is found by going through something; of a table that is its keys."""
        if isinstance(node, ast.Dict) and None not in node.keys:
            return self._lowest(filter(None, node.keys), at) if self.level(node, at) else Level.ANY
        units = definitions(self.find(dotted(node), at)) if isinstance(node, ast.Name) else []
        if len(units) == 1 and dotted(node)[0] not in at.own and self._of_unit(units[0]) == Level.VALUE:
            (value,) = [getattr(part, "value", None) for part in self._modules.bound(units[0])]
            return self._of_elements(value, At(units[0].module)) if isinstance(value, ast.Dict) else Level.ANY
        return self._at_once(node, at)

    def _at_once(self, node: ast.expr, at: At) -> Level:
        """Tell what is known of something that is read where it stands."""
        if isinstance(node, ast.Call) and not node.keywords:
            found = self.find(dotted(node.func), at)
            if are_among(READ_ONCE, found):
                return self._lowest_at_once(node.args, at)
        if not isinstance(node, (*_COMPREHENSIONS, ast.GeneratorExp)):
            return self.level(node, at)
        for loop in node.generators:
            level = self._of_elements(loop.iter, at)
            targets = [part for part in ast.walk(loop.target) if not isinstance(part, ast.expr_context)]
            if level < Level.OUTSIDE or not all(isinstance(part, ast.Name | ast.Tuple) for part in targets):
                return Level.ANY
            names = {part.id: level for part in targets if isinstance(part, ast.Name)}
            at = At(at.module, {**at.own, **names})
            if not self._are_operable(loop.ifs, at):
                return Level.ANY
        if isinstance(node, ast.DictComp):
            return self.level(node.value, at) if self._is_key(node.key, at) else Level.ANY
        level = self.level(node.elt, at)
        return _done(level) if isinstance(node, ast.SetComp) else level


def _done(level: Level) -> Level:
    """Tell what is known of what something is done with."""
    return level if level >= Level.OUTSIDE else Level.ANY


def _read(level: Level, path: tuple[str, ...]) -> Level:
    """Tell what is known of an attribute of something: it may be a method."""
    return min(_done(level), Level.OUTSIDE) if path else level
