"""What an event touches, as it is at that moment: a file, a folder, code, a program, an address."""

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from stagecraft.key.depends import fixed_start
from stagecraft.witness import stack
from stagecraft.witness.events import CHILDREN, PROCESS, WORK
from stagecraft.witness.lasting import Work
from stagecraft.witness.places import Places

PYTHON = (".py", ".pyc")
_SYSTEM = ("/opt/", "/usr/")
# Code that was loaded by which definition of which project; an import is seen the first time only.
_loaded: dict[str, set[str]] = {}


class Touch(NamedTuple):
    """What is touched, and how.

    Attributes:
        thing: the real path of a file or folder, a pattern from one on, or the name of what is started,
            linked or connected to.
    """

    verb: Literal["opened", "listed", "matched", "loaded", "linked", "started", "connected"]
    thing: str


class Touching:
    """Tells what events touch; what was made meanwhile, and what lies where nothing needs a key, is none.

    Args:
        is_project: tells the files of the project's code, by their real paths.

    Attributes:
        begun: what may go on when that which is seen has ended.
    """

    def __init__(self, places: Places, is_project: Callable[[str], bool]) -> None:
        self._places, self._is_project = places, is_project
        self._made: set[str] = set()
        self.begun: list[Work] = []
        # Where something that was made was moved to, with what tells it from what may have stayed there.
        self._moved: dict[str, tuple[int, int] | None] = {}
        self._ways: dict[str, Callable[[Any], Touch | None]] = {
            "ctypes.dlopen": self._linked,
            "exec": self._executed,
            "glob.glob/2": lambda args: self._matched(args[2] or ".", args[0]),
            "import": self._imported,
            "open": self._opened,
            "os.getxattr": self._read,
            "os.link": self._read,
            "os.listdir": self._listed,
            "os.listxattr": self._read,
            "os.mkdir": self._made_folder,
            "os.rename": self._renamed,
            "os.scandir": self._listed,
            "pathlib.Path.glob": lambda args: self._matched(args[0], args[1]),
            "pathlib.Path.rglob": lambda args: self._matched(args[0], "**", args[1]),
            "socket.connect": self._connected,
            "sqlite3.connect": self._queried,
            "sqlite3.load_extension": lambda args: self._linked(args[1:]),
            WORK: self._began,
        }

    def touch(self, event: str, args: tuple[Any, ...]) -> Touch | None:
        """Tell what an event touches; None if that needs no key."""
        return self._started(event, args) if event in CHILDREN else self._ways[event](args)

    def is_made(self, name: str) -> bool:
        """Tell whether a file or folder was made meanwhile, or lies in such a folder."""
        while name:
            if name in self._made or (name in self._moved and _identity(name) == self._moved[name]):
                return True
            name = name.rpartition(os.sep)[0]
        return False

    def _opened(self, args: tuple[Any, str | None, int]) -> Touch | None:
        path, _, flags = args
        # Most that is opened are thousands of modules; following links takes longest.
        is_python = isinstance(path, str) and path.endswith(PYTHON)
        if is_python and (self._places.hold(path) or stack.is_reading_code()):
            return None
        if isinstance(path, int) or not (name := real(path)) or self._places.hold(name):
            return None
        # The event comes before the attempt, which may fail.
        if not os.path.lexists(name):
            if flags & os.O_CREAT:
                self._made.add(name)
            return None
        if flags & os.O_TRUNC and Path(name).is_file() and os.access(name, os.W_OK):
            self._made.add(name)
        return Touch("opened", name) if self._is_read(name, flags) and not self.is_made(name) else None

    def _is_read(self, name: str, flags: int) -> bool:
        """Tell whether there is something to read; a folder that is opened for writing is none."""
        way, path = flags & os.O_ACCMODE, Path(name)
        return way == os.O_RDONLY if path.is_dir() else way != os.O_WRONLY and path.exists()

    def _read(self, args: tuple[Any, ...]) -> Touch | None:
        """Judge another name for something, by which it is read later."""
        return self._opened((args[0], "r", os.O_RDONLY))

    def _listed(self, args: tuple[Any]) -> Touch | None:
        name = real(args[0] or ".")
        if not name or self._is_free(name) or not Path(name).is_dir():
            return None
        if stack.is_matching():
            return None
        is_search = name in map(real, sys.path) and stack.is_library(self._places)
        return (
            None if is_search or stack.is_reading_code() or stack.is_looking_up() else Touch("listed", name)
        )

    def _matched(self, *parts: Any) -> Touch | None:
        pattern = real_pattern(os.path.join(*map(os.fsdecode, parts)))  # noqa: PTH118
        start = fixed_start(pattern)
        return None if str(start) == pattern or self._is_free(str(start)) else Touch("matched", pattern)

    def _made_folder(self, args: tuple[Any, ...]) -> None:
        if not os.path.lexists(name := _entry(args[0])):
            self._made.add(name)

    def _renamed(self, args: tuple[Any, ...]) -> Touch | None:
        if not self.is_made(_entry(args[0])):
            return self._read(args)
        self._moved[_entry(args[1])] = _identity(_entry(args[0]))
        return None

    def _queried(self, args: tuple[Any]) -> Touch | None:
        if isinstance(args[0], int) or not (name := os.fsdecode(args[0])):
            return None
        if name.startswith("file:"):
            name = unquote(urlsplit(name).path)
        return None if name in ("", ":memory:") else self._opened((name, None, os.O_RDWR | os.O_CREAT))

    def _imported(self, args: tuple[Any, ...]) -> Touch | None:
        return self._load(real(args[1])) if len(args) > 1 and args[1] else None

    def _executed(self, args: tuple[CodeType]) -> Touch | None:
        file = getattr(args[0], "co_filename", "<")
        return None if file.startswith("<") or self._places.hold(file) else self._load(real(file))

    def _load(self, file: str) -> Touch | None:
        """Judge code that is loaded, and remember by which definition, for the stages after this one."""
        if not file or self._places.hold(file) or not Path(file).is_file():
            return None
        if stack.is_behind_mechanism(self._is_project):
            return None
        by = stack.project_frame(lambda other: not self._places.hold(other) and other != file)
        if by:
            _loaded.setdefault(stack.definition_at(by), set()).add(file)
        return Touch("loaded", file)

    def _linked(self, args: tuple[Any]) -> Touch | None:
        name = args[0]
        if not isinstance(name, str | bytes):
            return None
        text = os.fsdecode(name)
        if os.sep in text and self._is_free(text := real(text)):
            return None
        # What a library links for itself is the system's.
        is_of_system = os.sep not in text or text.startswith(_SYSTEM)
        is_free = stack.is_free(self._places) and (is_of_system or stack.is_mechanism(self._places))
        return None if is_free else Touch("linked", text)

    def _started(self, event: str, args: tuple[Any, ...]) -> Touch | None:
        # Another process of Python's own may run the project's code, whoever starts it.
        if event != PROCESS and stack.is_free(self._places):
            return None
        if event not in {"subprocess.Popen", "os.exec", "os.posix_spawn"}:
            return Touch("started", f"a process by {event}")
        name = os.fsdecode(args[0])
        if event == "subprocess.Popen":
            _, _, folder, variables = args
            is_path = os.sep in name
            found = os.path.join(folder or "", name) if is_path else shutil.which(name, path=_path(variables))  # noqa: PTH118
            name = name if not found or real(found) == real(shutil.which(name) or name) else found
        return Touch("started", name)

    def _connected(self, args: tuple[Any, Any]) -> Touch | None:
        address = args[1]
        if stack.is_mechanism(self._places):
            return None
        where = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else os.fsdecode(address)
        return Touch("connected", where)

    def _began(self, args: tuple[str, Callable[[], bool]]) -> None:
        if not stack.is_free(self._places):
            self.begun.append(Work(*args))

    def _is_free(self, name: str) -> bool:
        return self._places.hold(name) or self.is_made(name)


