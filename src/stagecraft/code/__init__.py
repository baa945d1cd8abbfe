"""Code: what the result of a function can depend on, told from syntax alone.

Nothing is imported and nothing is run. What can't be told makes the reach wider, never narrower.
May import: files, errors.

    source, modules     files, and what a name in them leads to (targets)
    syntax, uses        of a definition: what counts, and which names and attributes it uses (names, nodes)
    dynamic, data       what is reached by names that are values, and data files
    classes, methods    which methods may be called
    effects             what modules do when they are imported
    definitions, search each unit of code once, and all that one leads to
    heads, hints        what a function asks for and yields (outside)
    fitting             whether one may stand where the other is asked for
    places              where a definition stands
    files               those behind all that, and whether they were changed since
"""

import ast
import inspect
from collections.abc import Collection, Sequence
from typing import Any

from stagecraft.code import heads
from stagecraft.code.classes import Classes
from stagecraft.code.data import Data
from stagecraft.code.definitions import Definitions
from stagecraft.code.files import Files
from stagecraft.code.fitting import fits
from stagecraft.code.hints import Hint, Hints, hint_of
from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.nodes import is_function
from stagecraft.code.places import Place, find_place
from stagecraft.code.search import Reach, Search
from stagecraft.code.source import CodeError
from stagecraft.code.syntax import Recording
from stagecraft.code.targets import Unit

__all__ = ["Code", "CodeError", "Hint", "Place", "Reach", "hint_of"]


class Code:
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
        self._modules, self._data = Modules(packages, leave_out), Data()
        self.files, self._hints = Files(self._modules), Hints(self._modules)
        self._definitions = Definitions(Classes(self._modules), Recording(recorder, frozenset(recording)))

    def follow(self, target: str, recorded: bool = False) -> Reach:
        """Find everything that the result of a function can depend on.

        Args:
            target: such as tasks.text.tokenize.
            recorded: what it records is part of its result.

        Raises:
            CodeError: there is no such definition, or a file on the way is no Python.
        """
        return Search(self._definitions, self._data, recorded).run(self._find(target))

    def signature(self, target: str) -> inspect.Signature:
        """Read a function's parameters.

        Returns:
            annotations as strings; a default that is no literal is `...`.

        Raises:
            CodeError: there is no such function.
        """
        functions = [node for node in self._bound(target) if is_function(node)]
        if not functions:
            raise CodeError(f"expected a function at {target}, got another definition")
        return heads.signature(functions[-1])

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

    def load(self, hint: Hint) -> type[Any] | None:
        """Import the class that an annotation names; None if it does not name one class alone."""
        return self._hints.load(hint)

    def has_module(self, name: str) -> bool:
        """Tell whether a package of the project has a module of this name, left out or not."""
        return self._modules.exists(name)

    def place(self, definition: str) -> Place | None:
        """Find where something that a reach names stands; None if it is there no more."""
        return find_place(self._definitions, definition)

    def is_lazy(self, target: str) -> bool:
        """Tell whether a call of a function only makes a coroutine or a generator."""
        return any(map(_is_lazy, self._bound(target)))

    def description(self, target: str) -> str:
        """Return the first line of a definition's docstring.

        Raises:
            CodeError: there is no such definition.
        """
        return next(filter(None, map(heads.description, self._bound(target))), "")

    def _bound(self, target: str) -> list[ast.stmt]:
        return [node for unit in self._find(target) for node in self._modules.bound(unit)]

    def _find(self, target: str) -> list[Unit]:
        """Find a definition, wherever the name leads to."""
        module, _, name = target.rpartition(".")
        found = self._modules.find(Ref(module, (name,))) if self._modules.load(module) else ()
        units = [Unit(target.module, target.name) for target in found if target.kind == "definition"]
        if not units:
            raise CodeError(f"there is no {target}: expected a function, a class or a constant in {module}")
        return units


def _is_lazy(node: ast.stmt) -> bool:
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    inner: list[ast.AST] = list(node.body) if isinstance(node, ast.FunctionDef) else []
    while inner:
        part = inner.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner += ast.iter_child_nodes(part)
    return False
