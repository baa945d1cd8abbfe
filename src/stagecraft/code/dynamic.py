"""What a use of a name leads to, also where it takes names that are values, as `getattr` does."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name

from stagecraft.code import calls
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import dotted, is_function, text_of
from stagecraft.code.source import Module
from stagecraft.code.targets import Target, TargetKind, Unit, definitions
from stagecraft.code.unseen import STORES, VARIABLES, UnseenKind, is_listed, kind_of
from stagecraft.code.uses import Use

_IMPORTERS = {"builtins.__import__", "importlib.import_module"}
# Where in their arguments these are given names of attributes.
_BY_NAME = {
    **dict.fromkeys(("builtins.getattr", "builtins.hasattr"), slice(1, 2)),
    **dict.fromkeys(("builtins.setattr", "builtins.delattr"), slice(1, 2)),
    **dict.fromkeys(("builtins.dir", "builtins.vars", "builtins.locals", "inspect.getmembers"), slice(0, 0)),
    "inspect.getattr_static": slice(1, 2),
    "operator.attrgetter": slice(0, None),
    "operator.methodcaller": slice(0, 1),
}
# Tells no more than what the key has of each distribution that is used.
_VERSION = "importlib.metadata.version"
_WRITERS = {"builtins.setattr", "builtins.delattr"}
_TEMPLATE = f"builtins.{calls.TEMPLATE}"
_TEMPLATES = {"jinja2.PackageLoader", "jinja2.loaders.PackageLoader"}
_FILES = {
    *("importlib_resources.files", "pkgutil.get_data"),
    *(f"importlib.resources.{name}" for name in ("contents", "files", "is_resource", "path")),
    *(f"importlib.resources.{name}" for name in ("open_binary", "open_text", "read_binary", "read_text")),
}
_known = cache(kind_of)


def targets_of(modules: Modules, use: Use, home: Module) -> Iterator[Target | tuple[UnseenKind, str]]:
    """Find what a use of a name leads to, and why it can't be followed where that is so.

    Args:
        home: the module that it stands in.
    """
    for target in modules.find(use.ref, home.name):
        yield target
        if target.kind == "outside":
            yield from _Computed(modules, use, home).targets(target.name)


class _Computed:
    """The use of a thing from outside the project that may take names as values."""

    def __init__(self, modules: Modules, use: Use, home: Module) -> None:
        self.modules, self.use, self.home = modules, use, home

    def targets(self, name: str) -> Iterator[Target | tuple[UnseenKind, str]]:
        if name in _IMPORTERS:
            yield from self._import(name)
        elif name == _VERSION and re.fullmatch(r"[\w-]+", text := self._text(self._argument(0)) or ""):
            yield Target("outside", "", text)
        elif self._is_harmless(name):
            return
        elif kind := _known(name):
            yield from self._unseen(kind, name)
        elif name in _BY_NAME:
            yield from self._read(name)
        elif name == _TEMPLATE and self._text(calls.template(self.use.call)) is None:
            yield Target("attributes")
        elif name == "pydantic.TypeAdapter" and self._is_function():
            yield Target("hints")
        elif name in _FILES:
            yield from (Target("place", package) for package in self._packages())
        elif name in _TEMPLATES:
            part = self._argument(1, "package_path")
            folder = text_of(part) or "" if part else "templates"
            yield from (Target("templates", package, folder) for package in self._packages())

    def _is_harmless(self, name: str) -> bool:
        """Tell whether this use of something does none of what is refused, such as only to say something."""
        is_said = isinstance(self.use.call, ast.Expr) and name.startswith("traceback.")
        if name == "pandas.read_json" and isinstance(self.use.call, ast.Call):  # Python opens it by itself
            return all(word.arg not in (None, "engine") for word in self.use.call.keywords)
        return is_said or (isinstance(self.use.call, ast.Compare) and is_listed(name))

    def _unseen(self, kind: UnseenKind, name: str) -> Iterator[tuple[UnseenKind, str]]:
        shown = name.removeprefix("builtins.")
        if kind == "environment":
            call = self.use.call
            named = call.slice if isinstance(call, ast.Subscript) else self._argument(0, "key")
            known = VARIABLES.get(name) or self._text(named) or ""
            yield from ((kind, found) for found in re.findall(r"\w+", known) or [""])
        elif kind == "file":
            # As a value it may be called with any path.
            is_told = self.use.path or name.startswith(STORES) or self.use.call is None
            yield from ((kind, self._last_text(self.use.path)),) if is_told else ()
        else:
            yield kind, shown

    def _import(self, name: str) -> Iterator[Target | tuple[UnseenKind, str]]:
        text = text_of(self._argument(0, "name"))
        package = text_of(self._argument(1, "package")) or self.home.package
        try:
            found = self.modules.find(Ref(resolve_name(text, package), ())) if text else ()
        except ImportError:
            found = ()
        yield from found
        # What `__import__` returns is used without a name that leads to it.
        if not found or (name == "builtins.__import__" and any(to.kind == "outside" for to in found)):
            yield "code", name.removeprefix("builtins.")

    def _read(self, name: str) -> Iterator[Target | tuple[UnseenKind, str]]:
        call = self.use.call
        arguments = call.args[_BY_NAME[name]] if isinstance(call, ast.Call) else []
        texts = [text_of(argument) for argument in arguments]
        if texts and all(texts):
            kind: TargetKind = "method" if name in _WRITERS else "attribute"
            yield from (Target(kind, "", word) for text in texts if text for word in text.split("."))
            return
        yield Target("attributes")
        # The object may be a module, and then one that is imported here.
        if self.use.first is None or name.startswith("operator."):
            yield from self._imported()

    def _is_function(self) -> bool:
        """Tell whether the first argument may be a function of the project."""
        found = {to for ref in self.use.first or () for to in self.modules.find(ref, self.home.name)}
        bound = [part for unit in definitions(found) for part in self.modules.bound(unit)]
        return any(map(is_function, bound))

    def _imported(self) -> Iterator[Target]:
        for ref in self.home.imports:
            found = [target for target in self.modules.find(ref) if target.kind == "module"]
            yield from found or self.modules.find(Ref(ref.module, ()))

    def _packages(self) -> Iterator[str]:
        """Name the modules whose files are meant; the one at hand where that is computed."""
        name = text_of(self._argument(0, "package", "anchor", "package_name"))
        refs = [Ref(name, ())] if name else self.use.first or ()
        found = {target for ref in refs for target in self.modules.find(ref, self.home.name)}
        known = {target.module for target in found if target.kind == "module"}
        if not known and not (name and found):
            known = {self.home.name}
        yield from known

    def _text(self, node: ast.expr | None) -> str | None:
        """Return the text that an expression is, be it by a constant of the project's."""
        return text_of(self._constant(node) if isinstance(node, ast.Name | ast.Attribute) else node)

    def _constant(self, node: ast.Name | ast.Attribute) -> ast.expr | None:
        """Find the one value that a name of the project's modules is given."""
        found = self.modules.find(Ref("", dotted(node)), self.home.name) if dotted(node) else ()
        parts = [part for to in found for part in self.modules.bound(Unit(to.module, to.name))]
        only = parts[0] if len(parts) == 1 else None
        return only.value if isinstance(only, ast.Assign | ast.AnnAssign) else None

    def _last_text(self, node: ast.expr | None) -> str:
        """Return the last of the texts that make up a path, from left to right; empty if none is told."""
        constant = self._constant(node) if isinstance(node, ast.Name) else None
        inner = list(ast.walk(constant or node)) if node else []
        if any(isinstance(part, ast.JoinedStr | ast.Subscript) for part in inner):
            return ""
        parts = [part for part in inner if isinstance(part, ast.Constant | ast.Name)]
        parts.sort(key=lambda part: (part.lineno, part.col_offset))
        return next(filter(None, map(self._text, reversed(parts))), "")

    def _argument(self, place: int, *names: str) -> ast.expr | None:
        """Find an argument of the call by its place or by one of its names."""
        if not isinstance(self.use.call, ast.Call):
            return None
        if len(self.use.call.args) > place:
            return self.use.call.args[place]
        return next((word.value for word in self.use.call.keywords if word.arg in names), None)
