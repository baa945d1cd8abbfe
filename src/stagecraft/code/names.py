"""The names that code binds, scope by scope, and where imported ones come from."""

import ast
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from stagecraft.code.nodes import children, dotted, with_defaults


class Ref(NamedTuple):
    """A name as code says it: the module that it starts from, "" for the one at hand, and the way on."""

    module: str
    path: tuple[str, ...]

    def on(self, *names: str) -> "Ref":
        """Go on from here."""
        return Ref(self.module, (*self.path, *names))


def imported(node: ast.AST, package: str) -> Iterator[tuple[str, Ref]]:
    """List the names that an import binds; a star is one."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, Ref(alias.name, ())) if alias.asname else (top, Ref(top, ()))
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: 1 - node.level or None] if node.level else []
        module = ".".join([*above, *filter(None, [node.module])])
        for alias in node.names:
            yield alias.asname or alias.name, Ref(module, (alias.name,))


def taken(node: ast.AST, package: str) -> Iterator[Ref]:
    """List what an import takes: whole modules, and names of modules."""
    if isinstance(node, ast.Import):
        yield from (Ref(alias.name, ()) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (ref for _, ref in imported(node, package))


def loaded(node: ast.AST, package: str) -> Iterator[str]:
    """List the modules that an import runs, and what it takes from them, which may be modules too."""
    for ref in taken(node, package):
        yield from dict.fromkeys((ref.module, ".".join((ref.module, *ref.path))))


def bound(nodes: Iterable[ast.AST], package: str) -> dict[str, tuple[Ref, ...]]:
    """List the names that code binds in its own scope, each with what it is imported from."""
    names: dict[str, tuple[Ref, ...]] = {}
    outer: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                names.setdefault(node.id, ())
        elif isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        elif type(node) in _BINDING:
            for name, ref in _bound_by(node, package):
                names[name] = names.get(name, ()) + ((ref,) if ref else ())
        waiting += _same_scope(node) if type(node) in _SCOPING else children(node)
    return {name: refs for name, refs in names.items() if name not in outer}


class Scopes:
    """The scopes around a place in code; none at a module's own level.

    Args:
        package: what relative imports are relative to.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        # From the outside in: the names of each, with what they are imported from.
        self._inner: list[dict[str, tuple[Ref, ...]]] = []

    def __bool__(self) -> bool:
        return bool(self._inner)

    @contextmanager
    def inside(self, parameters: Iterable[str], body: Iterable[ast.AST]) -> Iterator[Collection[str]]:
        """Go into the scope that has these parameters and this body, and tell which names the body binds."""
        names = bound(body, self.package)
        self._inner.append(dict.fromkeys(parameters, ()) | names)
        yield names
        self._inner.pop()

    def lookup(self, name: str) -> tuple[Ref, ...]:
        """Find what a name may mean; nothing that counts where it is a local one."""
        for scope in reversed(self._inner):
            if name in scope:
                return scope[name]
        return (Ref("", (name,)),)

    def meaning(self, node: ast.expr) -> tuple[Ref, ...] | None:
        """Find what an expression may mean; None where that can't be told."""
        names = dotted(node.value if isinstance(node, ast.Subscript) else node)
        if not names:
            return None
        refs = tuple(ref.on(*names[1:]) for ref in self.lookup(names[0]))
        return refs if refs or names[0] in {"self", "cls"} else None


# Nodes besides names that may bind some.
_BINDING = {
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
}
# Nodes of which not all belongs to the scope that they stand in.
_SCOPING = {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.comprehension}


def _bound_by(node: ast.AST, package: str) -> Iterator[tuple[str, Ref | None]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case ast.Import() | ast.ImportFrom():
            yield from imported(node, package)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name, None
        case ast.MatchMapping(rest=str(name)):
            yield name, None
        case ast.Global(names=names):
            yield from ((name, Ref("", (name,))) for name in names)


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """List the parts of a node with a scope of its own that belong to the scope around it."""
    match node:
        case (
            ast.FunctionDef(args=args, decorator_list=decorators)
            | ast.AsyncFunctionDef(args=args, decorator_list=decorators)
        ):
            yield from (*decorators, *defaults(args))
        case ast.Lambda(args=args):
            yield from defaults(args)
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *node.keywords)
        case ast.comprehension():
            yield from (node.iter, *node.ifs)


def at_once(node: ast.AST) -> Iterator[ast.AST]:
    """List a node and all in it that runs with it: no bodies and no decorators of functions, no hints."""
    yield node
    match node:
        case ast.FunctionDef(args=args) | ast.AsyncFunctionDef(args=args) | ast.Lambda(args=args):
            inner: Iterable[ast.AST] = defaults(args)
        case ast.AnnAssign(target=target, value=value):
            inner = filter(None, (target, value))
        case _:
            inner = children(node)
    for child in inner:
        yield from at_once(child)


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """List the default values of a function's parameters."""
    return [default for _, default in with_defaults(arguments)]
