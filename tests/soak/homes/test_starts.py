"""Two runs at once that both need Prefect's temporary server, on a busy machine: none fails, none is left."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import ROOT, prefect_states
from tests.soak.project import COMMAND, TINY, Project

PAIRS, BUSY = 30, 4
ARGUMENTS = ["run", "--until", "vocab", "--force", "vocab", "--set", *TINY]
PATIENCE_S = 600


@pytest.fixture
def busy() -> Iterator[None]:
    """Keep the processors busy."""
    burn = [sys.executable, "-c", "while True: pass"]
    burning = [subprocess.Popen(burn) for _ in range(BUSY)]
    yield
    for process in burning:
        process.kill()
        process.wait()


def start(project: Project) -> "subprocess.Popen[str]":
    """Start a run whose output goes through a pipe, as that of `seqstep run | grep` does."""
    return subprocess.Popen(
        [sys.executable, *COMMAND, *ARGUMENTS],
        env=project.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_pair(project: Project) -> None:
    """Run two at once; see how they end, and that nothing is left."""
    try:
        runs = [start(project), start(project)]
        for run in runs:
            out, said = run.communicate(timeout=PATIENCE_S)  # until nobody holds the pipes
            assert run.returncode == 0 and "vocab" in out, said
            assert "Traceback" not in said and "rror" not in said, said
        assert project.processes() == []
        assert set(prefect_states(project.home.root)) == {"COMPLETED"}
        assert "RUNNING" not in project.statuses().values()
    finally:
        project.stop_processes()


@pytest.mark.soak
def test_two_runs_that_start_at_once_in_a_new_home_share_a_server(tmp_path: Path) -> None:
    run_pair(Project(tmp_path / "home"))


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
@pytest.mark.usefixtures("busy")
def test_pairs_of_runs_that_start_at_once_leave_nothing(tmp_path: Path, tell: Callable[[str], None]) -> None:
    used = Project(tmp_path / "used")
    for number in range(PAIRS):
        run_pair(Project(tmp_path / f"new-{number}") if number % 3 == 0 else used)
    tell(f"{PAIRS} pairs of runs that started at once: none failed, nothing was left")
