"""What a piece of code uses: the names that are not its own, and the attributes that it reads.

Scopes are told apart as Python does it. Only of a class body's own names nothing is hidden, for until
it binds one, the body sees what stands around it.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from stagecraft.code import calls
from stagecraft.code.fixed import fixed
from stagecraft.code.messages import HANDLERS
from stagecraft.code.names import Ref, Scopes, bound, defaults, loaded
from stagecraft.code.nodes import Function, called, children, dotted, is_text, named, parameters, text_of
from stagecraft.code.owners import CLASS, Owners, Read, Types, is_of_class
from stagecraft.code.unseen import CHANGED_LEADING, INSIDES, LEADING, LEADING_TEXTS, SAID, may_read

# Attributes that give access to others by a computed name.
_COMPUTING = frozenset({"__dict__", "__getattribute__", "__getattr__"})
# Methods and functions that read every field of an object at once, and tell of its class by their order.
_WHOLE_METHODS = frozenset(
    {"__dict__", "_asdict", "copy", "model_copy", "model_dump", "model_dump_json", "__iter__", "__repr__"}
)
_WHOLE_FUNCTIONS = frozenset(
    {
        *((name,) for name in ("dict", "format", "getattr", "hasattr", "hash", "iter", "list", "print")),
        *((name,) for name in ("repr", "str", "tuple", "vars")),
        *(("copy", "copy"), ("copy", "deepcopy"), ("copy", "replace")),
        *(("dataclasses", name) for name in ("asdict", "astuple", "fields", "replace")),
    }
)

# Files that a statement of SQL opens.
_QUERIED = re.compile(
    r"""\b(?:(?:attach\s+(?:database\s+)?|(?:read|scan)_\w+\s*\(\s*)['"]([^'":]+)"""
    r"""|(?:from|join)\s+['"]([^'":\s]+\.\w+))['"]""",
    re.IGNORECASE,
)
# One that is told later which.
_ATTACHED = re.compile(r"\s*attach\s+(?:database\s+)?[?:@$]", re.IGNORECASE)
# Keywords of loaders with what has them unpickle nothing.
_UNPICKLING = {("allow_pickle", False), ("weights_only", True)}
# What tells no more of a class than what it is called.
_NAMES = frozenset({"__name__", "__qualname__"})
# What a native reader calls a path.
_PATHS = {
    *("f", "file_glob", "filename", "input_file", "path"),
    *("path_or_buf", "path_or_buffer", "path_or_paths", "source", "where"),
}
# Methods of models by which pydantic tells of a class, docstring and all, besides those that are listed.
_SCHEMAS = {"schema", "schema_json"}
# What stands for a file in memory.
_IN_MEMORY = {("BufferReader",), ("BytesIO",), ("StringIO",), ("py_buffer",)}
# Functions that change what they are given first, and methods that change what they are called on.
_SETTERS = frozenset({"delattr", "setattr", "__delattr__", "__setattr__"})
_FILLERS = frozenset(
    {"__delitem__", "__ior__", "__setitem__", "add", "append", "appendleft", "clear", "discard", "extend"}
    | {"insert", "pop", "popitem", "put", "put_nowait", "remove", "reverse", "set", "setdefault", "sort"}
    | {"update", "write"}
)
_CHANGING = _SETTERS | _FILLERS
# By these something is told of others that it uses later.
_REGISTERING = re.compile("register(_|$)")
#: stands for the objects of a class
OBJECTS = "<objects>"
# Decorators that leave the hints of a function alone.
_UNREADING = {
    (name,)
    for name in (
        *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "lru_cache"),
        *("no_grad", "overload", "override", "property", "setter", "staticmethod", "wraps"),
    )
}

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Use(NamedTuple):
    """A name that is used.

    Attributes:
        call: where the name is called, something is looked up in it, or it is asked what it is, that; where
            it is called only to say something, the statement.
        first: what the call's first argument may mean; None where that can't be told.
        path: what it is given, where it may read a file and that is the same at each call.
    """

    ref: Ref
    call: ast.Call | ast.Compare | ast.Expr | ast.Subscript | None = None
    first: tuple[Ref, ...] | None = None
    path: ast.expr | None = None


class Changed(NamedTuple):
    """What code sets or deletes, or of what it does so with a part.

    Attributes:
        is_filled: a method is called that does so where this is data.
        is_at_import: it happens outside of functions.
    """

    ref: Ref
    is_filled: bool
    is_at_import: bool


class Uses:
    """What a piece of code uses.

    Attributes:
        names: those that are not its own, each with the line of one place.
        hints: names in type hints that nothing at hand reads.
        reads: attributes that it reads, each with the line of one place.
        texts: those in it, which may be types.
        told: what tells of code in texts that may be templates, to logs and on standard error.
        fields: those of them that are read on objects whose class is told.
        unknown: the others.
        stores: attributes that it sets or deletes.
        changes: what by a name of others it sets, deletes or fills, each with the line of one place.
        rebound: names of the module that its functions may bind, each with the line of one place.
        bases: what the classes inside it inherit from.
        handed: what is called, and of what an object is made for that.
        loads: modules, and names that may be modules, that it imports.
        raises: errors that it raises with words of their own; nothing stands for any.
        catches: errors that it catches.
    """

    def __init__(self) -> None:
        self.names: dict[Use, int] = {}
        self.hints: set[Ref] = set()
        self.reads: dict[str, int] = {}
        self.texts: set[str] = set()
        self.told: dict[str, int] = {}
        self.fields: set[Read] = set()
        self.unknown: set[str] = set()
        self.stores: set[str] = set()
        self.changes: dict[Changed, int] = {}
        self.rebound: dict[str, int] = {}
        self.bases: set[Ref] = set()
        self.handed: set[tuple[tuple[Ref, ...], Ref]] = set()
        self.loads: set[str] = set()
        self.raises: set[tuple[Ref, ...]] = set()
        self.catches: set[Ref] = set()


def uses(
    statements: Sequence[ast.stmt],
    package: str,
    owner: Ref | None = None,
    are_run: bool = False,
    readers: Collection[str] = (),
) -> Uses:
    """Find out what statements of a module's own level use.

    Args:
        package: what relative imports are relative to.
        owner: the class whose methods they are.
        are_run: they run when the module is imported, and with them the type hints in them.
        readers: names of the module that may stand for what opens files without an audit event.
    """
    reader = _Reader(statements, package, owner, are_run, readers)
    for statement in statements:
        reader.visit(statement)
    reader.hand_over()
    return reader.found


def words_in_braces(text: str) -> set[str]:
    """List the attributes that a template may read: in `{a.b}`, `{{ a.b }}`, `{% for b in a.b %}`."""
    inside = re.findall(r"\{([^{}]*)\}", text)
    return {word for part in inside for word in re.findall(r"""[.'"]\s*([A-Za-z_]\w*)""", part)}


def _is_safe(word: ast.keyword) -> bool:
    """Tell whether a keyword says that nothing is unpickled."""
    return isinstance(word.value, ast.Constant) and (word.arg, word.value.value) in _UNPICKLING


def _is_in_memory(node: ast.expr) -> bool:
    return called(node)[-1:] in _IN_MEMORY or text_of(node) == ":memory:"


def _last(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


class _Reader(ast.NodeVisitor):
    def __init__(
        self,
        top: Sequence[ast.stmt],
        package: str,
        owner: Ref | None,
        are_run: bool,
        readers: Collection[str],
    ) -> None:
        self.found = Uses()
        self._readers = {(name,) for name in readers}
        self._top, self._scopes, self._owners = top, Scopes(package), Owners()
        self._owner, self._are_run, self._in_class, self._in_function = owner, are_run, False, False
        self._self, self._is_class = "", False
        self._said: dict[ast.Call, ast.Expr] = {}
        self._made: dict[str, set[Ref]] = {}
        self._given: list[tuple[tuple[Ref, ...], str]] = []

    def hand_over(self) -> None:
        """Tell which objects are handed to calls by local names."""
        for to, name in self._given:
            self.found.handed.update((to, ref) for ref in self._made.get(name, ()))

    def generic_visit(self, node: ast.AST) -> None:
        for child in children(node):
            self.visit(child)

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Call) and dotted(value.func)[-2:] == ("environ", "setdefault"):
            self.visit_all(value.args)  # a variable is set, and not read
        elif not is_text(node):
            self._said = dict.fromkeys(calls.said(value), node)
            self.visit(value)

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        """Visit several nodes."""
        for node in nodes:
            self.visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.found.loads.update(loaded(node, self._scopes.package))

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(self._scopes.lookup(node.id), node)
            self.found.unknown |= {CLASS} if node.id == "type" else set()
            if _REGISTERING.match(node.id):
                self._change(node)
        self._lead(node, node.id)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self._read_whole(node.value)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if calls.is_template(node):
            self._read_any(node)
        self._use(self._chain(node), node)
        self._lead(node, node.attr)

    def _lead(self, node: ast.Name | ast.Attribute | ast.Subscript, name: str) -> None:
        """Take note of what may change where modules are looked for, or which types hints name."""
        if name in LEADING and (name == "__path__" or not isinstance(node.ctx, ast.Load)):
            self._read({CHANGED_LEADING}, node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load) and dotted(node.value)[-1:] == ("environ",):
            self.visit(node.slice)  # a variable is set, and not read
            return
        if not isinstance(node.ctx, ast.Load):
            self._lead(node, _last(node.value))
            self._change(node)
        looked_up = node if isinstance(node.slice, ast.Constant | ast.Name) else None
        for ref in self._chain(node.value):
            self.found.names.setdefault(Use(ref, looked_up), node.lineno)
        self.visit_all(node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice])

    def visit_Compare(self, node: ast.Compare) -> None:
        # What is asked by `is` is handed to nobody.
        is_asked = all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
        for part in (node.left, *node.comparators):
            if is_asked and dotted(part):
                self.found.names |= {Use(ref, node): node.lineno for ref in self._chain(part)}
            else:
                self.visit(part)

    def visit_Call(self, node: ast.Call) -> None:
        if statement := self._said.get(node):
            self.found.told.setdefault("traceback", node.lineno)
            self.found.names |= {Use(ref, statement): node.lineno for ref in self._chain(node.func)}
            self.visit_all([*node.args, *node.keywords])
            return
        if self._is_literal_getattr(node):
            self._use(self._chain(node), node)
            return
        first = self._scopes.meaning(node.args[0]) if node.args else ()
        if (name := _last(node.func)) in _CHANGING:
            for part in (getattr(node.func, "value", None), *(node.args[:1] if name in _SETTERS else ())):
                self._change(part, name in _FILLERS)
        refs = self._chain(node.func)
        is_reader = any(ref.path and (may_read(ref.path[-1]) or ref.path in self._readers) for ref in refs)
        path = self._fixed_path(node) if is_reader else None
        for ref in refs:
            # Outside of functions the names at hand are the module's.
            frame = not self._scopes and not node.args and ref.path in {("vars",), ("locals",)}
            used = Ref("builtins", ("globals",)) if frame else ref
            self.found.names.setdefault(Use(used, node, first, path), node.lineno)
        if node.args and any(ref.path in _WHOLE_FUNCTIONS for ref in refs):
            self._read_whole(node.args[0])
        if name in _SCHEMAS and not node.args:
            self._read({"model_json_schema"}, node)
        if len(node.args) == 1 and any(ref.path[-1:] == ("type",) for ref in refs):
            self._read_of(node.args[0], CLASS, node)
        self._read(
            {
                word.arg
                for word in node.keywords
                if word.arg in INSIDES | HANDLERS | SAID and not _is_safe(word)
            },
            node,
        )
        if len(node.args) > 1 and _ATTACHED.match(text_of(node.args[0]) or ""):
            path = self._fixed(node.args[1])
            self.found.names.setdefault(Use(Ref("sqlite3", ("ATTACH",)), node, path=path), node.lineno)
        self._hand(refs, node)
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def _hand(self, refs: tuple[Ref, ...], node: ast.Call) -> None:
        """Take note of what a call does with classes, objects and names that it is given."""
        text = calls.template(node)
        if text and self._scopes.meaning(text):
            self.found.names.setdefault(Use(Ref("builtins", (calls.TEMPLATE,)), node), node.lineno)
        elif text and text_of(text) is None:
            self._read_any(node)
        if calls.reads_names(node):
            self._use((Ref("", ()),), node)
        for part in calls.given(node) if refs or getattr(node.func, "attr", "") not in calls.KEEPING else ():
            if isinstance(part, ast.Call):
                made = self._scopes.meaning(part.func) or ()
                self.found.handed.update((refs, ref) for ref in made)
            elif isinstance(part, ast.Name) and not self._scopes.lookup(part.id):
                self._given.append((refs, part.id))
            else:
                self.found.handed.update((refs, ref) for ref in self._scopes.meaning(part) or ())
        if calls.makes_class(node):
            names = [part for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute)]
            self.found.bases.update(ref for name in names for ref in self._scopes.meaning(name) or ())

    def visit_List(self, node: ast.List | ast.Tuple | ast.Set | ast.Dict) -> None:
        # What takes classes from a display may be something outside the project.
        for part in node.values if isinstance(node, ast.Dict) else node.elts:
            self.found.handed.update(((), ref) for ref in self._scopes.meaning(part) or ())
        self.generic_visit(node)

    visit_Tuple = visit_Set = visit_Dict = visit_List  # noqa: N815

    def _read_any(self, node: ast.AST) -> None:
        """Take note that attributes are read by names that can't be told."""
        self.found.names.setdefault(Use(Ref("builtins", ("getattr",)), None, ()), getattr(node, "lineno", 0))

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._bind(target, node.value)
        self.generic_visit(node)

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        """Take note of the class that a local name's object is of, and of what patterns read by position."""
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            self._made.setdefault(target.id, set()).update(self._scopes.meaning(value.func) or ())
        if getattr(target, "id", getattr(target, "attr", "")) == "__match_args__" and value:
            names = [text_of(part) for part in getattr(value, "elts", [None])]
            self._read_anywhere({name for name in names if name}, value)
            if not all(names):
                self._read_any(value)

    def visit_Global(self, node: ast.Global) -> None:
        self.found.rebound.update(dict.fromkeys(node.names, node.lineno))

    def _change(self, node: ast.expr | None, is_filled: bool = False) -> None:
        """Take note of what is changed, by the name that it starts from."""
        path: tuple[str, ...] = ()
        while not isinstance(node, ast.Name):
            match node:
                case ast.Attribute(value=owner, attr=name):
                    node, path = owner, (name, *path)
                case ast.Subscript(value=owner):
                    node, path = owner, ()
                case ast.Call(func=ast.Name("getattr" | "type" | "vars" as name), args=[owner, *_]):
                    node, path = owner, (CLASS,) if name == "type" else ()
                case _:
                    return
        refs = self._scopes.lookup(node.id)
        if self._owner and node.id == self._self:
            refs = (self._owner if self._is_class or CLASS in path else self._owner.on(OBJECTS),)
        for ref in refs:
            change = Changed(ref.on(*path), is_filled, not self._in_function)
            self.found.changes.setdefault(change, node.lineno)

    def visit_Constant(self, node: ast.Constant) -> None:
        text = text_of(node) or ""
        self.found.texts.add(text)
        if text in INSIDES:
            self._read({text}, node)
        if text in LEADING_TEXTS:
            self._read({CHANGED_LEADING}, node)
        if "{" in text:
            words = words_in_braces(text)
            self._read_anywhere(words - INSIDES, node)
            self.found.told |= dict.fromkeys(words & INSIDES, node.lineno)
        for found in _QUERIED.finditer(text):
            path = ast.copy_location(ast.Constant(found[1] or found[2]), node)
            self.found.names.setdefault(Use(Ref("sqlite3", ("ATTACH",)), path=path), node.lineno)
        for name in re.findall(r"@([A-Za-z_]\w*)", text):  # in queries of pandas
            self._use(self._scopes.lookup(name), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            self._read_of(node.target.value, node.target.attr, node)
        elif isinstance(node.target, ast.Name):
            self._use(self._scopes.lookup(node.target.id), node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._types(node.annotation, self._in_class)
        self._bind(node.target, node.value)
        for part in filter(None, (node.target, node.value)):
            self.visit(part)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        self._read_anywhere(node.kwd_attrs, node)
        # Which attributes stand at places a class says, or one that it derives from.
        if node.patterns and not self._is_builtin(node.cls):
            self._read_any(node)
        self.generic_visit(node)

    def _is_builtin(self, node: ast.expr) -> bool:
        """Tell whether a name is one of Python's own."""
        refs = self._scopes.meaning(node) or ()
        return all(ref.path[-1:] and ref.path[-1] in vars(builtins) for ref in refs) and bool(refs)

    def visit_Raise(self, node: ast.Raise) -> None:
        if isinstance(node.exc, ast.Call):
            self.found.raises.add(self._scopes.meaning(node.exc.func) or ())
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        for kind in kinds:
            anything = (Ref("builtins", ("BaseException",)),)
            self.found.catches.update((self._scopes.meaning(kind) if kind else None) or anything)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._use((ref for refs in bound(node.body, self._scopes.package).values() for ref in refs), node)
        if node not in self._top:
            self.found.bases.update(ref for base in node.bases for ref in self._scopes.meaning(base) or ())
        outside, self._in_class = self._in_class, True
        self.generic_visit(node)
        self._in_class = outside

    def visit_FunctionDef(self, node: Function) -> None:
        for part in (*node.decorator_list, *defaults(node.args)):
            self.visit(part)
        # What decorates a function may read its hints; inside of another they are read when that is called.
        is_read = any(called(mark)[-1:] not in _UNREADING for mark in node.decorator_list)
        is_read = is_read or bool(self._scopes)
        owners = {part.arg: self._types(part.annotation, is_read) for part in parameters(node.args)}
        self._types(node.returns, is_read)
        if self._owner and owners and node in self._top and owners[first := next(iter(owners))] is None:
            # Of a class nothing is a setting.
            self._self = first
            self._is_class = any(called(mark)[-1:] == ("classmethod",) for mark in node.decorator_list)
            owners[first] = () if self._is_class else (self._owner,)
        self._visit_in(owners, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in defaults(node.args):
            self.visit(part)
        self._visit_in(dict.fromkeys(part.arg for part in parameters(node.args)), [node.body])

    def visit_ListComp(self, node: Comprehension) -> None:
        # The first iterable is all of a comprehension that stands outside its scope.
        first = node.generators[0].iter
        self.visit(first)
        targets = [loop.target for loop in node.generators]
        with self._scopes.inside((), targets) as names, self._owners.inside({}, names):
            for loop in node.generators:
                for part in (loop.target, *([] if loop.iter is first else [loop.iter]), *loop.ifs):
                    self.visit(part)
            for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.visit(part)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def _visit_in(self, owners: Mapping[str, Types | None], body: Sequence[ast.AST]) -> None:
        """Visit the body of a function, in its own scope."""
        outside = self._in_class, self._in_function
        self._in_class, self._in_function = False, True
        with self._scopes.inside(owners, body) as names, self._owners.inside(owners, names):
            for part in body:
                self.visit(part)
        self._in_class, self._in_function = outside

    def _types(self, annotation: ast.expr | None, is_read: bool) -> Types | None:
        """List the types that a hint names, and use them if it is read; None where it names none."""
        if annotation is None:
            return None
        paths = named(annotation)
        refs = tuple(ref.on(*path[1:]) for path in paths for ref in self._scopes.lookup(path[0]))
        self.found.hints.update(refs)
        if is_read or self._are_run:
            self._use(refs, annotation)
            self.visit(annotation)
        return refs or None

    def _use(self, refs: Iterable[Ref], node: ast.expr | ast.stmt) -> None:
        for ref in refs:
            self.found.names.setdefault(Use(ref), node.lineno)

    def _read(self, names: Iterable[str], node: ast.AST) -> None:
        for name in names:
            self.found.reads.setdefault(name, getattr(node, "lineno", 0))
            if name in SAID:
                self.found.told.setdefault(name, getattr(node, "lineno", 0))

    def _read_anywhere(self, names: Collection[str], node: ast.AST) -> None:
        self._read(names, node)
        self.found.unknown.update(names)

    def _read_whole(self, node: ast.expr) -> None:
        if read := self._owners.read(node, "*"):
            self.found.fields.add(read)

    def _fixed_path(self, node: ast.Call) -> ast.expr | None:
        """Find what a call is given that is the same each time; it may be a path."""
        given = node.args[:1] or [word.value for word in node.keywords if word.arg in _PATHS]
        return next(filter(None, map(self._fixed, given)), None)

    def _fixed(self, node: ast.expr) -> ast.expr | None:
        path = fixed(node, self._top, lambda name: bool(self._scopes.lookup(name)))
        parts = getattr(path, "elts", [path])
        return None if path is None or all(map(_is_in_memory, parts)) else path

    def _chain(self, node: ast.expr) -> tuple[Ref, ...]:
        """Follow attributes down to the name that they start from, and visit what else there is."""
        if isinstance(node, ast.Name):
            return self._scopes.lookup(node.id)
        if isinstance(node, ast.Attribute):
            if node.attr in _NAMES and called(node.value) == ("type",):
                self._use(self._scopes.lookup("type"), node)
                self.visit_all(getattr(node.value, "args", ()))
                return ()
            if _REGISTERING.match(node.attr):
                self._change(node.value)
            if isinstance(node.ctx, ast.Load):
                self._read_of(node.value, node.attr, node)
            else:
                self.found.stores.add(node.attr)
                self._change(node)
            if node.attr in _COMPUTING:
                first = self._scopes.meaning(node.value)
                self.found.names.setdefault(Use(Ref("builtins", ("getattr",)), None, first), node.lineno)
            if node.attr in _WHOLE_METHODS:
                self._read_whole(node.value)
            whole = _last(node.value)
            if whole == "__path__" or (whole == "__annotations__" and node.attr in _FILLERS):
                self._read({CHANGED_LEADING}, node)
            return tuple(ref.on(node.attr) for ref in self._chain(node.value))
        if isinstance(node, ast.Call) and self._is_literal_getattr(node):
            owner, name, *rest = node.args
            self._read_of(owner, str(text_of(name)), node)
            for part in rest:
                self.visit(part)
            return tuple(ref.on(str(text_of(name))) for ref in self._chain(owner))
        self.visit(node)
        return ()

    def _read_of(self, owner: ast.expr, name: str, node: ast.AST) -> None:
        """Take note of an attribute that is read, and of the class of the object where that is told."""
        self._read({name}, node)
        for one in (name, CLASS) if is_of_class(name) else (name,):
            if read := self._owners.read(owner, one):
                self.found.fields.add(read)
            else:
                self.found.unknown.add(one)

    def _is_literal_getattr(self, node: ast.Call) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="getattr" | "hasattr" as name), args=[_, ast.Constant(str()), *_]):
                return self._scopes.lookup(name) == (Ref("", (name,)),)
        return False
