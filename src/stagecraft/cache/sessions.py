"""Runs in progress: each holds a lock on a file of its own, which the kernel drops when the process dies."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
from filelock import FileLock

from stagecraft.files.home import Home
from stagecraft.files.whole import half_written

_FLOW_RUN, _RUN, _ENDED = "flow_run", "run", "ended"
# As Prefect writes one: what is damaged, or comes from elsewhere, leads to no other file.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Session:
    """A run in progress, and the results that it counts on, listed in its file.

    Args:
        run: what is run, such as a pipeline and its profile; empty if that is no run of its own.

    Attributes:
        name: what its runs in MLflow are tagged with.
        is_given_up: it counts as dead, though its process goes on.
    """

    def __init__(self, home: Home, run: str = "") -> None:
        home.live.mkdir(parents=True, exist_ok=True)
        self.name = f"{home_id(home)}-{_inode(home)}-{uuid.uuid4().hex}"
        self._path = home.live / self.name
        self._writing, self._abandoned = threading.Lock(), False
        self.is_given_up = False
        with starting(home):
            self._file = self._path.open("a", encoding="utf-8", errors="surrogateescape")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        if run:
            self.use(f"{_RUN} {run}")
        _open.add(self)

    def use(self, key: str) -> None:
        """Keep a result from being freed while this run lasts; to be said before the result is read."""
        with self._writing:
            self._file.write(f"{key}\n")
            self._file.flush()

    def is_flow_run(self, flow_run_id: str) -> None:
        """Have Prefect told that a flow run has crashed, if this process dies before it can say so itself."""
        self.use(f"{_FLOW_RUN} {flow_run_id}")

    def abandon(self, reason: str) -> None:
        """Leave what could not be closed to the next run, with the reason why it ended."""
        self.use(f"{_ENDED} {' '.join(reason.split())}")
        self._abandoned = True

    def leave(self) -> None:
        """Leave it to the next run to see that what is marked has ended."""
        self._abandoned = True

    def give_up(self) -> None:
        """Count as dead from now on."""
        self._abandoned = self.is_given_up = True
        with suppress(ValueError):  # it has ended meanwhile
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """End the run."""
        _open.discard(self)
        if not self._abandoned:
            self._path.unlink(missing_ok=True)
        self._file.close()


_open: set[Session] = set()


def give_up_all() -> bool:
    """Let the runs of this process count as dead, though it has not ended; tell whether there were any."""
    given_up = list(_open)
    _open.clear()
    for each in given_up:
        each.give_up()
    return bool(given_up)


@contextmanager
def session(home: Home, run: str = "") -> Iterator[Session]:
    """Be a run in progress; first remove what dead ones left half-written, for this one may be writing."""
    remove_half_written(home)
    started = Session(home, run)
    try:
        yield started
    finally:
        started.close()


def starting(home: Home) -> FileLock:
    """Keep runs from starting for a while: a file that is not locked yet would count as a dead run's."""
    return FileLock(home.private / "starting.lock")


def home_id(home: Home) -> str:
    """Tell this home on this machine from others that share a server with it."""
    return hashlib.sha256(f"{platform.node()}:{home.root}".encode()).hexdigest()[:8]


def owner_variable(home: Home) -> str:
    """Tell which variable holds a run's name for programs that are to be stopped if the run dies."""
    return home.names.variable("OWNER")


def keys_in_use(home: Home) -> set[str]:
    """Collect the keys of the results that runs in progress count on."""
    return {key for path in _files(home) if _is_alive(path) for key in _lines(path)}


def living(home: Home) -> set[str]:
    """Name the runs in progress."""
    return {path.name for path in _files(home) if _is_alive(path)}


def is_running(home: Home, run: str) -> bool:
    """Tell whether a run of this name is in progress."""
    return f"{_RUN} {run}" in keys_in_use(home)


def dead(home: Home) -> set[str]:
    """Name the runs whose process died."""
    with starting(home):
        return {path.name for path in _files(home)} - living(home)


def end_of(home: Home, name: str) -> str:
    """Tell why a run ended that came to its end, and only could not record it; empty if its process died."""
    for line in _lines(home.live / name):
        if line.startswith(f"{_ENDED} "):
            return line.partition(" ")[2]
    return ""


def is_copied(home: Home, name: str) -> bool:
    """Tell whether a dead run is that of the home that this one is a copy of, where it may be alive."""
    parts = name.split("-")  # one of a version before tells less
    return len(parts) == 3 and parts[1] != _inode(home)


def _inode(home: Home) -> str:
    """Tell what a home keeps when it is renamed, and what no copy has."""
    return f"{home.private.stat().st_ino:x}"


def remove_half_written(home: Home) -> list[Path]:
    """Remove half-written files, unless a run in progress may be writing; return what it removed."""
    with starting(home):
        left = [] if living(home) else half_written(home.private)
        for path in left:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return left


def forget_dead(home: Home, name: str) -> None:
    """Forget a run whose process died, and stop the programs that it left."""
    path = home.live / name
    owner = owner_variable(home)
    for process in [] if is_copied(home, name) else psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(owner) == name:
                process.terminate()
    _note_flow_runs(home, name)
    path.unlink(missing_ok=True)


def note_flow_run(home: Home, flow_run_id: str) -> None:
    """Have Prefect told that a flow run was broken off."""
    home.crashed.mkdir(exist_ok=True)
    (home.crashed / flow_run_id).touch()


def crashed_flow_runs(home: Home) -> list[Path]:
    """List the files of flow runs that Prefect is to be told of; whatever else lies there is none."""
    return sorted(path for path in home.crashed.glob("*") if _ID.fullmatch(path.name))


def note_crashed(home: Home) -> bool:
    """Have Prefect told of all flow runs whose process died; tell whether there is any to be told of."""
    for name in dead(home):
        _note_flow_runs(home, name)
    return bool(crashed_flow_runs(home))


def _note_flow_runs(home: Home, name: str) -> None:
    if is_copied(home, name) and os.environ.get("PREFECT_API_URL"):
        return  # that server may know them as ones that go on
    for line in _lines(home.live / name):
        kind, _, flow_run_id = line.partition(" ")
        if kind == _FLOW_RUN and _ID.fullmatch(flow_run_id):
            note_flow_run(home, flow_run_id)


def _files(home: Home) -> list[Path]:
    return sorted(path for path in home.live.glob("*") if path.name.isascii() and path.is_file())


def _lines(path: Path) -> list[str]:
    """Read a session's file; a run that ends at this moment removes it, and counts on nothing.

    What is damaged in it names nothing.
    """
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []


def _is_alive(path: Path) -> bool:
    """Tell whether somebody holds the lock on a session's file."""
    try:
        with path.open("rb") as file:
            return not _can_lock(file)
    except FileNotFoundError:
        return False


def _can_lock(file: IO[bytes]) -> bool:
    """Try a lock, and let go of it again."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True
