"""What an expression in a function comes to that is the same whatever the function is given."""

import ast
from collections.abc import Callable, Collection, Iterator, Sequence

from stagecraft.code.nodes import called, with_defaults

Body = Sequence[ast.AST]
# These make what was not there before, so whatever lies in it is the function's own.
_FRESH = {("NamedTemporaryFile",), ("TemporaryDirectory",), ("mkdtemp",), ("mkstemp",)}


def fixed(
    node: ast.expr, body: Body, is_outside: Callable[[str], bool], seen: Collection[str] = ()
) -> ast.expr | None:
    """Find the expression behind another one, be it by local names, that no parameter changes.

    Of several values that a name may have, one that is fixed is enough.

    Args:
        body: the function that it stands in, with its parameters.
        is_outside: tells whether a name is none of the function's own.
        seen: local names that are looked up already.
    """
    if any(called(part)[-1:] in _FRESH for part in ast.walk(node) if isinstance(part, ast.Call)):
        return None
    if isinstance(node, ast.Name) and not is_outside(node.id):
        values = () if node.id in seen else _values(body, node.id)
        return next(filter(None, (fixed(one, body, is_outside, {*seen, node.id}) for one in values)), None)
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name) and part is not node]
    return node if all(fixed(name, body, is_outside, seen) for name in names) else None


def _values(body: Body, name: str) -> Iterator[ast.expr]:
    """List what a local name is bound to, or a part of it."""
    for part in (found for top in body for found in ast.walk(top)):
        if isinstance(part, ast.arguments):
            yield from (default for arg, default in with_defaults(part) if arg.arg == name)
            continue
        for targets, value in _bindings(part):
            if value and any(isinstance(bound, ast.Name) and bound.id == name for bound in targets):
                yield value


def _bindings(node: ast.AST) -> Iterator[tuple[Iterator[ast.AST], ast.expr | None]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield (part for target in targets for part in ast.walk(target)), value
        case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield ast.walk(target), value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield ast.walk(target), value
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield ast.walk(target), value
