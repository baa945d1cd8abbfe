"""Whether code that is loaded is in a key, whoever loaded it first."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from stagecraft.key.depends import locate


def elsewhere(module: str, file: Path) -> str:
    """Tell where a module lies, or looks for others, that is loaded from elsewhere than a key has it from."""
    loaded = sys.modules.get(module)
    places = [getattr(loaded, "__file__", None), *getattr(loaded, "__path__", ())]
    known = {os.path.realpath(file), os.path.realpath(file.parent)}
    return next((place for place in places if place and os.path.realpath(place) not in known), "")


def origins(definition: str) -> Iterator[str]:
    """List the files that a definition, as it is in memory, has its code from; a class with all it holds."""
    names = definition.split(".")
    ends = (end for end in range(len(names) - 1, 0, -1) if ".".join(names[:end]) in sys.modules)
    if not (end := next(ends, 0)):
        return
    thing: Any = sys.modules[".".join(names[:end])]
    for name in names[end:]:
        thing = vars(thing).get(name) if isinstance(thing, ModuleType | type) else None
    for part in (thing, *(vars(thing).values() if isinstance(thing, type) else ())):
        function = part.fget if isinstance(part, property) else part
        function = function.__func__ if isinstance(function, classmethod | staticmethod) else function
        while isinstance(function, FunctionType):
            yield function.__code__.co_filename
            function = getattr(function, "__wrapped__", None)


class Imports:
    """The modules of the project that a stage's code imports by their names, at any depth.

    Whether these count, and how far, is told from their syntax when the key is made.

    Args:
        files: behind the key, each with the name of its module.
        roots: the folders of the packages whose code is followed, or what they would be as files.
        imports_of: lists the names that a module imports anywhere.
    """

    def __init__(
        self, files: Mapping[Path, str], roots: list[Path], imports_of: Callable[[str], Iterable[str]]
    ) -> None:
        self._files, self._roots, self._imports_of = files, roots, imports_of
        self._found: dict[str, dict[str, str]] = {}

    def is_followed(self, file: str) -> bool:
        """Tell whether a file, by its real path, belongs to a package whose code is followed, or is one."""
        return any(
            file in (root, f"{root}.py") or file.startswith(f"{root}{os.sep}") for root in self._real_roots
        )

    def are_seen(self, file: str) -> bool:
        """Tell whether a file is one of those modules."""
        return file in self._seen

    @cached_property
    def _real_roots(self) -> list[str]:
        return [os.path.realpath(root) for root in self._roots]

    @cached_property
    def _seen(self) -> set[str]:
        waiting = list(filter(None, self._files.values()))
        found = {os.path.realpath(file) for file in self._files}
        while waiting:
            for name in self._imports_of(waiting.pop()):
                for file, module in self._located(name).items():
                    if file not in found and self.is_followed(file):
                        found.add(file)
                        waiting.append(module)
        return found

    def _located(self, name: str) -> dict[str, str]:
        """Find the file of a module, and those of the packages that it lies in, each with its own name."""
        if name not in self._found:
            package = name.rpartition(".")[0]
            files = (place / "__init__.py" if place.is_dir() else place for place in locate(name))
            own = {os.path.realpath(file): name for file in files if file.is_file()}
            self._found[name] = (self._located(package) if package else {}) | own
        return self._found[name]
