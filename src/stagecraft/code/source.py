"""A file of the project: parsed, never imported."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from stagecraft.code.mangling import with_private_names
from stagecraft.code.names import Ref, bound, loaded, taken
from stagecraft.code.nodes import changed, children, dotted, is_function, text_of
from stagecraft.code.parsing import parse
from stagecraft.code.unseen import may_read
from stagecraft.errors import UsageError

Flags = Collection[tuple[str, ...]]

_IMPORTS = (ast.Import, ast.ImportFrom)
# Fields of statements, and of their parts, that hold statements, or parts with some.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
# From what is imported to the flag of type checkers.
_WAYS: dict[tuple[Ref, ...], tuple[str, ...]] = {
    (Ref("typing", ()),): ("TYPE_CHECKING",),
    (Ref("typing", ("TYPE_CHECKING",)),): (),
}


# Texts and comments.
_TEXT = re.compile(
    rb'''"""[\s\S]*?"""|\'{3}[\s\S]*?\'{3}|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*'''
)


class CodeError(UsageError):
    """Code can't be followed: it is not there, or is no Python."""


class Module:
    """A file of the project, or a folder of modules.

    Attributes:
        package: what its relative imports are relative to.
        folder: where it lies.
        file: its own; None if it is a folder alone.
        source: what stands in that.
        bound: its names, each with the statements that bind it and with what it is imported from.
        stars: modules whose names it takes over.
        futures: what it imports from `__future__`, which changes what its code means.
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
        self.futures: list[str] = []
        self.source = _read(file) if file else b""
        self._tree = _parse(self.source, file)
        flags = _flags(self._tree.body) if self.names("TYPE_CHECKING") else ()
        self.statements = list(_alive(self._tree.body, flags))
        for statement in self.statements:
            self._add(statement)
        for statement in self._tree.body:
            if isinstance(statement, ast.If) and _is_false(statement.test, flags):
                self.hinted |= bound(statement.body, self.package)

    @cached_property
    def loads(self) -> tuple[str, ...]:
        """The modules, and names that may be modules, that it imports when it is imported, in order."""
        return tuple(dict.fromkeys(name for part in self.statements for name in self.loads_of(part)))

    def loads_of(self, statement: ast.stmt) -> list[str]:
        """List the modules, and names that may be modules, that a statement of its own imports, in order."""
        statements = [statement]
        for part in statements:  # which grows meanwhile
            statements += [] if is_function(part) else nested(part)
        statements.sort(key=lambda part: part.lineno)
        return [name for part in statements for name in loaded(part, self.package)]

    def line_of(self, name: str) -> int:
        """Find the line where a module, or one below it, is imported; 0 if it is not."""
        for node in ast.walk(self._tree):
            if any(f"{found}.".startswith(f"{name}.") for found in loaded(node, self.package)):
                return getattr(node, "lineno", 0)
        return 0

    def names(self, word: str) -> bool:
        """Tell whether a word stands in it."""
        return word.encode() in self.source

    def unused(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """List the modules from which an import takes what the file, but for texts, names nowhere."""
        idle = [alias for alias in statement.names if not self._says(alias.asname or alias.name)]
        return list(loaded(changed(statement, names=idle), self.package))

    def _says(self, name: str) -> bool:
        """Tell whether a name, with dots or without, stands in it outside of imports, texts and comments."""
        pattern = rf"(?<![\w.]){re.escape(name)}(?!\w)"
        return re.search(pattern.encode(), self._said) is not None

    @cached_property
    def _said(self) -> bytes:
        """What stands in it without imports, texts and comments."""
        lines = self.source.splitlines()
        for statement in (part for part in self.statements if isinstance(part, _IMPORTS)):
            for number in range(statement.lineno - 1, statement.end_lineno or 0):
                lines[number] = b""
        return _TEXT.sub(b" ", b"\n".join(lines))

    @cached_property
    def readers(self) -> frozenset[str]:
        """The names under which it imports what may open files without an audit event."""
        sources = ((name, ref.path) for name, (_, refs) in self.bound.items() for ref in refs)
        return frozenset(name for name, path in sources if path and may_read(path[-1]))

    @cached_property
    def imports(self) -> tuple[Ref, ...]:
        """All that is imported anywhere in it."""
        nodes = list[ast.AST](self._tree.body)
        for node in nodes:  # which grows meanwhile; expressions import nothing
            nodes += [part for block in _BLOCKS for part in getattr(node, block, ())]
        return tuple(ref for node in nodes for ref in taken(node, self.package))

    @cached_property
    def imported(self) -> frozenset[str]:
        """The modules, and the names that may be modules, that are imported anywhere in it."""
        pairs = ((ref.module, ".".join((ref.module, *ref.path))) for ref in self.imports)
        return frozenset(name for pair in pairs for name in pair if name)

    def _add(self, statement: ast.stmt) -> None:
        for name, refs in bound([statement], self.package).items():
            self.futures += [name for ref in refs if ref.module == "__future__"]
            if name == "*":
                self.stars += [ref.module for ref in refs]
                continue
            self.times[name] += 1
            statements, sources = self.bound.setdefault(name, ([], []))
            statements += [] if isinstance(statement, _IMPORTS) else [statement]
            sources += refs


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CodeError(f"{file} can't be read: {error}") from None


def _parse(source: bytes, file: Path | None) -> ast.Module:
    try:
        return with_private_names(parse(source, str(file)), source)
    except SyntaxError as error:
        raise CodeError(f"{file}:{error.lineno}: {error.msg}; no key can be made from this code") from None
    except ValueError as error:
        raise CodeError(f"{file} can't be read: {error}") from None


def _flags(statements: Iterable[ast.stmt]) -> set[tuple[str, ...]]:
    """List the names that stand for `typing.TYPE_CHECKING`, and for nothing else, in a module."""
    flags: set[tuple[str, ...]] = set()
    others: set[str] = set()
    for statement in statements:
        for name, refs in bound([statement], "").items():
            way = _WAYS.get(refs)
            if way is not None and isinstance(statement, _IMPORTS):
                flags.add((name, *way))
            else:
                others.add(name)
    return {way for way in flags if way[0] not in others}


def _alive(statements: Iterable[ast.stmt], flags: Flags) -> Iterator[ast.stmt]:
    """Leave out what only type checkers see, and what only runs as a program."""
    for statement in statements:
        if isinstance(statement, ast.If) and _is_false(statement.test, flags):
            yield from _alive(statement.orelse, flags)
        elif isinstance(statement, ast.If) and _is_true(statement.test, flags):
            yield from _alive(statement.body, flags)
        else:
            yield statement


def _is_false(test: ast.expr, flags: Flags) -> bool:
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
        sides = [test.left, *test.comparators]
        return {dotted(side) or text_of(side) for side in sides} == {("__name__",), "__main__"}
    return dotted(test) in flags


def _is_true(test: ast.expr, flags: Flags) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_false(test.operand, flags)


def nested(node: ast.AST) -> list[ast.stmt]:
    """List the statements right inside a statement."""
    found = []
    for child in children(node):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found += nested(child)
    return found


def innermost(statements: Iterable[ast.stmt], name: str) -> list[ast.stmt]:
    """List the statements that bind a name, also those within `if`, `try` and the like."""
    found = []
    for statement in statements:
        if name in bound([statement], ""):
            is_scope = is_function(statement) or isinstance(statement, ast.ClassDef)
            within = [] if is_scope else innermost(nested(statement), name)
            found += within or [statement]
    return found
