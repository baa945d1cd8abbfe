"""Decisions of a walk by what asks a handle nothing, so that it can't refuse: told from the walk's syntax.

Only names that are bound by `run(…)` and by nothing else are known to be handles, and parts of them.
"""

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from inspect import unwrap
from pathlib import Path
from types import CodeType
from typing import Any

from stagecraft.code.nodes import Function, is_function
from stagecraft.code.parsing import parse
from stagecraft.errors import WiringError, shown
from stagecraft.pipeline.handle import undecided

_ASKING = frozenset({"callable", "hasattr", "hash", "id", "isinstance", "type"})


def check_decisions(walk: Callable[..., Any]) -> None:
    """See that no decision of a walk hangs on what a handle is, as by `is`, `match` or `isinstance`.

    Raises:
        WiringError: one does.
    """
    code: CodeType | None = getattr(unwrap(walk), "__code__", None)
    function = _definition(code.co_filename, code.co_firstlineno) if code else None
    if not (code and function and function.args.args):
        return
    run = function.args.args[0].arg
    handles = _handles(function, run)
    for node in ast.walk(function):
        for asked in _asked(node):
            if _is_handle(asked, handles, run):
                place = f"{shown(code.co_filename)}:{asked.lineno}"
                raise WiringError(f"{place}: {undecided(ast.unparse(asked))}")


def _definition(file: str, line: int) -> Function | None:
    """Find a function by its first line; None where there is no source."""
    try:
        tree = parse(Path(file).read_bytes(), file)
    except (OSError, SyntaxError, ValueError):
        return None
    functions = filter(is_function, ast.walk(tree))
    return next((node for node in functions if min(map(_line, (node, *node.decorator_list))) == line), None)


def _line(node: ast.stmt | ast.expr) -> int:
    return node.lineno


def _asked(node: ast.AST) -> Iterator[ast.expr]:
    """List what a node decides by."""
    match node:
        case ast.Compare() if any(isinstance(one, ast.Is | ast.IsNot) for one in node.ops):
            yield from (node.left, *node.comparators)
        case ast.Match(subject=ast.Tuple(elts=subjects)):
            yield from subjects
        case ast.Match(subject=subject):
            yield subject
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _ASKING:
            yield first


def _handles(function: Function, run: str) -> Collection[str]:
    """Name the variables that are bound to handles alone."""
    values: dict[str, list[ast.expr]] = {}
    times: Counter[str] = Counter()
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                times[name] += 1
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values.setdefault(name, []).append(value)
    names = {name for name, several in values.items() if len(several) == times[name]}
    while lost := {name for name in names if not all(_is_handle(one, names, run) for one in values[name])}:
        names -= lost
    return names


def _is_handle(node: ast.expr, handles: Collection[str], run: str) -> bool:
    match node:
        case ast.Name(id=name):
            return name in handles
        case ast.Attribute(value=inner) | ast.NamedExpr(value=inner):
            return _is_handle(inner, handles, run)
        case ast.Call(func=ast.Name(id="getattr"), args=[inner, *_]):
            return _is_handle(inner, handles, run)
        case ast.Call(func=ast.Name(id=name)):
            return name == run
    return False
