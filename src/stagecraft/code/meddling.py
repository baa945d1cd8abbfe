"""Whether what a stage reads may be changed by code that its key does not have, be it that of flows."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path

from stagecraft.code.beside import modules_beside
from stagecraft.code.changes import Change, Find, changes
from stagecraft.code.classes import Classes
from stagecraft.code.keeping import kept_in
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref, at_once
from stagecraft.code.nodes import called
from stagecraft.code.search import Reach
from stagecraft.code.sharing import Sharing
from stagecraft.code.source import Module
from stagecraft.code.targets import Target, definitions
from stagecraft.code.unseen import Unseen
from stagecraft.code.uses import OBJECTS, Use, Uses
from stagecraft.errors import shown

# What changes others by their names.
_PATCHERS = "unittest.mock"
# What is changed, whether it is the project's, and the line.
_Told = tuple[str, bool, int]


class Meddling:
    """What is changed besides by code that no stage follows, and what code keeps.

    Args:
        classes: those of the modules whose code is followed.
    """

    def __init__(self, classes: Classes) -> None:
        self._modules, self._sharing = classes.modules, Sharing(classes)
        self._kept_in, self._beside = cache(self._find_kept), cache(self._find_beside)

    def seen_by(self, reach: Reach, others: Iterable[Change], folder: Path) -> list[Unseen]:
        """List what a stage may find changed by what its key does not have.

        Args:
            others: what the code of all stages changes that run in the same process.
            folder: the project's, whose flows run there too.
        """
        own = reach.definitions.keys()
        unknown = {one for one in (*others, *self._beside(folder)) if one.by not in own}
        read = set(own)
        if any(one.what.endswith(OBJECTS) and one.what.removesuffix(f".{OBJECTS}") in own for one in unknown):
            read |= {f"{name}.{OBJECTS}" for name in self._sharing.shared(own)}
        found = sorted(one for one in unknown if not one.is_own or one.what in read)
        return [Unseen("changed", one.what, one.module, one.line) for one in found]

    def states(self, names: Iterable[str]) -> set[str]:
        """List the definitions by which code may keep something from one call to another."""
        homes = {name.rpartition(".")[0] for name in names}
        return {name for home in homes for name in self._kept_in(home)}.intersection(names)

    def _find_kept(self, home: str) -> frozenset[str]:
        module = self._modules.load(home)
        kept = kept_in(module, partial(self._is_own, home)) if module else ()
        return frozenset(f"{home}.{name}" for name in kept)

    def _is_own(self, home: str, name: str) -> bool:
        return bool(definitions(self._modules.find(Ref("", (name,)), home)))

    def _find_beside(self, folder: Path) -> frozenset[Change]:
        beside = list(modules_beside(folder, self._modules))
        own = {module.name.partition(".")[0] for _, module, _ in beside}
        changes = (
            Change(what, is_own, shown(module.file or module.folder), line)
            for modules, module, found in beside
            for what, is_own, line in self._changed_by(
                module, found, partial(self._find, modules, module.name)
            )
        )
        return frozenset(change for change in changes if change.what.partition(".")[0] not in own)

    def _find(self, beside: Modules, home: str, ref: Ref) -> list[Target]:
        """Find what a name leads to, through the modules beside and through those that are followed."""
        found = [to.name.partition(".") for to in beside.find(ref, home) if to.kind == "outside"]
        refs = [Ref(top, tuple(rest.split(".")) if rest else ()) for top, _, rest in found]
        return [target for ref in refs for target in self._modules.find(ref)]

    def _changed_by(self, module: Module, found: Iterable[Uses], find: Find) -> Iterator[_Told]:
        """List what code beside changes, or may: also modules as values, and tables by calls on import."""
        for one in found:
            for change in changes(self._modules, one, module, find):
                yield change.what, change.is_own, change.line
            for use, line in one.names.items():
                for target in find(use.ref) if _may_change(use, module) else ():
                    yield target.name or target.module, False, line
        for ref, line in (pair for statement in module.statements for pair in _called_by(statement)):
            for home in {unit.module for unit in definitions(find(ref))}:
                yield from ((name, True, line) for name in self._kept_in(home))


def _may_change(use: Use, home: Module) -> bool:
    """Tell whether a use is of a module as a value, or of what changes others by names in texts."""
    name, *rest = use.ref.path or ("",)
    sources = home.bound[name][1] if name in home.bound and not use.ref.module else [use.ref]
    is_module = use.call is None and not rest and any(not source.path for source in sources)
    return is_module or any(".".join((to.module, *to.path, *rest)).startswith(_PATCHERS) for to in sources)


def _called_by(statement: ast.stmt) -> Iterator[tuple[Ref, int]]:
    """List what a statement calls when the module is imported, decorates with and inherits from."""
    for node in at_once(statement):
        match node:
            case ast.Call(func=func):
                parts = [func]
            case ast.FunctionDef(decorator_list=marks) | ast.AsyncFunctionDef(decorator_list=marks):
                parts = marks
            case ast.ClassDef(decorator_list=marks, bases=bases):
                parts = [*marks, *bases]
            case _:
                continue
        yield from ((Ref("", names), part.lineno) for part in parts if (names := called(part)))
