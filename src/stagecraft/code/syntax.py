"""A definition's syntax as far as it counts: no docstrings, no recording, and no messages of errors alone."""

import ast
import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from stagecraft.code.messages import silenced
from stagecraft.code.nodes import Function, changed, is_text, named, parameters

Test = Callable[[tuple[str, ...]], bool]


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


def to_plain(statements: Iterable[ast.stmt], recording: Recording, is_recorder: Test) -> Plain:
    """Leave recording out of statements; the statements themselves stay as they are.

    Args:
        is_recorder: tells whether a name leads to the recorder's type.
    """
    visitor = _Plain(recording, is_recorder)
    kept = [visitor.visit(statement) for statement in statements]
    return Plain([statement for statement in kept if statement], visitor.records)


def digest_statements(
    statements: Iterable[ast.stmt], more: Iterable[str] = (), is_silent: bool = False
) -> str:
    """Digest statements, and what else there is to them, in 16 hexadecimal digits.

    Args:
        is_silent: the messages of errors that they raise do not count.
    """
    text = "\n".join([*(_write(part, is_silent) for part in statements), *more])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _write(part: Any, is_silent: bool) -> str:
    """Write syntax as `ast.dump` does, but faster, and without the `u` of `u"text"`."""
    kind = type(part)
    if kind is ast.Name:
        return f"Name({part.id!r},{type(part.ctx).__name__}())"
    if kind is ast.Constant:
        return repr(part.value)
    if kind is list:
        return f"[{','.join(_write(inner, is_silent) for inner in part if not is_text(inner))}]"
    if kind is ast.Raise and is_silent:
        part = silenced(part)
    if isinstance(part, ast.AST):
        fields = [_write(getattr(part, name, None), is_silent) for name in part._fields]
        return f"{kind.__name__}({','.join(fields)})"
    return repr(part)


class _Plain(ast.NodeVisitor):
    """Copies what it changes and shares the rest, for the same tree is read in more than one way."""

    def __init__(self, recording: Recording, is_recorder: Test) -> None:
        self.recording, self.is_recorder = recording, is_recorder
        self.records = False
        self.recorders: frozenset[str] = frozenset()

    def generic_visit(self, node: ast.AST) -> ast.AST:
        changes = {}
        for name in node._fields:
            old = getattr(node, name, None)
            new = self._part(old)
            if new is not old:
                changes[name] = new
        return changed(node, **changes) if changes else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if self._is_recording(node.value) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(None) if self._is_recording(node) else self.generic_visit(node)

    def visit_FunctionDef(self, node: Function) -> ast.AST:
        """Take recording out of a function's body."""
        inner = self._hidden(node.args) | _recorders(node, self.is_recorder)
        return changed(
            node,
            decorator_list=self._part(node.decorator_list),
            args=self._part(node.args),
            body=self._inside(node.body, inner),
        )

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        body = self._inside(node.body, self._hidden(node.args))
        return changed(node, args=self._part(node.args), body=body)

    def _hidden(self, arguments: ast.arguments) -> frozenset[str]:
        """Name the recorders around a function that its own parameters do not hide."""
        return self.recorders - {parameter.arg for parameter in parameters(arguments)}

    def _inside(self, part: Any, recorders: frozenset[str]) -> Any:
        outside, self.recorders = self.recorders, recorders
        inside = self._part(part)
        self.recorders = outside
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


def _root(node: ast.expr) -> str | None:
    """Name what a chain of attributes and calls starts from."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _recorders(node: Function, is_recorder: Test) -> frozenset[str]:
    """Name a function's parameters that are recorders, and stay so."""
    found = {
        parameter.arg
        for parameter in parameters(node.args)
        if parameter.annotation and any(map(is_recorder, named(parameter.annotation)))
    }
    if not found:
        return frozenset()
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return frozenset(found - {name.id for name in names if not isinstance(name.ctx, ast.Load)})
