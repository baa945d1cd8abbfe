"""Names that a module uses and that nothing in it gives: a forgotten import, a slip of the pen."""

import ast
import builtins
import dis
import symtable
from collections.abc import Iterator
from importlib.util import decode_source
from types import CodeType
from typing import NamedTuple

from stagecraft.code.missing import UNSEEN
from stagecraft.code.parsing import parse
from stagecraft.code.source import Module


class Undefined(NamedTuple):
    """A name that nothing gives; `known` are those of its module, and `line` is where it is used first."""

    name: str
    known: tuple[str, ...]
    line: int


def undefined_in(module: Module) -> Undefined | None:
    """Find a name that a module uses and that neither it nor Python gives, in whatever function.

    Python's own table of symbols says what is which. Nothing is told of a module that may get names unseen,
    or that is ready for one that is not there.
    """
    if module.file is None or module.stars or any(map(module.names, (*UNSEEN, "NameError", "import *"))):
        return None
    source = decode_source(module.source)
    top = symtable.symtable(source, str(module.file), "exec")
    given = {*vars(builtins), *(name for table in _all(top) for name in _given(table))}
    for table in _all(top):
        for symbol in table.get_symbols():
            is_asked = symbol.is_referenced() and (table is top or symbol.is_global())
            if is_asked and symbol.get_name() not in given and "__" not in symbol.get_name():
                name = symbol.get_name()
                return Undefined(name, tuple(_given(top)), min(_loads(source, name), default=1))
    inner = {symbol.get_name() for table in _all(top) for symbol in table.get_symbols() if symbol.is_local()}
    unknown = (name for name in _hinting(module) if name.id not in given | inner)
    return next((Undefined(name.id, tuple(_given(top)), name.lineno) for name in unknown), None)


def _all(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _all(inner)


def _given(table: symtable.SymbolTable) -> Iterator[str]:
    """List the names of a module that a part of it binds."""
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        is_bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        if is_bound and (is_module or symbol.is_declared_global()):
            yield symbol.get_name()


def _hinting(module: Module) -> Iterator[ast.Name]:
    """List the names in annotations, also in those that are text, which Python asks nobody for."""
    for node in (part for statement in module.statements for part in ast.walk(statement)):
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if hint:
                yield from (part for part in ast.walk(_told(hint)) if isinstance(part, ast.Name))


def _told(hint: ast.expr) -> ast.AST:
    """Read an annotation that is text; its names stand where it does."""
    text = hint.value if isinstance(hint, ast.Constant) else None
    if not isinstance(text, str):
        return hint
    try:
        told: ast.AST = parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return hint
    for part in ast.walk(told):
        ast.copy_location(part, hint)
    return told


def _loads(source: str, name: str) -> list[int]:
    """List the lines where a name of the module, and not one that a function has for itself, is asked for."""
    codes = [compile(source, "", "exec")]
    for code in codes:  # which grows meanwhile
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
    steps = (step for code in codes for step in dis.get_instructions(code))
    found = (step for step in steps if step.argval == name and step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    return [step.positions.lineno for step in found if step.positions and step.positions.lineno]
