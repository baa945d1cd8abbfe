"""Ctrl-C while tests run leaves no process behind that they started."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE_S, until
from tests.shared import SESSION_VARIABLE

ROOT = Path(__file__).resolve().parents[2]


def members(session: str) -> list[str]:
    """List the processes that belong to a session of tests."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(SESSION_VARIABLE) == session:
                found.append(" ".join(process.cmdline()))
    return found


def session_below(pid: int) -> str:
    """Tell the session of what a process started; empty before it started anything."""
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            if (session := child.environ().get(SESSION_VARIABLE, "")) != os.environ[SESSION_VARIABLE]:
                return session
    return ""


@pytest.mark.soak
@pytest.mark.parametrize("workers", ["0", "2"])
def test_ctrl_c_stops_the_servers_that_tests_started(workers: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--numprocesses", workers]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    with (tmp_path / "out").open("w") as out:
        tests = subprocess.Popen(
            [*command, "--dist", "loadfile", "tests/e2e/test_servers.py"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    until(lambda: tests.poll() is not None or (session_below(tests.pid)))
    session = session_below(tests.pid)
    until(lambda: tests.poll() is not None or any("prefect worker" in line for line in members(session)))
    assert tests.poll() is None, (tmp_path / "out").read_text()
    os.killpg(tests.pid, signal.SIGINT)
    tests.wait(PATIENCE_S)
    until(lambda: members(session) == [])
