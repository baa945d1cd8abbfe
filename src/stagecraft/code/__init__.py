"""Code: what the result of a function can depend on, told from syntax alone.

Nothing is imported and nothing is run. What can't be told makes the reach wider, never narrower.
May import: files, errors.

    source, modules     files, and what a name in them leads to (targets, mangling)
    syntax, uses        of a definition: what counts, and which names and attributes it uses (names, nodes)
    calls               what calls do with templates, classes and objects that they are given
    dynamic, data       what is reached by names that are values, and data files
    classes, methods    which methods may be called
    effects             what modules do when they are imported
    pure, records       expressions and calls that only make a value, by what is known to
    definitions, search each unit of code once, and all that one leads to
    heads, hints        what a function asks for and yields (outside)
    decorators          whether these leave a function what it is
    fitting             whether one may stand where the other is asked for
    missing             imports of what is not there
    changes, meddling   what code changes for others, also that of flows (beside)
    keeping, sharing    by which names functions may keep something, and which classes' objects all share
    places, absent      where a definition stands, and why there is none
    files               those behind all that, and whether they were changed since
"""

import ast
import inspect
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from stagecraft.code import heads
from stagecraft.code.absent import why_absent
from stagecraft.code.changes import Change
from stagecraft.code.classes import Classes
from stagecraft.code.data import DataFiles
from stagecraft.code.decorators import Decorators
from stagecraft.code.definitions import Definitions
from stagecraft.code.files import SourceFiles
from stagecraft.code.fitting import fits, names_exactly
from stagecraft.code.hints import Hint, Hints, Kind, hint_of
from stagecraft.code.meddling import Meddling
from stagecraft.code.missing import Missing
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import Function, is_function, is_lazy, spelled, with_defaults
from stagecraft.code.places import Place, find_place
from stagecraft.code.search import Reach, Search
from stagecraft.code.source import CodeError, innermost
from stagecraft.code.syntax import Recording
from stagecraft.code.targets import Unit
from stagecraft.code.undefined import undefined_in
from stagecraft.code.unseen import Unseen
from stagecraft.errors import shown

__all__ = ["Change", "CodeError", "Codebase", "Hint", "Kind", "Place", "Reach", "Unseen", "hint_of"]


