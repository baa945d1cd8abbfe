"""Servers as child processes: started in order, started again, stopped."""

import subprocess
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

from stagecraft.errors import ServerError
from stagecraft.servers.environment import inherited
from stagecraft.servers.listening import check_port
from stagecraft.servers.process_group import stop_group

_STOP_S = 15
# A server that ends more often than this is not started again.
_RESTARTS, _WITHIN_S = 5, 120


@dataclass(frozen=True)
class Server:
    """A program that serves until it is stopped.

    Attributes:
        name: for messages and for the name of its log.
        command: how it is started.
        url: where people open it; empty for a worker, which has no page.
        health: answers 200 when it is ready; empty to not wait.
        settings: more environment variables.
        option: the option that chooses its port, where it is not called after the server.
        headers: what its health is asked with.
    """

    name: str
    command: Sequence[str]
    url: str = ""
    health: str = ""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    option: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Running:
    """Servers that were started, in order.

    Args:
        logs: folder for what they print.
        timeout_s: seconds until each must answer.
    """

    def __init__(self, logs: Path, timeout_s: float) -> None:
        self._logs, self._timeout_s = logs, timeout_s
        self._started: list[tuple[Server, subprocess.Popen[bytes]]] = []
        self._left: list[int] = []
        self._revived: deque[float] = deque(maxlen=_RESTARTS)

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The process of each server that runs; it leads a process group."""
        alive = [(server, process) for server, process in self._started if process.poll() is None]
        return {server.name: psutil.Process(process.pid) for server, process in alive}

    def start(self, server: Server) -> None:
        """Start a server and wait until it answers.

        Raises:
            ServerError: its port is taken, or it ended or did not answer in time.
            UsageError: it can't listen where it is to.
        """
        if server.url:
            place = urlsplit(server.url)
            option = server.option or f"--{server.name}-port"
            check_port(server.name, place.hostname or "", place.port or 0, option)
        process = _spawn(server, self._log(server))
        self._started.append((server, process))
        self._wait_until_ready(server, process)

    def revive(self) -> list[str]:
        """Start again those that have ended; return their names.

        Raises:
            ServerError: they end again and again.
        """
        ended = [(server, process) for server, process in self._started if process.poll() is not None]
        for server, process in ended:
            self._revived.append(time.monotonic())
            if len(self._revived) == _RESTARTS and self._revived[-1] - self._revived[0] < _WITHIN_S:
                raise ServerError(f"{server.name} ends again and again; see {self._log(server)}")
            if server.url:
                stop_group(process.pid)  # children that it left would keep its port
            else:
                self._left.append(process.pid)  # children that it left may be in the middle of a run
            self._started.remove((server, process))
            self.start(server)
        return [server.name for server, _ in ended]

    def stop(self) -> None:
        """Stop all, the last first."""
        while self._left:
            stop_group(self._left.pop())
        while self._started:
            _, process = self._started.pop()
            stop_group(process.pid)
            process.wait()

    def _log(self, server: Server) -> Path:
        return self._logs / f"{server.name}.log"

    def _wait_until_ready(self, server: Server, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + self._timeout_s
        while server.health:
            try:
                if requests.get(server.health, headers=dict(server.headers), timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            if process.poll() is not None:
                raise ServerError(f"{server.name} ended; see {self._log(server)}")
            if time.monotonic() > end:
                raise ServerError(
                    f"{server.name} did not answer in {self._timeout_s:g} s; see {self._log(server)}"
                )
            time.sleep(0.2)


@contextmanager
def running(servers: Sequence[Server], logs: Path, timeout_s: float = 180) -> Iterator[Running]:
    """Start servers one after the other, each when the one before answers; stop them all at the end.

    Args:
        logs: folder for what they print.
        timeout_s: seconds until each must answer.

    Raises:
        ServerError: a port is taken, or a server ended or did not answer in time.
    """
    logs.mkdir(parents=True, exist_ok=True)
    started = Running(logs, timeout_s)
    try:
        for server in servers:
            started.start(server)
        yield started
    finally:
        started.stop()


def _spawn(server: Server, log: Path) -> subprocess.Popen[bytes]:
    """Run a server in a process group of its own, so that its children end with it."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  (commands are laid out above, not taken from outside)
            server.command,
            env={**inherited(), **server.settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
