"""A run that is stopped in the middle of a training closes its records and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from tests.e2e.servers import environment_without, prefect_states
from tests.patience import ask_prefect

#: of no other test, for the flow runs on a server that all share are told by it
EPOCHS = 100_001
SETTINGS = [f"rnn.epochs={EPOCHS}", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]
#: seconds that a run has to close its records and to end
WITHIN = 15
#: The server tells 200 flow runs at once, in no order of their own; all tests of a process share it.
NEWEST_FIRST = {"sort": "START_TIME_DESC"}
Stop = Callable[[subprocess.Popen[str]], None]


def interrupt_twice(process: subprocess.Popen[str]) -> None:
    """What an impatient user does."""
    interrupt(process)
    time.sleep(0.3)
    interrupt(process)


def terminate_twice(process: subprocess.Popen[str]) -> None:
    terminate(process)
    time.sleep(0.3)
    terminate(process)


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def terminate(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


def hang_up(process: subprocess.Popen[str]) -> None:
    """What a terminal does that is closed."""
    process.send_signal(signal.SIGHUP)


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """What a terminal does: all processes of the group are told."""
    os.killpg(process.pid, signal.SIGINT)


def terminate_all(process: subprocess.Popen[str]) -> None:
    """What an init system does: Prefect's temporary server is told too."""
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGTERM)
    for child in children:
        child.terminate()


@contextmanager
def training(home: Path, database: Path, has_server: bool) -> Iterator[subprocess.Popen[str]]:
    """A run in a process group of its own, in the middle of its trainings."""
    (home / "mlflow.db").write_bytes(database.read_bytes())
    hidden = ("MLFLOW_",) if has_server else ("MLFLOW_", "PREFECT_")
    environment = environment_without(*hidden)
    environment["SEQSTEP_HOME"] = str(home)
    with subprocess.Popen(
        [sys.executable, "-m", "seqstep_cli.main", "run", "--set", *SETTINGS],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr
            assert any("train_rnn: 10 of" in line for line in process.stderr)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what a test that failed would leave for ever


def stopped(process: subprocess.Popen[str], stop: Stop) -> str:
    """Stop a run; return what it says, once neither it nor a child of it is left."""
    children = psutil.Process(process.pid).children(recursive=True)
    stop(process)
    assert process.wait(WITHIN) == 130
    _, left = psutil.wait_procs(children, timeout=1)
    assert left == []
    assert process.stderr
    return process.stderr.read()


def assert_closed(home: Path, said: str) -> None:
    """The run says that it was interrupted, to the user and in MLflow."""
    assert "seqstep: interrupted" in said
    assert "Traceback" not in said
    client = MlflowClient(Home(home, NAMES).store)
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    states = {run.data.tags.get("seqstep.stage", "pipeline"): run.info.status for run in runs}
    assert states["pipeline"] == states["train_rnn"] == "KILLED"
    assert states["vocab"] == "FINISHED"
    assert "RUNNING" not in states.values()


def assert_closed_in_prefect(home: Path) -> None:
    """So is everything in the database of the temporary server."""
    states = prefect_states(home)
    assert set(states) <= {"COMPLETED", "CRASHED", "CANCELLED", "FAILED"} and states["CRASHED"] > 1


SELDOM = [
    pytest.param(stop, marks=pytest.mark.soak)
    for stop in (interrupt, terminate, hang_up, terminate_all, interrupt_twice, terminate_twice)
]


@pytest.mark.parametrize("stop", [press_ctrl_c, *SELDOM])
def test_a_stopped_run_ends_with_its_temporary_server(
    tmp_path: Path, empty_database: Path, stop: Stop
) -> None:
    with training(tmp_path, empty_database, has_server=False) as process:
        assert psutil.Process(process.pid).children(recursive=True)
        said = stopped(process, stop)
    assert_closed(tmp_path, said)
    assert_closed_in_prefect(tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("stop", [terminate, interrupt])
def test_a_stopped_run_is_closed_on_a_server_too(
    tmp_path: Path, prefect_server: str, empty_database: Path, stop: Stop
) -> None:
    before = {run["id"] for run in own_flow_runs(prefect_server)}
    with training(tmp_path, empty_database, has_server=True) as process:
        said = stopped(process, stop)
    assert_closed(tmp_path, said)
    (run,) = (run for run in own_flow_runs(prefect_server) if run["id"] not in before)
    assert run["state_type"] in {"CANCELLED", "CRASHED", "FAILED"}
    assert run["state"]["message"]


def own_flow_runs(server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask_prefect("POST", f"{server}/flow_runs/filter", NEWEST_FIRST)
    return [run for run in found if f"'epochs': {EPOCHS}," in str(run["parameters"])]
