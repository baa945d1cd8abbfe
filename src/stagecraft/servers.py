"""Prefect's server, MLflow's server and a worker, as child processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from stagecraft.errors import ServerError
from stagecraft.home import Home

HOST = "127.0.0.1"
_STOP_S = 15


@dataclass(frozen=True)
class Server:
    """A program that serves until it is stopped.

    Attributes:
        name: for messages and for the name of its log.
        command: how it is started.
        url: where people open it; empty for a worker, which has no page.
        health: answers 200 when it is ready; empty to not wait.
        option: the option that chooses its port, where it is not called after the server.
    """

    name: str
    command: Sequence[str]
    url: str = ""
    health: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    option: str = ""


def servers_of(home: Home, prefect_port: int = 4200, mlflow_port: int = 5000) -> list[Server]:
    """Lay out the servers of a project: both records lie in its home."""
    prefect, mlflow = f"http://{HOST}:{prefect_port}", f"http://{HOST}:{mlflow_port}"
    run = [sys.executable, "-m"]
    return [
        Server(
            "prefect",
            [*run, "prefect", "server", "start", "--host", HOST, "--port", str(prefect_port)],
            prefect,
            f"{prefect}/api/health",
            {"PREFECT_UI_API_URL": f"{prefect}/api"},
        ),
        Server(
            "mlflow",
            [
                *(*run, "mlflow", "server", "--host", HOST, "--port", str(mlflow_port)),
                *("--backend-store-uri", home.store, "--artifacts-destination", str(home.artifacts)),
            ],
            mlflow,
            f"{mlflow}/health",
        ),
        Server(
            "worker",
            [*run, "prefect", "worker", "start", "--pool", "local", "--type", "process"],
            settings={"PREFECT_API_URL": f"{prefect}/api", "MLFLOW_TRACKING_URI": mlflow},
        ),
    ]


@contextmanager
def running(servers: Sequence[Server], logs: Path, timeout_s: float = 90) -> Iterator[Callable[[], None]]:
    """Start servers one after the other, each when the one before answers; stop them all at the end.

    Args:
        logs: folder for what they print.
        timeout_s: seconds until each must answer.

    Yields:
        a check that raises ServerError if one of them has ended.

    Raises:
        ServerError: a port is taken, or a server ended or did not answer in time.
    """
    logs.mkdir(parents=True, exist_ok=True)
    processes: list[tuple[Server, subprocess.Popen[bytes], Path]] = []

    def check() -> None:
        for server, process, log in processes:
            if process.poll() is not None:
                raise ServerError(f"{server.name} ended; see {log}")

    with ExitStack() as stack:
        for server in servers:
            _check_port(server)
            log = logs / f"{server.name}.log"
            process = stack.enter_context(_process(server, log))
            processes.append((server, process, log))
            _wait_until_ready(server, check, log, timeout_s)
        yield check


@contextmanager
def _process(server: Server, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in a process group of its own, so that its children end with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  (commands are laid out above, not taken from outside)
            server.command,
            env={**_inherited(), **server.settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _inherited() -> dict[str, str]:
    """Take this process's environment, without what keeps Prefect's log records off a console."""
    return {name: value for name, value in os.environ.items() if name != "PREFECT_LOGGING_CONFIG_PATH"}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process group to end, and end it if it does not."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
            process.wait(_STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _check_port(server: Server) -> None:
    if not server.url:
        return
    port, default = int(server.url.rpartition(":")[2]), f"--{server.name}-port"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ServerError(
                f"expected port {port} to be free for {server.name}, got one in use;"
                f" is it running already? else choose another with {server.option or default}"
            ) from None


def _wait_until_ready(server: Server, check: Callable[[], None], log: Path, timeout_s: float) -> None:
    end = time.monotonic() + timeout_s
    while server.health:
        try:
            if requests.get(server.health, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        check()
        if time.monotonic() > end:
            raise ServerError(f"{server.name} did not answer in {timeout_s:g} s; see {log}")
        time.sleep(0.2)
