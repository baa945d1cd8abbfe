"""The project's modules: found without being imported, and what a name in them leads to."""

import ast
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from stagecraft.code.names import Ref
from stagecraft.code.nodes import is_function
from stagecraft.code.source import CodeError, Module
from stagecraft.code.targets import Target, Unit

_COMPILED = {".pyc", ".pyd", ".so"}
_OF_FILES = frozenset({"__file__", "__path__", "__spec__"})


class Modules:
    """The modules of a project's own packages.

    Args:
        packages: the top-level packages.
        leave_out: dotted names; they, and all below them, do not count.
    """

    def __init__(self, packages: Sequence[str], leave_out: Sequence[str]) -> None:
        self._roots = {package: _locate(package) for package in packages}
        self._leave_out = tuple(f"{name}." for name in leave_out)
        self._loaded: dict[str, Module | None] = {}
        self._leading_out: dict[str, dict[str, list[Ref]]] = {}
        self._targets: dict[Ref, tuple[Target, ...]] = {}

    def load(self, name: str) -> Module | None:
        """Read a module; None where the project has none of that name, or it is left out.

        Raises:
            CodeError: its file is no Python.
        """
        return None if self._is_left_out(name) else self.read(name)

    def read(self, name: str) -> Module | None:
        """Read a module, be it left out; None where the project has none of that name.

        Raises:
            CodeError: its file is no Python.
        """
        if name not in self._loaded:
            self._loaded[name] = self._read(name)
        return self._loaded[name]

    def exists(self, name: str) -> bool:
        """Tell whether there is a module of this name, or a folder of modules, be it left out."""
        top, *rest = name.split(".")
        places = [root.joinpath(*rest) for root in self._roots.get(top, ())]
        return any(
            place.with_name(f"{place.name}.py").is_file() or any(place.glob("*.py")) for place in places
        )

    def is_outside(self, name: str) -> bool:
        """Tell whether a module is none of the project's packages, be it left out."""
        return name.partition(".")[0] not in self._roots

    def is_elsewhere(self, name: str) -> bool:
        """Tell whether a module is neither of the project's packages nor left out."""
        return self.is_outside(name) and not self._is_left_out(name)

    def is_of_library(self, name: str) -> bool:
        """Tell whether a module is neither of the project's packages, nor left out, nor Python's own."""
        return self.is_elsewhere(name) and name.partition(".")[0] not in sys.stdlib_module_names

    def left_out(self, ref: Ref, home: Module) -> str:
        """Name what of a module of the project that is left out a name leads to, but for functions there."""
        if home.name not in self._leading_out:
            self._leading_out[home.name] = {
                name: sources for name, (_, refs) in home.bound.items() if (sources := self._out(refs))
            }
        known = self._leading_out[home.name].get(ref.path[0], []) if ref.path else []
        sources = self._out([ref]) if ref.module else [source.on(*ref.path[1:]) for source in known]
        return next(filter(None, map(self._lost, sources)), "")

    def _lost(self, ref: Ref) -> str:
        """Name what a name leads to, if that is in a module that is left out, and no function."""
        names = ".".join((ref.module, *ref.path)).split(".")
        for end in range(len(names) - 1, 0, -1):
            if there := self.read(".".join(names[:end])):
                name = ".".join(names[: end + 1])
                is_function_there = any(map(is_function, there.bound.get(names[end], ([], []))[0]))
                return name if self._is_left_out(name) and not is_function_there else ""
        return ""

    def _out(self, refs: list[Ref]) -> list[Ref]:
        """List what leads to modules of the project that are left out, or to packages of these."""
        names = ((ref, f"{'.'.join((ref.module, *ref.path))}.") for ref in refs)
        return [
            ref
            for ref, name in names
            if not self.is_outside(name)
            and any(name.startswith(one) or one.startswith(name) for one in self._leave_out)
        ]

    @cached_property
    def compiled(self) -> frozenset[str]:
        """The modules of the project that have no source to follow."""
        found = set()
        for root in self.roots:
            for file in root.rglob("*"):
                if file.suffix in _COMPILED and file.parent.name != "__pycache__":
                    parts = (*file.relative_to(root.parent).parent.parts, file.name.partition(".")[0])
                    found.add(".".join(parts))
        return frozenset(name for name in found if not self._is_left_out(name))

    @property
    def roots(self) -> list[Path]:
        """The folders that the packages lie in, or would if they were more than a file."""
        return [root for roots in self._roots.values() for root in roots]

    def bound(self, unit: Unit) -> list[ast.stmt]:
        """List the statements that bind a name of a module."""
        module = self.load(unit.module)
        return module.bound[unit.name][0] if module and unit.name in module.bound else []

    def below(self, name: str) -> Iterator[str]:
        """List the modules in a package and in those below it."""
        module = self.load(name)
        if module and module.package == name:
            for file in sorted(module.folder.rglob("*.py")):
                parts = file.relative_to(module.folder).with_suffix("").parts
                if all(map(str.isidentifier, parts)):
                    yield ".".join((name, *(parts[:-1] if parts[-1] == "__init__" else parts)))

    def everything(self) -> Iterator[str]:
        """List all modules."""
        for package in self._roots:
            yield from (package, *self.below(package))

    def find(self, ref: Ref, home: str = "") -> tuple[Target, ...]:
        """Find what a name leads to, through however many imports.

        Args:
            home: the module that it stands in.
        """
        start = Ref(ref.module or home, ref.path)
        if start not in self._targets:
            found: dict[Target, None] = {}
            refs = [start]
            for step in refs:  # which grows meanwhile
                for onward in self._steps(step):
                    if isinstance(onward, Target):
                        found[onward] = None
                    elif onward not in refs:
                        refs.append(onward)
            self._targets[start] = tuple(found)
        return self._targets[start]

    def after(self, path: tuple[str, ...], home: str) -> tuple[str, ...]:
        """Tell which attributes of a definition a name leads to."""
        for end in range(1, len(path)):
            if any(to.kind == "definition" for to in self.find(Ref("", path[:end]), home)):
                return path[end:]
        return ()

    def _steps(self, ref: Ref) -> Iterator[Target | Ref]:
        """Find what a name leads to, one import further."""
        name = ".".join((ref.module, *ref.path))
        if self._is_left_out(name):
            return
        if ref.module.partition(".")[0] not in self._roots:
            yield Target("outside", "", name)
        elif (module := self.load(ref.module)) and not ref.path:
            yield Target("module", ref.module)
        elif module:
            yield from self._steps_in(module, ref.path[0], ref.path[1:])

    def _steps_in(self, module: Module, name: str, rest: tuple[str, ...]) -> Iterator[Target | Ref]:
        statements, sources = module.bound.get(name, ([], []))
        # A package that imports its own submodule only says that there is one.
        itself = Ref(module.name, (name,))
        has_own, sources = itself in sources, [source for source in sources if source != itself]
        if statements:
            yield Target("definition", module.name, name)
        yield from (source.on(*rest) for source in sources)
        # A star may take over any name, and says by `__all__` which.
        yield from (Ref(star, path) for star in module.stars for path in ((name, *rest), ("__all__",)))
        if sources and not (has_own or statements):
            return
        if module.package == module.name and self.load(f"{module.name}.{name}"):
            yield Ref(f"{module.name}.{name}", rest)
        elif (statements or sources) and not has_own:
            return
        elif name in _OF_FILES:
            # From there a path may go up as well.
            parts = module.name.split(".")
            yield from (Target("place", ".".join(parts[:depth])) for depth in range(len(parts), 0, -1))
        elif name in ("__annotations__", "__dict__"):
            yield Target("module", module.name)
        else:
            if "__getattr__" in module.bound:
                yield Target("definition", module.name, "__getattr__")
            yield Target("outside", "", ".".join(("builtins", name, *rest)))

    def _read(self, name: str) -> Module | None:
        top, *rest = name.split(".")
        for root in self._roots.get(top, ()):
            folder = root.joinpath(*rest)
            for file in (folder / "__init__.py", folder.with_name(f"{folder.name}.py")):
                if file.is_file():
                    return Module(name, file.parent, file)
            if folder.is_dir():
                return Module(name, folder, None)
        return None

    def _is_left_out(self, name: str) -> bool:
        return f"{name}.".startswith(self._leave_out)


def _locate(package: str) -> list[Path]:
    """Find the folders that a top-level package may lie in, or would if it were more than a file."""
    try:
        spec = find_spec(package)
    except ValueError:
        spec = None
    if spec is None:
        raise CodeError(f"there is no package {package!r} to follow the code of")
    if spec.submodule_search_locations is not None:
        return [Path(folder) for folder in spec.submodule_search_locations]
    return [Path(spec.origin or "").with_suffix("")]
