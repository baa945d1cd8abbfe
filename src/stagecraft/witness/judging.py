"""Whether a key knows what is touched."""

import os
import shutil
import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stagecraft.key.depends import (
    Dependency,
    Files,
    Network,
    Opaque,
    Program,
)
from stagecraft.witness import stack
from stagecraft.witness.importing import touched_by
from stagecraft.witness.lasting import left_but, left_by, over
from stagecraft.witness.modules import Imports, elsewhere, origins
from stagecraft.witness.places import Places
from stagecraft.witness.stack import followed
from stagecraft.witness.touching import (
    PYTHON,
    Touch,
    Touching,
    files_handed,
    loading_definitions,
    real,
    real_pattern,
)

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Known:
    """What the key of a stage knows.

    Args:
        files: the files behind its code, each with the name of its module; a data file has none.
        definitions: this code.
        roots: the folders of the packages whose code is followed.
        folder: the project's.
        imports_of: lists the names that a module of these imports anywhere.
        inputs: the files that the stage is given.
        depends: what it declares besides.
        servers: the addresses of the run's own.
        states: definitions by which its code may keep something for stages after it.
    """

    files: Mapping[Path, str]
    definitions: Collection[str]
    roots: list[Path]
    folder: Path
    imports_of: Callable[[str], Iterable[str]]
    inputs: Collection[Path]
    depends: Sequence[Dependency]
    servers: Collection[str]
    places: Places
    states: Collection[str] = ()


# What stages of this process touched so far and may have kept, by the definitions that they kept it by.
_kept: dict[frozenset[str], dict[Touch, None]] = {}


