"""The servers of a home that are up: told by the process that started them, as long as it lives."""

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pydantic import Field, PositiveInt

from stagecraft.errors import ServerError
from stagecraft.files.artifact import Frozen
from stagecraft.files.home import Home
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import fields, seal
from stagecraft.files.whole import write_whole
from stagecraft.servers.token import CLIENT_VARIABLE

# Somebody who only looks holds the lock for a moment too.
_PATIENCE_S = 2

#: told the variables that lead programs to the servers, and the process of each server by its name
Announce = Callable[[Mapping[str, str], Mapping[str, psutil.Process]], None]


@contextmanager
def announcing(home: Home) -> Iterator[Announce]:
    """Be the one who runs the servers of a home, and stop those that one before left when it was killed.

    Raises:
        ServerError: they are up already.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_lock(home), timeout=_PATIENCE_S)
    try:
        lock.acquire()
    except Timeout:
        told = addresses(home)
        where = ", ".join(f"{name}={told[name]}" for name in told if name != CLIENT_VARIABLE)
        raise ServerError(
            f"the servers of {home.root} are up already ({where or 'about to answer'});"
            " Ctrl-C where they were started stops them"
        ) from None
    with lock:
        _stop_left(home)
        try:
            yield lambda variables, processes: _announce(home, variables, processes)
        finally:
            _file(home).unlink(missing_ok=True)


def addresses(home: Home) -> dict[str, str]:
    """Tell which variables lead a program to the servers of a home; none if they are not up.

    Raises:
        ServerError: they are up, and what tells where is damaged.
    """
    try:
        with _lock(home).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return {}
    except OSError:  # the one who runs them holds it
        return _variables(home)
    return {}


def _variables(home: Home) -> dict[str, str]:
    try:
        return _read(home).variables
    except ValueError:
        raise ServerError(
            f"expected the addresses of the servers that are up in {_file(home)}, got a damaged file; Ctrl-C"
            f" where they were started, and `{home.names.project} up` again"
        ) from None


def _stop_left(home: Home) -> None:
    """Stop the servers that this home left; those of the home that it is a copy of are none of its."""
    from stagecraft.servers.process_group import stop_group

    told = _Announced()
    with suppress(ValueError):  # no process is stopped on a guess
        told = _read(home)
    left = told.processes if told.home == _inode(home) else {}
    for pid, created in left.values():
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).create_time() == created:
                stop_group(pid)


def _announce(home: Home, variables: Mapping[str, str], processes: Mapping[str, psutil.Process]) -> None:
    started = {name: (process.pid, process.create_time()) for name, process in processes.items()}
    document = json.dumps({"home": _inode(home), "variables": dict(variables), "processes": started})
    write_whole(_file(home), seal(document.encode()))  # mode 600, for a token may be among the variables


class _Announced(Frozen):
    """What the process that started servers tells of them.

    Attributes:
        home: see `_inode`; nothing in one of the version before.
        processes: the number of each server's, and when it began.
    """

    home: tuple[int, ...] = ()
    variables: dict[str, str] = Field(default_factory=dict)
    processes: dict[str, tuple[PositiveInt, float]] = Field(default_factory=dict)


def _inode(home: Home) -> tuple[int, ...]:
    """Tell what a home keeps when it is renamed, and what no copy has."""
    status = home.private.stat()
    return status.st_dev, status.st_ino


def _read(home: Home) -> _Announced:
    """Read what was announced; nothing if nothing was.

    Raises:
        ValueError: it is damaged.
    """
    try:
        content = read_regular(_file(home))
    except OSError:
        return _Announced()
    try:
        document = fields(content, *_Announced.model_fields)
    except ValueError:
        document = fields(content, "variables", "processes")  # of the version before
    return _Announced.model_validate(document)


def _file(home: Home) -> Path:
    return home.private / "servers.json"


def _lock(home: Home) -> Path:
    return home.private / "servers.lock"
