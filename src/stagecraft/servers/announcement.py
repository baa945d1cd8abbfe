"""The servers of a home that are up: told by the process that started them, as long as it lives."""

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from stagecraft.errors import ServerError
from stagecraft.files.home import Home
from stagecraft.files.whole import write_whole

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
        where = ", ".join(f"{name}={value}" for name, value in addresses(home).items())
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
    """Tell which variables lead a program to the servers of a home; none if they are not up."""
    try:
        with _lock(home).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return {}
    except OSError:  # the one who runs them holds it
        return dict(_read(home).get("variables", {}))
    return {}


def _stop_left(home: Home) -> None:
    from stagecraft.servers.process_group import stop_group

    for pid, created in _read(home).get("processes", {}).values():
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).create_time() == created:
                stop_group(pid)


def _announce(home: Home, variables: Mapping[str, str], processes: Mapping[str, psutil.Process]) -> None:
    started = {name: (process.pid, process.create_time()) for name, process in processes.items()}
    write_whole(_file(home), json.dumps({"variables": dict(variables), "processes": started}).encode())


def _read(home: Home) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(_file(home).read_bytes())
    except (OSError, ValueError):
        return {}
    return document


def _file(home: Home) -> Path:
    return home.private / "servers.json"


def _lock(home: Home) -> Path:
    return home.private / "servers.lock"
