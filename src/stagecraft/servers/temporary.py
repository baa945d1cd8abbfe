"""Prefect's temporary server of a home: whoever needs it first starts it, and it ends with the last one.

Whoever uses it shares a lock, which the kernel drops with the process; when the server can have it alone, it
closes what is open and ends. So it outlives nobody, and a run never holds two servers on one database.
"""

import fcntl
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stagecraft.errors import ServerError
from stagecraft.files.home import Home
from stagecraft.servers.environment import inherited
from stagecraft.servers.prefect_database import make_ready

_PROGRAM = "stagecraft.prefect.serving"
_STARTS_S, _ENDS_S, _POLL_S = 180, 15, 0.1


class _Use:
    """That this process uses the server of a home."""

    def __init__(self, home: Home) -> None:
        self._home, self._users = home, open_users(home)
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> str:
        """Have the server; return where it answers.

        Raises:
            ServerError: it did not start.
        """
        fcntl.flock(self._users, fcntl.LOCK_SH)  # waits for the end of one that is ending
        with (_folder(self._home) / "starting").open("ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            return _address(self._home) or self._start()

    def end(self) -> list[int]:
        """Let go of it, and wait for its end; if others use it, return its process if that is a child."""
        is_last = is_alone(self._users)
        self._users.close()
        if not is_last:
            return [self._process.pid] if self._process else []
        end = time.monotonic() + _ENDS_S
        while (_address(self._home) or self._goes_on()) and time.monotonic() < end:
            time.sleep(_POLL_S)
        return []

    def _start(self) -> str:
        make_ready(self._home)
        command = [sys.executable, "-P", "-m", _PROGRAM, str(self._home.root), self._home.names.project]
        log = self._home.private / "logs" / "temporary.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  (this very program)
                command,
                env=inherited(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            return self._wait_until_ready(log)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    def _wait_until_ready(self, log: Path) -> str:
        end = time.monotonic() + _STARTS_S
        while not (address := _address(self._home)):
            if not self._goes_on():
                raise ServerError(f"Prefect's temporary server ended; see {log}")
            if time.monotonic() > end:
                raise ServerError(f"Prefect's temporary server did not answer in {_STARTS_S} s; see {log}")
            time.sleep(_POLL_S)
        return address

    def _goes_on(self) -> bool:
        return self._process is not None and self._process.poll() is None


_uses: list[_Use] = []


@contextmanager
def temporary_server(home: Home) -> Iterator[str]:
    """Use the server of a home for a while; yields where it answers.

    Raises:
        ServerError: it did not start.
    """
    use = _Use(home)
    _uses.append(use)
    try:
        yield use.begin()
    finally:
        let_go()


def let_go() -> list[int]:
    """Let go of the server that this process uses; return its process if it is a child, and others use it."""
    return [process for _ in _uses[:] for process in _uses.pop().end()]


def open_users(home: Home) -> IO[bytes]:
    """Open the file on which whoever uses the server shares a lock."""
    _folder(home).mkdir(parents=True, exist_ok=True)
    return (_folder(home) / "users").open("ab")


def is_alone(users: IO[bytes]) -> bool:
    """Tell whether nobody else uses the server; from then on nobody does until the file is closed."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def announcing_address(home: Home, address: str) -> Iterator[None]:
    """Be the server of a home, and tell where it answers."""
    with (_folder(home) / "server").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(address)
        file.flush()
        yield


def _address(home: Home) -> str:
    """Tell where the server of a home answers; empty if it does not run."""
    try:
        with (_folder(home) / "server").open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return ""
    except OSError:  # the server holds it
        return (_folder(home) / "server").read_text("utf-8")
    return ""


def _folder(home: Home) -> Path:
    """Find where this machine keeps its locks; another one that shares the home can't reach its loopback."""
    return home.private / "temporary" / platform.node()
