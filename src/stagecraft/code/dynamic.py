"""What a use of a name leads to, also where it takes names that are values, as `getattr` does."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name

from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import text_of
from stagecraft.code.source import Module
from stagecraft.code.targets import Kind, Target
from stagecraft.code.uses import Use

_IMPORTERS = {"builtins.__import__", "importlib.import_module"}
# These, and all below them, may run or return anything that the project has.
_ANYTHING = tuple(
    f"{name}."
    for name in (
        *(f"builtins.{name}" for name in ("compile", "eval", "exec", "globals")),
        *(f"pickle.{name}" for name in ("Unpickler", "load", "loads")),
        *(f"pkgutil.{name}" for name in ("iter_modules", "resolve_name", "walk_packages")),
        *("runpy.run_module", "runpy.run_path", "subprocess", "sys.modules"),
        *("importlib.util.spec_from_file_location", "pydantic.ImportString", "pydoc.locate"),
    )
)
# Where in their arguments these are given names of attributes.
_BY_NAME = {
    **dict.fromkeys(("builtins.getattr", "builtins.hasattr"), slice(1, 2)),
    **dict.fromkeys(("builtins.setattr", "builtins.delattr"), slice(1, 2)),
    **dict.fromkeys(("builtins.vars", "builtins.locals", "inspect.getmembers"), slice(0, 0)),
    "operator.attrgetter": slice(0, None),
    "operator.methodcaller": slice(0, 1),
}
_WRITERS = {"builtins.setattr", "builtins.delattr"}
_FIELDS = {f"dataclasses.{name}" for name in ("asdict", "astuple", "fields", "replace")}
_TEMPLATES = {"jinja2.PackageLoader", "jinja2.loaders.PackageLoader"}
_FILES = {
    *("importlib_resources.files", "pkgutil.get_data"),
    *(f"importlib.resources.{name}" for name in ("contents", "files", "is_resource", "path")),
    *(f"importlib.resources.{name}" for name in ("open_binary", "open_text", "read_binary", "read_text")),
}


def targets_of(modules: Modules, use: Use, home: Module) -> Iterator[Target]:
    """Find what a use of a name leads to.

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

    def targets(self, name: str) -> Iterator[Target]:
        if name in _IMPORTERS:
            yield from self._import()
        elif f"{name}.".startswith(_ANYTHING):
            yield Target("anything")
        elif name in _BY_NAME:
            yield from self._read(name)
        elif name in _FIELDS:
            yield Target("fields")
        elif name in _FILES:
            yield from (Target("place", package) for package in self._packages())
        elif name in _TEMPLATES:
            part = self._argument(1, "package_path")
            folder = text_of(part) or "" if part else "templates"
            yield from (Target("templates", package, folder) for package in self._packages())

    def _import(self) -> Iterator[Target]:
        name = text_of(self._argument(0, "name"))
        package = text_of(self._argument(1, "package")) or self.home.package
        try:
            found = self.modules.find(Ref(resolve_name(name, package), ())) if name else ()
        except ImportError:
            found = ()
        yield from found or [Target("anything")]

    def _read(self, name: str) -> Iterator[Target]:
        arguments = self.use.call.args[_BY_NAME[name]] if self.use.call else []
        texts = [text_of(argument) for argument in arguments]
        if texts and all(texts):
            kind: Kind = "method" if name in _WRITERS else "attribute"
            yield from (Target(kind, "", word) for text in texts if text for word in text.split("."))
            return
        yield Target("attributes")
        # The object may be a module, and then one that is imported here.
        if self.use.first is None or name.startswith("operator."):
            yield from self._imported()

    def _imported(self) -> Iterator[Target]:
        for ref in self.home.imports():
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

    def _argument(self, place: int, *names: str) -> ast.expr | None:
        """Find an argument of the call by its place or by one of its names."""
        if self.use.call is None:
            return None
        if len(self.use.call.args) > place:
            return self.use.call.args[place]
        return next((word.value for word in self.use.call.keywords if word.arg in names), None)
