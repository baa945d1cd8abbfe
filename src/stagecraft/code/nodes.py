"""Small readings of syntax that all of this package shares."""

import ast
from collections.abc import Iterator
from typing import Any, TypeGuard, TypeVar

from stagecraft.code.parsing import parse

_Node = TypeVar("_Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Fields that hold text, or nodes without parts.
_FLAT = {"arg", "attr", "ctx", "id", "kind", "op", "ops", "type_comment"}
# The other fields, by the type of a node.
_INNER = {
    kind: tuple(name for name in kind._fields if name not in _FLAT)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def is_function(node: ast.AST) -> TypeGuard[Function]:
    """Whether a node defines a function."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """List what stands in a function's body, but for what stands in functions and classes there."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def is_lazy(node: ast.AST) -> bool:
    """Tell whether a call of a function only makes a coroutine or a generator."""
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    own = own_nodes(node) if isinstance(node, ast.FunctionDef) else ()
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in own)


def changed(node: _Node, **changes: Any) -> _Node:
    """Copy a node with some of its fields changed."""
    fields = {name: getattr(node, name, None) for name in node._fields}
    copy = type(node)(**fields | {name: value for name, value in changes.items() if name in fields})
    return ast.copy_location(copy, node)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """List all parameters of a function."""
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def with_defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """List the parameters of a function that have a default, with it."""
    places = [*arguments.posonlyargs, *arguments.args]
    late = zip(places[len(places) - len(arguments.defaults) :], arguments.defaults, strict=True)
    alone = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [*late, *((arg, default) for arg, default in alone if default)]


def children(node: ast.AST) -> list[ast.AST]:
    """List the nodes right inside a node, in order, but for contexts and operators, which have no parts."""
    found: list[ast.AST] = []
    for name in _INNER[type(node)]:
        part = getattr(node, name, None)
        if isinstance(part, ast.AST):
            found.append(part)
        elif isinstance(part, list):
            found += [inner for inner in part if isinstance(inner, ast.AST)]
    return found


def dotted(node: ast.AST) -> tuple[str, ...]:
    """Split `a.b.c` into its names; anything else has none."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def called(node: ast.expr) -> tuple[str, ...]:
    """Split `a.b`, `a.b(…)` and `a.b[…]` into names."""
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return dotted(node.value if isinstance(node, ast.Subscript) else node)


def spelled(node: ast.expr) -> str:
    """Write an expression as text; most are names, which `ast.unparse` takes long for."""
    return ".".join(dotted(node)) or ast.unparse(node)


def text_of(node: ast.AST | None) -> str | None:
    """Return the text that an expression literally is."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_text(node: ast.AST) -> bool:
    """Tell whether a statement is a text alone, such as a docstring."""
    return isinstance(node, ast.Expr) and text_of(node.value) is not None


def is_special(name: str) -> bool:
    """Tell whether Python itself may call what has this name, or an Enum."""
    return name.startswith("_") and name.endswith("_")


def named(annotation: ast.expr) -> Iterator[tuple[str, ...]]:
    """List the names in an annotation, those in its strings too, but none of its literals."""
    if names := dotted(annotation):
        yield names
    elif text := text_of(annotation):
        try:
            yield from named(parse(text, mode="eval").body)
        except (SyntaxError, ValueError, MemoryError, RecursionError):  # it is no type, but a text
            return
    elif not (isinstance(annotation, ast.Subscript) and dotted(annotation.value)[-1:] == ("Literal",)):
        for child in children(annotation):
            if isinstance(child, ast.expr):
                yield from named(child)
