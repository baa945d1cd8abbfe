"""A definition's syntax as far as it counts: no docstrings, no type hints of functions, no recording."""

import ast
import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from stagecraft.code.nodes import Function, called, changed, named, parameters, text_of

# Decorators that leave the hints of a function alone.
_UNREADING = {
    (name,)
    for name in (
        *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "lru_cache"),
        *("no_grad", "overload", "override", "property", "setter", "staticmethod", "wraps"),
    )
}


class Recording(NamedTuple):
    """What is no part of a result: calls of these methods on a parameter of the recorder's type."""

    recorder: str
    calls: frozenset[str]


class Plain(NamedTuple):
    """What counts of statements.

    Attributes:
        statements: them, without what does not count.
        records: calls that record were left out.
    """

    statements: list[ast.stmt]
    records: bool


def plain(statements: Iterable[ast.stmt], recording: Recording) -> Plain:
    """Leave out of statements what does not count; the statements themselves stay as they are."""
    visitor = _Plain(recording)
    kept = [visitor.visit(statement) for statement in statements]
    return Plain([statement for statement in kept if statement], visitor.records)


def digest(statements: Iterable[ast.stmt], more: Iterable[str] = ()) -> str:
    """Digest statements, and what else there is to them, in 16 hexadecimal digits."""
    text = "\n".join([*map(_write, statements), *more])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _write(part: Any) -> str:
    """Write syntax as `ast.dump` does, but faster, and without the `u` of `u"text"`."""
    kind = type(part)
    if kind is ast.Name:
        return f"Name({part.id!r},{type(part.ctx).__name__}())"
    if kind is ast.Constant:
        return repr(part.value)
    if kind is list:
        return f"[{','.join(map(_write, part))}]"
    if isinstance(part, ast.AST):
        fields = [_write(getattr(part, name, None)) for name in part._fields]
        return f"{kind.__name__}({','.join(fields)})"
    return repr(part)


class _Plain(ast.NodeVisitor):
    """Copies what it changes and shares the rest, for the same tree is read in more than one way."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.records = False
        self.recorders: frozenset[str] = frozenset()
        self.in_class = False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        changes = {}
        for name in node._fields:
            old = getattr(node, name, None)
            new = self._part(old)
            if new is not old:
                changes[name] = new
        return changed(node, **changes) if changes else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        documents = text_of(node.value) is not None
        return None if documents or self._is_recording(node.value) else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if self.in_class:
            return self.generic_visit(node)
        return self.generic_visit(ast.Assign([node.target], node.value)) if node.value else None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(None) if self._is_recording(node) else self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return changed(
            node,
            decorator_list=self._part(node.decorator_list),
            bases=self._part(node.bases),
            keywords=self._part(node.keywords),
            body=self._inside(node.body, self.recorders, in_class=True),
        )

    def visit_FunctionDef(self, node: Function) -> ast.AST:
        """Take the hints out of a function's head, and recording out of its body."""
        inner = self._hidden(node.args) | _recorders(node, self.recording.recorder)
        # What decorates a function may read its hints.
        is_read = any(called(mark)[-1:] not in _UNREADING for mark in node.decorator_list)
        arguments = self._part(node.args)
        return changed(
            node,
            decorator_list=self._part(node.decorator_list),
            args=arguments if is_read else _without_hints(arguments),
            returns=None,
            type_params=[],
            body=self._inside(node.body, inner, in_class=False),
        )

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        body = self._inside(node.body, self._hidden(node.args), in_class=False)
        return changed(node, args=self._part(node.args), body=body)

    def _hidden(self, arguments: ast.arguments) -> frozenset[str]:
        """Name the recorders around a function that its own parameters do not hide."""
        return self.recorders - {parameter.arg for parameter in parameters(arguments)}

    def _inside(self, part: Any, recorders: frozenset[str], in_class: bool) -> Any:
        outside = self.recorders, self.in_class
        self.recorders, self.in_class = recorders, in_class
        inside = self._part(part)
        self.recorders, self.in_class = outside
        return inside

    def _part(self, part: Any) -> Any:
        # Without a recorder nothing in an expression can change.
        if isinstance(part, ast.expr) and not self.recorders:
            return part
        if isinstance(part, ast.AST):
            return self.visit(part) if part._fields else part
        if not isinstance(part, list):
            return part
        pairs = [(self._part(old), old) for old in part]
        if all(new is old for new, old in pairs):
            return part
        # `**mapping` and a keyword without a default have None in their place.
        return [new for new, old in pairs if new is not None or old is None]

    def _is_recording(self, node: ast.expr) -> bool:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return False
        if node.func.attr not in self.recording.calls or _root(node) not in self.recorders:
            return False
        # One that also assigns or waits does more than record.
        more = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
        records = not any(isinstance(part, more) for part in ast.walk(node))
        self.records |= records
        return records


def _without_hints(part: Any) -> Any:
    """Take the hints out of a function's parameters."""
    if isinstance(part, ast.arguments):
        return changed(part, **{name: _without_hints(getattr(part, name)) for name in part._fields})
    if isinstance(part, list):
        return list(map(_without_hints, part))
    return changed(part, annotation=None) if isinstance(part, ast.arg) and part.annotation else part


def _root(node: ast.expr) -> str | None:
    """Name what a chain of attributes and calls starts from."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _recorders(node: Function, recorder: str) -> frozenset[str]:
    """Name a function's parameters that are recorders, and stay so."""
    found = {
        parameter.arg
        for parameter in parameters(node.args)
        if parameter.annotation and any(names[-1] == recorder for names in named(parameter.annotation))
    }
    if not found:
        return frozenset()
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return frozenset(found - {name.id for name in names if not isinstance(name.ctx, ast.Load)})
