"""A file of the project: parsed, never imported."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from stagecraft.code.names import Ref, bound, imported, loaded
from stagecraft.code.nodes import children, dotted, is_function, text_of
from stagecraft.code.parsing import parse
from stagecraft.errors import UsageError

_IMPORTS = (ast.Import, ast.ImportFrom)


class CodeError(UsageError):
    """Code can't be followed: it is not there, or is no Python."""


class Module:
    """A file of the project, or a folder of modules.

    Attributes:
        package: what its relative imports are relative to.
        folder: where it lies.
        file: its own; None if it is a folder alone.
        bound: its names, each with the statements that bind it and with what it is imported from.
        stars: modules whose names it takes over.
        hinted: what it imports for type checkers alone.
        statements: those that run on import.
        times: how many of them bind a name.
    """

    def __init__(self, name: str, folder: Path, file: Path | None) -> None:
        self.name, self.folder, self.file = name, folder, file
        is_package = file is None or file.name == "__init__.py"
        self.package = name if is_package else name.rpartition(".")[0]
        self.bound: dict[str, tuple[list[ast.stmt], list[Ref]]] = {}
        self.stars: list[str] = []
        self.hinted: dict[str, tuple[Ref, ...]] = {}
        self.times: Counter[str] = Counter()
        self._tree = _parse(file) if file else ast.Module([], [])
        self.statements = list(_alive(self._tree.body))
        for statement in self.statements:
            self._add(statement)
        for statement in self._tree.body:
            if isinstance(statement, ast.If) and _is_false(statement.test):
                self.hinted |= bound(statement.body, self.package)

    @cached_property
    def loads(self) -> frozenset[str]:
        """The modules, and names that may be modules, that it imports when it is imported itself."""
        statements = list(self.statements)
        for statement in statements:  # which grows meanwhile
            statements += [] if is_function(statement) else inside(statement)
        return frozenset(name for part in statements for name in loaded(part, self.package))

    def imports(self) -> Iterator[Ref]:
        """List all that is imported anywhere in it."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                yield from (Ref(alias.name, ()) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (ref for _, ref in imported(node, self.package))

    def _add(self, statement: ast.stmt) -> None:
        for name, refs in bound([statement], self.package).items():
            if name == "*":
                self.stars += [ref.module for ref in refs]
                continue
            self.times[name] += 1
            statements, sources = self.bound.setdefault(name, ([], []))
            statements += [] if isinstance(statement, _IMPORTS) else [statement]
            sources += refs


def _parse(file: Path) -> ast.Module:
    try:
        return parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise CodeError(f"{file}:{error.lineno}: {error.msg}; no key can be made from this code") from None
    except (OSError, ValueError) as error:
        raise CodeError(f"{file} can't be read: {error}") from None


def _alive(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Leave out what only type checkers see, and what only runs as a program."""
    for statement in statements:
        if isinstance(statement, ast.If) and _is_false(statement.test):
            yield from _alive(statement.orelse)
        elif isinstance(statement, ast.If) and _is_true(statement.test):
            yield from _alive(statement.body)
        else:
            yield statement


def _is_false(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
        sides = [test.left, *test.comparators]
        return {dotted(side) or text_of(side) for side in sides} == {("__name__",), "__main__"}
    return dotted(test)[-1:] == ("TYPE_CHECKING",)


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_false(test.operand)


def inside(node: ast.AST) -> list[ast.stmt]:
    """List the statements right inside a statement."""
    found = []
    for child in children(node):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found += inside(child)
    return found
