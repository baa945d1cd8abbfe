"""What a piece of code uses: the names that are not its own, and the attributes that it reads.

Scopes are told apart as Python does it. Only of a class body's own names nothing is hidden, for until
it binds one, the body sees what stands around it.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stagecraft.code.names import Ref, Scopes, bound, defaults, loaded
from stagecraft.code.nodes import Function, children, dotted, named, parameters, text_of

# Attributes that give access to others by a computed name, and those that read every field at once.
_COMPUTING = frozenset({"__dict__", "__getattribute__", "__getattr__"})
_WHOLE = frozenset({"__dict__", "_asdict", "model_dump", "model_dump_json"})

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Use(NamedTuple):
    """A name that is used.

    Attributes:
        call: where the name is called, the call.
        first: what the call's first argument may mean; None where that can't be told.
    """

    ref: Ref
    call: ast.Call | None = None
    first: tuple[Ref, ...] | None = None


class Uses:
    """What a piece of code uses.

    Attributes:
        names: those that are not its own.
        reads: attributes that it reads.
        stores: attributes that it sets or deletes.
        whole: it reads every field of an object without naming them.
        bases: what the classes inside it inherit from.
        loads: modules, and names that may be modules, that it imports.
    """

    def __init__(self) -> None:
        self.names: set[Use] = set()
        self.reads: set[str] = set()
        self.stores: set[str] = set()
        self.whole = False
        self.bases: set[Ref] = set()
        self.loads: set[str] = set()


def uses(statements: Sequence[ast.stmt], package: str) -> Uses:
    """Find out what statements of a module's own level use.

    Args:
        package: what relative imports are relative to.
    """
    reader = _Reader(statements, package)
    for statement in statements:
        reader.visit(statement)
    found = reader.found
    found.whole = found.whole or not _WHOLE.isdisjoint(found.reads)
    return found


def words_in_braces(text: str) -> set[str]:
    """List the attributes that a template may read: in `{a.b}`, `{{ a.b }}`, `{% for b in a.b %}`."""
    inside = re.findall(r"\{([^{}]*)\}", text)
    return {word for part in inside for word in re.findall(r"""[.'"]\s*([A-Za-z_]\w*)""", part)}


class _Reader(ast.NodeVisitor):
    def __init__(self, top: Sequence[ast.stmt], package: str) -> None:
        self.found = Uses()
        self._top, self._scopes = top, Scopes(package)

    def generic_visit(self, node: ast.AST) -> None:
        for child in children(node):
            self.visit(child)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.found.loads.update(loaded(node, self._scopes.package))

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(self._scopes.lookup(node.id))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._use(self._chain(node))

    def visit_Call(self, node: ast.Call) -> None:
        if self._is_literal_getattr(node):
            self._use(self._chain(node))
            return
        first = self._scopes.meaning(node.args[0]) if node.args else ()
        for ref in self._chain(node.func):
            # Outside of functions the names at hand are the module's.
            frame = not self._scopes and not node.args and ref.path in {("vars",), ("locals",)}
            self.found.names.add(Use(Ref("builtins", ("globals",)) if frame else ref, node, first))
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def visit_Constant(self, node: ast.Constant) -> None:
        if "{" in (text_of(node) or ""):
            self.found.reads |= words_in_braces(str(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            self.found.reads.add(node.target.attr)
        elif isinstance(node.target, ast.Name):
            self._use(self._scopes.lookup(node.target.id))
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        for names in named(node.annotation):
            self._use(ref.on(*names[1:]) for ref in self._scopes.lookup(names[0]))
        self.generic_visit(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        self.found.reads.update(node.kwd_attrs)
        # Fields by their place; the built-in types have none but themselves.
        self.found.whole |= bool(node.patterns) and not hasattr(builtins, ".".join(dotted(node.cls)))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._use(ref for refs in bound(node.body, self._scopes.package).values() for ref in refs)
        if node not in self._top:
            self.found.bases.update(ref for base in node.bases for ref in self._scopes.meaning(base) or ())
        self.generic_visit(node)

    def visit_FunctionDef(self, node: Function) -> None:
        for part in (*node.decorator_list, *defaults(node.args)):
            self.visit(part)
        for hint in (parameter.annotation for parameter in parameters(node.args) if parameter.annotation):
            for names in named(hint):
                self._use(ref.on(*names[1:]) for ref in self._scopes.lookup(names[0]))
        self._visit_in(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in defaults(node.args):
            self.visit(part)
        self._visit_in(node.args, [node.body])

    def visit_ListComp(self, node: Comprehension) -> None:
        # The first iterable is all of a comprehension that stands outside its scope.
        first = node.generators[0].iter
        self.visit(first)
        with self._scopes.inside((), [loop.target for loop in node.generators]):
            for loop in node.generators:
                for part in (loop.target, *([] if loop.iter is first else [loop.iter]), *loop.ifs):
                    self.visit(part)
            for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.visit(part)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def _visit_in(self, arguments: ast.arguments, body: Sequence[ast.AST]) -> None:
        """Visit the body of a function, in its own scope."""
        with self._scopes.inside((parameter.arg for parameter in parameters(arguments)), body):
            for part in body:
                self.visit(part)

    def _use(self, refs: Iterable[Ref]) -> None:
        self.found.names.update(map(Use, refs))

    def _chain(self, node: ast.expr) -> tuple[Ref, ...]:
        """Follow attributes down to the name that they start from, and visit what else there is."""
        if isinstance(node, ast.Name):
            return self._scopes.lookup(node.id)
        if isinstance(node, ast.Attribute):
            (self.found.reads if isinstance(node.ctx, ast.Load) else self.found.stores).add(node.attr)
            if node.attr in _COMPUTING:
                self.found.names.add(
                    Use(Ref("builtins", ("getattr",)), None, self._scopes.meaning(node.value))
                )
            return tuple(ref.on(node.attr) for ref in self._chain(node.value))
        if isinstance(node, ast.Call) and self._is_literal_getattr(node):
            owner, name, *rest = node.args
            self.found.reads.add(str(text_of(name)))
            for part in rest:
                self.visit(part)
            return tuple(ref.on(str(text_of(name))) for ref in self._chain(owner))
        self.visit(node)
        return ()

    def _is_literal_getattr(self, node: ast.Call) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="getattr" | "hasattr" as name), args=[_, ast.Constant(str()), *_]):
                return self._scopes.lookup(name) == (Ref("", (name,)),)
        return False