def files_handed(args: tuple[Any, ...]) -> list[str]:
    """List the files that a child process is named, by the arguments of its event."""
    _, words, folder, _ = args
    texts = [os.fsdecode(word) for word in ([words] if isinstance(words, str | bytes) else words)[1:]]
    names = [os.path.join(folder or "", text) for text in texts]  # noqa: PTH118
    return [name for name in names if "\0" not in name and Path(name).is_file()]


def _path(variables: Any) -> str | None:
    """Tell where a child looks for its program; None if as this process does."""
    path = {os.fsdecode(name): value for name, value in (variables or {}).items()}.get("PATH")
    return None if path is None else os.fsdecode(path)


def loading_definitions() -> list[tuple[str, set[str]]]:
    """List the definitions that loaded code since the process began, with the files of that."""
    return list(_loaded.items())


def real(path: Any) -> str:
    """Follow a path to where it leads; nothing for what is no path, or where the current folder is gone."""
    with suppress(FileNotFoundError):
        return "" if isinstance(path, int) else os.path.realpath(os.fsdecode(path))
    return ""


def real_pattern(pattern: str) -> str:
    """Follow a pattern to where that part of it leads that does not vary."""
    start = fixed_start(whole := os.path.abspath(pattern))  # noqa: PTH100
    return os.path.realpath(start) + whole.removeprefix(str(start))


def _entry(path: Any) -> str:
    """Name an entry of a folder, which may be a link itself."""
    try:
        folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100
    except FileNotFoundError:  # the current folder is gone
        return ""
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118


def _identity(path: str) -> tuple[int, int] | None:
    """Tell which file or folder stands under a name."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
