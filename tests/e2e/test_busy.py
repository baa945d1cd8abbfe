"""Two `seqstep run` started at once in one home, as two lines of a crontab would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow import MlflowClient

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from tests.e2e.servers import environment_without

SETTINGS = ["rnn.epochs=200", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]
UNTIL = "train_rnn"


class Ended(NamedTuple):
    """How a run ended: its exit status, its document, and what it said on standard error."""

    status: int
    document: dict[str, Any]
    said: str

    def states(self) -> set[str]:
        return {stage["state"] for stage in self.document.get("stages", [])}


@pytest.fixture
def two_at_once(tmp_path: Path, empty_database: Path, prefect_server: str) -> Any:
    """Start two runs at once; return how they ended, the one that ran first."""
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    environment = environment_without("MLFLOW_")
    environment |= {"SEQSTEP_HOME": str(tmp_path), "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": ""}

    def run(if_busy: str) -> list[Ended]:
        command = [sys.executable, "-m", "seqstep_cli.main", "run", "--json", "--if-busy", if_busy]
        started = [
            subprocess.Popen(
                [*command, "--until", UNTIL, "--set", *SETTINGS],
                env={name: value for name, value in environment.items() if value},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        outputs = [process.communicate() for process in started]
        ended = [
            Ended(process.returncode, json.loads(out), said)
            for process, (out, said) in zip(started, outputs, strict=True)
        ]
        return sorted(ended, key=lambda one: "another run of" in one.said or "no other run" in one.said)

    return run


def parents(home: Path) -> list[Any]:
    """The runs of whole pipelines in MLflow, the oldest first; all runs must have ended."""
    client = MlflowClient(Home(home, NAMES).store)
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert {run.info.status for run in runs} == {"FINISHED"}
    found = [run.info for run in runs if "seqstep.pipeline" in run.data.tags]
    return sorted(found, key=lambda run: run.start_time)


@pytest.mark.soak
def test_wait_runs_one_after_the_other(two_at_once: Any, tmp_path: Path) -> None:
    first, second = two_at_once("wait")
    assert (first.status, first.states()) == (0, {"completed"})
    assert (second.status, second.states()) == (0, {"cached"})
    assert "seqstep: waits for another run of pipeline quick to end" in second.said
    before, after = parents(tmp_path)
    assert before.end_time <= after.start_time


@pytest.mark.soak
def test_skip_runs_one_and_leaves_the_other_out(two_at_once: Any, tmp_path: Path) -> None:
    first, second = two_at_once("skip")
    assert (first.status, first.states()) == (0, {"completed"})
    assert (second.status, second.document["run_id"], second.document["stages"]) == (0, None, [])
    assert "seqstep: skipped: another run of pipeline quick goes on" in second.said
    assert [run.run_id for run in parents(tmp_path)] == [first.document["run_id"]]


def test_fail_runs_one_and_refuses_the_other_with_a_status_of_its_own(
    two_at_once: Any, tmp_path: Path
) -> None:
    first, second = two_at_once("fail")
    assert (first.status, first.states()) == (0, {"completed"})
    assert second.status == second.document["exit_status"] == os.EX_TEMPFAIL == 75
    assert "expected no other run of pipeline quick in" in second.document["error"]
    assert [run.run_id for run in parents(tmp_path)] == [first.document["run_id"]]


@pytest.mark.soak
def test_share_lets_both_go_on_and_computes_each_stage_once(two_at_once: Any, tmp_path: Path) -> None:
    ended = two_at_once("share")
    assert [run.status for run in ended] == [0, 0]
    states = [[stage["state"] for stage in run.document["stages"]] for run in ended]
    assert all({"completed", "cached"} == set(pair) for pair in zip(*states, strict=True))
    assert len(parents(tmp_path)) == 2