class Codebase:
    """The code of a project, as it stands when it is first read.

    Args:
        packages: the project's own top-level packages, whose code is followed.
        leave_out: dotted names of modules, of the project or not; they, and all below them, do not count.
        recorder: the type of the parameters that a function records by.
        recording: the methods of it whose calls are no part of a result.
    """

    def __init__(
        self,
        packages: Sequence[str],
        leave_out: Sequence[str] = (),
        recorder: str = "Record",
        recording: Collection[str] = (),
    ) -> None:
        self._modules, self._data, self.recorder = Modules(packages, leave_out), DataFiles(), recorder
        self.files, self._hints = SourceFiles(self._modules), Hints(self._modules)
        self._decorators, self._missing = Decorators(self._modules), Missing(self._modules)
        classes = Classes(self._modules)
        self._undefined, self._meddling = cache(undefined_in), Meddling(classes)
        self._definitions = Definitions(classes, Recording(recorder, frozenset(recording)))

    def follow(self, target: str, recorded: bool = False) -> Reach:
        """Find everything that the result of a function can depend on.

        Args:
            target: such as tasks.text.tokenize.
            recorded: what it records is part of its result.

        Raises:
            CodeError: there is no such definition, or a file on the way is no Python.
        """
        return Search(self._definitions, self._data, recorded).run(self._find(target))

    def follow_with_recording(self, target: str) -> tuple[Reach, Reach]:
        """Find everything that the result of a function can depend on, and what it records besides.

        Returns:
            without what is recorded, and with it.

        Raises:
            CodeError: there is no such definition, or a file on the way is no Python.
        """
        search = Search(self._definitions, self._data)
        return search.run(self._find(target)), search.run_recorded()

    def signature(self, target: str) -> inspect.Signature:
        """Read a function's parameters.

        Returns:
            annotations as strings; a default that is no literal is `...`.

        Raises:
            CodeError: there is no such function.
        """
        return heads.signature(self._function(target))

    def defaults(self, target: str) -> dict[str, Hint]:
        """Tell what the defaults of a function's parameters are, be they literals or code, by name.

        Raises:
            CodeError: there is no such function.
        """
        home = self._find(target)[-1].module
        pairs = with_defaults(self._function(target).args)
        return {arg.arg: self._hints.value(default, home) for arg, default in pairs}

    def is_recorder(self, target: str, annotation: str) -> bool:
        """Tell whether an annotation of a function names the type that it records by, be it as another name.

        Raises:
            CodeError: there is no such function.
        """
        path = tuple(annotation.strip("'\"").split("."))
        home = self._modules.load(self._find(target)[-1].module)
        return path[-1] == self.recorder or (home is not None and self._definitions.is_recorder(home, path))

    def hint(self, target: str, annotation: object) -> Hint:
        """Tell what an annotation of a function means, as far as that can be told without importing anything.

        Args:
            annotation: from the function's signature.

        Raises:
            CodeError: there is no such function.
        """
        return self._hints.read(str(annotation), self._find(target)[-1].module)

    def fields(self, hint: Hint) -> dict[str, Hint] | None:
        """List what objects of a type hold, by name; None where that can't be told."""
        return self._hints.fields(hint)

    def fits(self, given: Hint, expected: Hint) -> bool:
        """Tell whether what is given may stand where something is expected; what can't be told may."""
        return fits(self._hints, given, expected)

    def names(self, given: Hint, expected: Hint) -> bool:
        """Tell whether a hint names all types that are given, and what these hold, unless JSON tells them."""
        return names_exactly(given, expected)

    def load(self, hint: Hint) -> type[Any] | None:
        """Import the class that an annotation names; None if it does not name one class alone."""
        return self._hints.load(hint)

    def imports_of(self, module: str) -> frozenset[str]:
        """List the modules, and names that may be modules, that a module of the project imports anywhere."""
        found = self._modules.load(module)
        return found.imported if found else frozenset()

    def has_module(self, name: str) -> bool:
        """Tell whether a package of the project has a module of this name, left out or not."""
        return self._modules.exists(name)

    def place(self, definition: str) -> Place | None:
        """Find where something that a reach names stands; None if it is there no more."""
        return find_place(self._definitions, definition)

    def imported(self, module: str, reach: Reach) -> Unseen:
        """Find where code imports a module from outside the project that has no version."""
        for home in filter(None, self.files.behind(reach.definitions).values()):
            found = self._modules.load(home)
            if found and (line := found.line_of(module)):
                return Unseen("unversioned", module, home, line)
        return Unseen("unversioned", module, "", 0)

    def meddled(self, reach: Reach, others: Iterable[Change], folder: Path) -> list[Unseen]:
        """Find where code changes what a stage may read, other than by what its modules do on import.

        Args:
            others: what the code of all stages changes that run in the same process.
            folder: the project's, whose flows run there too.
        """
        return self._meddling.seen_by(reach, others, folder)

    def states(self, reach: Reach) -> set[str]:
        """List the definitions by which code may keep something from one stage to another."""
        return self._meddling.states(reach.definitions)

    @property
    def roots(self) -> list[Path]:
        """The folders that the packages of this code lie in, or would if they were more than a file."""
        return self._modules.roots

    def where(self, unseen: Unseen) -> str:
        """Tell where something that can't be followed stands, as file and line."""
        module = self._modules.load(unseen.module)
        file = shown(module.file) if module and module.file else unseen.module
        return f"{file}:{unseen.line}" if unseen.line else file

    def is_lazy(self, target: str) -> bool:
        """Tell whether a call of a function only makes a coroutine or a generator."""
        return any(map(is_lazy, self._bound(target)))

    def changed_by(self, target: str) -> tuple[str, str] | None:
        """Find a decorator that may make something else of a function than its `def` says.

        Returns:
            how it is written, and its place as file and line.

        Raises:
            CodeError: there is no such function.
        """
        home = self._find(target)[-1].module
        module, mark = self._modules.load(home), self._decorators.changing(self._function(target), home)
        return (
            (spelled(mark), f"{shown(module.file)}:{mark.lineno}")
            if mark and module and module.file
            else None
        )

    def lacking(self, module: str, within: Collection[str]) -> tuple[str, str] | None:
        """Find something that a module can't be imported without, and that is not there.

        Args:
            within: the modules that are looked at, of those that it imports.

        Returns:
            its name, and the place of its import as file and line.
        """
        found = self._missing.find(module, within)
        return (found.name, f"{shown(found.home.file or found.home.folder)}:{found.line}") if found else None

    def undefined(self, target: str) -> tuple[str, str, tuple[str, ...]] | None:
        """Find a name that nothing gives, in the module of a definition or in those that it imports near by.

        Returns:
            the name, the place of its use as file and line, and the names that are there.

        Raises:
            CodeError: there is no such definition, or a file that is imported is no Python.
        """
        package = target.partition(".")[0]
        modules = {target.rpartition(".")[0], *(unit.module for unit in self._find(target))}
        loads = {name for module in map(self._modules.read, modules) if module for name in module.loads}
        for name in sorted(modules | {name for name in loads if name.partition(".")[0] == package}):
            module = self._modules.read(name)
            if module and (found := self._undefined(module)):
                return found.name, f"{shown(module.file or module.folder)}:{found.line}", found.known
        return None

    def description(self, target: str) -> str:
        """Return the first line of a definition's docstring.

        Raises:
            CodeError: there is no such definition.
        """
        return next(filter(None, map(heads.description, self._bound(target))), "")

    def _function(self, target: str) -> Function:
        *_, last = self._bound(target)
        if is_function(last):
            return last
        got, *_ = ast.unparse(last).splitlines()
        raise CodeError(f"expected a function at {target}, got `{got}`")

    def _bound(self, target: str) -> list[ast.stmt]:
        """List the statements that bind a name; the outermost, where it depends on them which one does."""
        outer = [(node, unit.name) for unit in self._find(target) for node in self._modules.bound(unit)]
        inner = [part for node, name in outer for part in innermost([node], name)]
        return inner if len(inner) == 1 else [node for node, _ in outer]

    def _find(self, target: str) -> list[Unit]:
        """Find a definition, wherever the name leads to."""
        module, _, name = target.rpartition(".")
        found = self._modules.find(Ref(module, (name,))) if self._modules.load(module) else ()
        units = [Unit(target.module, target.name) for target in found if target.kind == "definition"]
        if not units:
            raise CodeError(
                f"there is no {target} in what is followed: {why_absent(self._modules, module, name)}"
            )
        return units
