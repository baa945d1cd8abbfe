"""What the processes of one test session share, made by the first that needs it; and its end."""

import atexit
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil
import requests
from filelock import FileLock

from stagecraft.files.home import Home
from stagecraft.files.sealed import seal, unseal
from stagecraft.servers.server import Server
from tests.patience import PATIENCE_S, until

#: every process of a session has it in its environment, also those that a test starts
SESSION_VARIABLE = "TESTS_OF_SESSION"
_FOLDER_VARIABLE = "TESTS_FOLDER"

# Python would complain of one that is forgotten while it goes on.
_servers: list[subprocess.Popen[bytes]] = []


def begin() -> Path:
    """Begin the session, or join the one of the process that started this one; return its folder.

    At the end of the one that began it, be it by Ctrl-C, all that belongs to it is stopped.
    """
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ[SESSION_VARIABLE] = uuid.uuid4().hex
        os.environ[_FOLDER_VARIABLE] = mkdtemp(prefix="seqstep-tests-")
        atexit.register(_end, os.environ[SESSION_VARIABLE], Path(os.environ[_FOLDER_VARIABLE]), os.getpid())
    return Path(os.environ[_FOLDER_VARIABLE])


def once(name: str, make: Callable[[Path], object]) -> Path:
    """Have something made once for all processes of the session.

    Args:
        make: is given a folder that is not there yet, which it makes.
    """
    folder = Path(os.environ[_FOLDER_VARIABLE]) / name
    done = folder.with_name(f"{name}.done")
    with FileLock(folder.with_name(f"{name}.lock"), timeout=PATIENCE_S * 2):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


def keep_running(server: Server, folder: Path) -> None:
    """Start a server that serves until the end of the session, and wait until it answers."""
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            server.command,
            env={**os.environ, **server.settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _servers.append(process)

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(server.health, timeout=PATIENCE_S).ok
        return False

    until(answers)


def copy_home(original: Home, root: Path) -> Home:
    """Copy a home; nothing leads back to the original, also no place in a record that a test looks at."""
    shutil.copytree(original.root, root, ignore=shutil.ignore_patterns("*.lock"))
    home = Home(root, original.names)
    for record in home.results.glob("*/*"):
        content = unseal(record.read_bytes())
        record.write_bytes(seal(content.replace(str(original.root).encode(), str(root).encode())))
    return home


def _end(session: str, folder: Path, own: int) -> None:
    """Stop what was started for a session and goes on, and remove its folder."""
    if os.getpid() != own:  # a child that was forked
        return
    left = [process for process in psutil.process_iter() if process.pid != own and _belongs(process, session)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        left = psutil.wait_procs(left, timeout=10)[1]
    shutil.rmtree(folder, ignore_errors=True)


def _belongs(process: psutil.Process, session: str) -> bool:
    with suppress(psutil.Error):
        return process.environ().get(SESSION_VARIABLE) == session
    return False
