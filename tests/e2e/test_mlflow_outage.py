"""MLflow's server goes away in the middle of a training: what passes is waited for, what lasts is told."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.server import Server, running
from tests.conftest import free_port
from tests.e2e.servers import environment_without

SETTINGS = ["rnn.epochs=800", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]


class Outage:
    """MLflow's server on a port of its own, which can be killed and started."""

    def __init__(self, home: Path) -> None:
        self.url, self.home = f"http://127.0.0.1:{free_port()}", home
        self._stack = ExitStack()
        self._before: set[psutil.Process] = set()

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--port", self.url.rpartition(":")[2]]
        command += ["--workers", "1", "--backend-store-uri", Home(self.home, NAMES).store]
        command += ["--artifacts-destination", str(self.home / "mlartifacts")]
        alone = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        server = Server("mlflow", command, self.url, f"{self.url}/health", alone)
        self._before = set(psutil.Process().children())
        self._stack.enter_context(running([server], self.home / ".seqstep" / "logs"))

    def stop(self) -> None:
        for started in set(psutil.Process().children()) - self._before:
            if f"--port {self.url.rpartition(':')[2]}" in " ".join(started.cmdline()):
                os.killpg(started.pid, signal.SIGKILL)
        self._stack.close()


@pytest.fixture
def server(tmp_path: Path, empty_database: Path) -> Iterator[Outage]:
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    outage = Outage(tmp_path)
    outage.start()
    yield outage
    outage.stop()


@contextmanager
def training(server: Outage, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the middle of its training."""
    environment = environment_without("MLFLOW_")
    environment |= {"SEQSTEP_HOME": str(server.home), "MLFLOW_TRACKING_URI": server.url}
    command = [sys.executable, "-m", "seqstep_cli.main", "run", "--json", "--until", "train_rnn"]
    with subprocess.Popen(
        [*command, "--set", *SETTINGS, *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        assert any("train_rnn: 100 of" in line for line in process.stderr)
        yield process
        process.send_signal(signal.SIGKILL)


def stop_under(server: Outage, process: subprocess.Popen[str]) -> None:
    """Stop the server while the training goes on, however long that takes."""
    process.send_signal(signal.SIGSTOP)
    server.stop()
    process.send_signal(signal.SIGCONT)


def runs(server: Outage) -> list[Any]:
    client = MlflowClient(server.url)
    return client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])


def trainings(server: Outage) -> list[Any]:
    """The runs of the training, the oldest first."""
    found = [run for run in runs(server) if run.data.tags.get("seqstep.stage") == "train_rnn"]
    return sorted(found, key=lambda run: run.info.start_time)


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.soak
def test_a_training_outlives_a_restart_of_the_server(server: Outage) -> None:
    with training(server, "retry.attempts=8", "retry.pause_s=1") as process:
        stop_under(server, process)
        assert process.stderr
        said = next(line for line in process.stderr if "will be tried again" in line)
        assert f"train_rnn: note: will be tried again: MLflow at {server.url} failed" in said
        server.start()
        out, _ = process.communicate()
    assert process.returncode == 0
    assert {stage["state"] for stage in json.loads(out)["stages"]} == {"completed"}
    first, *_, last = trainings(server)
    assert (first.info.status, last.info.status) == ("FAILED", "FINISHED")
    assert (
        "failed" in first.data.tags["seqstep.error"] or "did not answer" in first.data.tags["seqstep.error"]
    )
    assert last.data.tags["seqstep.resumed_from"] == first.info.run_id
    steps = MlflowClient(server.url).get_metric_history(last.info.run_id, "train/loss")
    assert Counter(entry.step for entry in steps) == Counter(range(1, 801))
    assert "RUNNING" not in {run.info.status for run in runs(server)}


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.soak
def test_a_server_that_stays_away_fails_the_run_and_the_next_one_is_whole(server: Outage) -> None:
    with training(server, "retry.attempts=2", "retry.pause_s=0.1") as process:
        stop_under(server, process)
        out, _ = process.communicate()
    assert process.returncode == 1
    (failed,) = (stage for stage in json.loads(out)["stages"] if stage["name"] == "train_rnn")
    assert failed["state"] == "failed" and f"MLflow at {server.url} failed" in failed["reason"]
    server.start()
    with training(server) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    assert "RUNNING" not in {run.info.status for run in runs(server)}
    (done,) = (stage for stage in json.loads(out)["stages"] if stage["name"] == "train_rnn")
    assert done["state"] == "completed"
