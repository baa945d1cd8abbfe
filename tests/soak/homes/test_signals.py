"""Signals at random moments of runs and of starts: nothing is left open in either record, and no process."""

import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.servers import prefect_states
from tests.patience import until
from tests.soak.project import TINY, Project

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
SIGNALS = 40
ENDED = {"COMPLETED", "CRASHED", "CANCELLED", "FAILED"}
# Trainings that nobody waits for.
LONG = ["--set", *TINY, "rnn.epochs=100000"]
INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
KINDS = [(INT,), (TERM,), (INT, INT), (INT, TERM), (TERM, TERM), (TERM, INT), (KILL,)]
WITHIN_S = 120


@pytest.fixture(scope="module")
def tally(tell: Callable[[str], None]) -> Iterator[list[str]]:
    """Collect what was sent when; print it at the end."""
    lines: list[str] = []
    yield lines
    tell("\n".join(["signals that were sent:", *lines, f"{len(lines)} runs in all"]))


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A home in which a run with a temporary server has ended."""
    project = Project(tmp_path_factory.mktemp("used") / "home")
    project.run("--until", "vocab", "--set", *TINY)
    return project


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Have runs hear Ctrl-C, which a shell has its background ignore."""
    before = signal.signal(INT, signal.default_int_handler)
    yield
    signal.signal(INT, before)


def check(project: Project, kind: tuple[signal.Signals, ...], delay_s: float, training: bool) -> str:
    """Start a run, send it signals, and see what is left; then see that the next one closes the rest."""
    process = project.start("run", *LONG)
    if training:
        until(lambda: "train_rnn: started" in project.err.read_text())
    with suppress(subprocess.TimeoutExpired):
        process.wait(delay_s)
    began = time.monotonic()
    for number in kind:
        process.send_signal(number)
        time.sleep(0.3)
    status = process.wait(WITHIN_S)
    seconds = time.monotonic() - began
    said = project.err.read_text()
    if KILL in kind:
        until(lambda: not project.processes())
    elif status == 130:
        assert not project.processes(), said
        check_closed(project)
    else:
        assert status in {-INT, -TERM, 1} and "starting" not in said  # Python itself was starting
    if status == 130:
        assert "Traceback" not in said, said
    project.run("--until", "ngrams", "--force", "ngrams", "--set", *TINY)
    check_closed(project)
    assert not project.processes()
    names = " ".join(number.name for number in kind)
    where = "of a training" if training else "of a run"
    return f"{names} {delay_s:.1f} s after the start {where}: ended with {status} in {seconds:.1f} s"


def check_closed(project: Project) -> None:
    """See that nothing is open in either record."""
    if project.home.database.exists():
        with suppress(sqlite3.OperationalError):  # its tables were not made yet
            assert "RUNNING" not in project.statuses().values()
    assert set(prefect_states(project.home.root)) <= ENDED


@pytest.mark.parametrize("number", range(SIGNALS))
def test_a_signal_at_a_random_moment_leaves_nothing_open(
    number: int, used: Project, tmp_path: Path, tally: list[str]
) -> None:
    draw = random.Random(number)
    kind, where = KINDS[number % len(KINDS)], draw.choice(["new", "used", "training", "training"])
    project = Project(tmp_path / "home")
    if where != "new":
        shutil.rmtree(project.home.root)
        shutil.copytree(used.home.root, project.home.root)
    try:
        delay_s = draw.uniform(1, 4) if where == "training" else draw.uniform(0.2, 12)
        tally.append(check(project, kind, delay_s, where == "training"))
    finally:
        project.stop_processes()