class Judge:
    """Holds what a stage does against what its key knows."""

    def __init__(self, known: Known) -> None:
        self._known, self._places = known, known.places
        self._imports = Imports(known.files, known.roots, known.imports_of)
        self._touching = Touching(known.places, self._imports.are_seen)
        declared = (path for each in known.depends for path in each.paths(known.folder))
        self._given = {os.path.realpath(path) for path in (*known.inputs, *declared)}
        self._keyed = self._given.union(map(os.path.realpath, known.files))
        self._over = over()
        self._inputs = set(map(os.path.realpath, known.inputs))
        self._touched = _kept.setdefault(frozenset(known.states), {})

    def flaw(self, event: str, args: tuple[Any, ...]) -> str:
        """Say what an event touches that the key does not know; nothing if it does, or need not."""
        touch = self._touching.touch(event, args)
        if touch and touch.thing not in self._inputs and not self._is_own_code(touch):
            self._touched[touch] = None
        text = self._flaw(touch) if touch else ""
        if event != "subprocess.Popen" or text or not touch or self._is_opaque:
            return text
        # Of a program that is declared the key has its file, and not those that it is handed.
        given = (self.flaw("open", (name, "r", os.O_RDONLY)) for name in files_handed(args))
        return next(filter(None, given), "")

    def flaws_of_what_is_left(self) -> list[str]:
        """Say what goes on that the stage began."""
        return [f"left {work.name} at work" for work in left_by(self._touching.begun) if not self._is_opaque]

    def flaws_of_code(self) -> Iterator[str]:
        """Say what the stage's own code touched when it was imported, whoever did that first, and when.

        So is code that it loads and that is not followed, a module that comes from elsewhere, and what stages
        before it touched that may have kept it where this one finds it.
        """
        for file, module in self._known.files.items():
            if module and (place := elsewhere(module, file)):
                yield f"looked for {module} in {self._shown(os.path.realpath(place))}"
        for definition in self._known.definitions:
            for file in map(followed, filter(os.path.isabs, origins(definition))):
                yield (
                    "" if self._is_fine(file) else f"found in {definition} what {self._shown(file)} put there"
                )
        for definition, files in loading_definitions():
            if self._has(definition):
                yield from (self._flaw(Touch("loaded", file)) for file in sorted(files))
        for module in filter(None, self._known.files.values()):
            yield from map(self._flaw, touched_by(module))
        if not self._is_opaque:
            yield from (f"ran beside {work.name}, which was left at work" for work in left_but(self._over))
        for states, touched in list(_kept.items()):
            if not states.isdisjoint(self._known.states):
                yield from map(self._flaw, list(touched))

    def _flaw(self, touch: Touch) -> str:
        """Say what is touched if the key does not know it."""
        verb, thing = touch
        match verb:
            case "opened":
                # Of code the key has the syntax, and no more.
                is_code = thing.endswith(PYTHON) and self._imports.is_followed(thing)
                is_known = thing in self._given if is_code else self._is_fine(thing)
                is_known = is_known or (is_code and stack.is_mechanism(self._places))
                return "" if is_known else f"opened {self._shown(thing)}"
            case "listed" | "matched":
                is_whole = self._is_fine(thing) or thing in self._listed_whole
                is_known = is_whole if verb == "listed" else self._is_declared(thing)
                what = "listed" if verb == "listed" else "looked for"
                return "" if is_known else f"{what} {self._shown(thing)}"
            case "loaded":
                is_known = self._is_fine(thing) or self._imports.are_seen(thing) or not Path(thing).is_file()
                return "" if is_known else f"loaded {self._shown(thing)}, code that is not followed"
            case "linked":
                is_known = self._is_opaque or self._is_fine(thing)
                return "" if is_known else f"loaded the compiled code of {self._shown(thing)}"
            case "started":
                is_known = self._is_opaque or real(shutil.which(thing) or thing) in self._programs
                return "" if is_known else f"started {thing}"
            case "connected":
                is_known = self._declares(Network) or thing in self._own_addresses
                return "" if is_known else f"connected to {thing}"

    def _declares(self, kind: type[Dependency]) -> bool:
        return any(isinstance(each, kind) for each in self._known.depends)

    @cached_property
    def _is_opaque(self) -> bool:
        return self._declares(Opaque)

    @cached_property
    def _programs(self) -> set[str]:
        programs = (each for each in self._known.depends if isinstance(each, Program))
        return {os.path.realpath(path) for each in programs for path in each.paths(self._known.folder)}

    @cached_property
    def _patterns(self) -> list[Files]:
        return [each for each in self._known.depends if isinstance(each, Files)]

    @cached_property
    def _listed_whole(self) -> set[str]:
        """The folders of which a pattern that is declared takes all names."""
        return {
            os.path.realpath(path) for each in self._patterns for path in each.folders(self._known.folder)
        }

    def _is_declared(self, pattern: str) -> bool:
        """Tell whether a pattern asks for no more names than those that are declared do."""
        folder, _ = os.path.split(pattern)
        own = {real_pattern(each.whole(self._known.folder)) for each in self._patterns}
        return pattern in own or folder in self._listed_whole

    @cached_property
    def _own_addresses(self) -> set[str]:
        return {address for server in self._known.servers for address in _addresses(server)}

    def _has(self, definition: str) -> bool:
        """Tell whether code belongs to the stage: its definition, the class around it, or its module."""
        if definition.endswith(".<module>"):
            return definition.removesuffix(".<module>") in self._known.files.values()
        return bool({definition, definition.rpartition(".")[0]} & {*self._known.definitions})

    def _is_own_code(self, touch: Touch) -> bool:
        """Tell whether code is loaded that the key follows: that is no value which another stage finds."""
        return touch.verb == "loaded" and self._imports.are_seen(touch.thing)

    def _is_fine(self, name: str) -> bool:
        """Tell whether a file is keyed or needs no key."""
        return name in self._keyed or self._places.hold(name) or self._touching.is_made(name)

    def _shown(self, path: str) -> str:
        folder = os.path.realpath(self._known.folder)
        return path.removeprefix(f"{folder}{os.sep}")


@cache
def _addresses(server: str) -> frozenset[str]:
    """Look up where a server may be reached, each as host:port."""
    parts = urlsplit(server)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    if not parts.hostname or not port:
        return frozenset()
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    return frozenset({f"{host}:{port}" for host in (parts.hostname, *(str(entry[4][0]) for entry in found))})
