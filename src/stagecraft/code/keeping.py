"""By which of its names a module may keep something from one call of its functions to another."""

import ast
import re
from collections.abc import Callable

from stagecraft.code.names import defaults
from stagecraft.code.nodes import called
from stagecraft.code.source import Module
from stagecraft.code.uses import uses

# What keeps what it has once been asked for, or where it has come to.
_KEEPING = re.compile("cache|memo|^(count|cycle|enumerate|filter|iter|map|reversed|zip)$", re.IGNORECASE)
_CONTAINERS = frozenset({"Counter", "OrderedDict", "defaultdict", "deque", "dict", "list", "set"})
_FILLED = (ast.Call, ast.Dict, ast.List, ast.Set)


def kept_in(module: Module, is_own: Callable[[str], bool]) -> frozenset[str]:
    """List the names of a module by which its functions may keep something.

    Args:
        is_own: tells whether what a name leads to is the project's.
    """
    filled = set[str]()
    for statement in module.statements:
        found = uses([statement], module.package)
        filled |= found.rebound.keys()
        filled |= {ref.path[0] for ref, _, at_import in found.changes if not (ref.module or at_import)}
    return frozenset(
        name
        for name, (parts, _) in module.bound.items()
        if (parts and name in filled) or any(_keeps(part, is_own) for part in parts)
    )


def _keeps(node: ast.stmt, is_own: Callable[[str], bool]) -> bool:
    """Tell whether what a statement defines may keep something: what is cached, iterated over, or made."""
    match node:
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args):
            makers: list[ast.expr] = node.decorator_list
            is_filled = any(isinstance(default, _FILLED) for default in defaults(args))
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            makers = [part.func for part in ast.walk(value or node) if isinstance(part, ast.Call)]
            is_filled = isinstance(value, ast.GeneratorExp) or _is_to_be_filled(value)
        case ast.ClassDef(body=body):
            makers = []
            is_filled = any(_is_to_be_filled(getattr(part, "value", None)) for part in body) or any(
                isinstance(part, ast.Attribute)
                and not isinstance(part.ctx, ast.Load)
                and called(part.value) in {("cls",), ("type",), (node.name,)}
                for part in ast.walk(node)
            )
        case _:
            return False
    names = [called(maker) for maker in makers]
    return is_filled or any(_KEEPING.search(name[-1]) or is_own(name[0]) for name in names if name)


def _is_to_be_filled(value: ast.expr | None) -> bool:
    """Tell whether a value is a container with nothing in it."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=func):
            return not _CONTAINERS.isdisjoint(called(func)[-1:])
    return False
