"""Private names, as Python itself reads them: in a class, `__price` means `_Apple__price`."""

import ast
import re
from collections.abc import Iterable, Iterator

# None stands in most files.
_PRIVATE = re.compile(rb"\b__\w*[^\W_]_?\b")
# The fields of nodes that hold names which it reads so.
_NAMES = ("attr", "id", "name", "names", "rest")


def with_private_names(tree: ast.Module, source: bytes) -> ast.Module:
    """Write private names out in a syntax tree.

    Args:
        source: what it was read from.
    """
    if _PRIVATE.search(source):
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        names = [node.name.lstrip("_") for node in classes]
        for node, name in zip(classes, names, strict=True):
            for part in _within(node.body) if name else ():
                _write_out(part, name)
    return tree


def _within(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """List nodes and what stands in them, but for the bodies of classes there."""
    for node in nodes:
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _within([*node.decorator_list, *node.bases, *node.keywords])
        else:
            yield from _within(ast.iter_child_nodes(node))


def _write_out(node: ast.AST, owner: str) -> None:
    if isinstance(node, ast.alias):
        node.asname = node.asname or (node.name if _is_private(node.name) else None)
        fields: tuple[str, ...] = ("asname",)
    else:
        fields = ("arg", *_NAMES) if isinstance(node, ast.arg) else _NAMES
    for field in fields:
        held = getattr(node, field, None)
        if isinstance(held, list):
            setattr(node, field, [_written(name, owner) for name in held])
        elif isinstance(held, str):
            setattr(node, field, _written(held, owner))


def _written(name: object, owner: str) -> object:
    return f"_{owner}{name}" if isinstance(name, str) and _is_private(name) else name


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__") and "." not in name
