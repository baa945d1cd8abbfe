"""Prefect's server goes away in the middle of a run and comes back."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.layout import servers_of
from stagecraft.servers.server import Running, Server, running
from tests.conftest import free_port
from tests.e2e.servers import ROOT, TINY, environment_without
from tests.patience import PATIENCE_S, until

SETTINGS = [f"rnn.{name}={value}" for name, value in TINY.items()]


class Setup(NamedTuple):
    """Servers that can be stopped one by one, and a home whose runs are recorded on them."""

    up: Running
    prefect: Server
    mlflow: Server
    home: Home
    environment: dict[str, str]

    def start(self, *argv: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "seqstep_cli.main", *argv, "--json"]
        with (self.home.root / "err").open("w") as err:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=err, text=True
            )

    def call(self, *argv: str) -> Any:
        process = self.start(*argv)
        out, _ = process.communicate()
        assert process.returncode == 0, (self.home.root / "err").read_text()
        return json.loads(out)

    def runs(self) -> list[dict[str, Any]]:
        """Read all runs from MLflow's server."""
        body = {"experiment_ids": ["1"], "max_results": 1000}
        answer = requests.post(
            f"{self.mlflow.url}/api/2.0/mlflow/runs/search", json=body, timeout=PATIENCE_S
        ).json()
        found: list[dict[str, Any]] = answer.get("runs", [])
        return found


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    home = Home(tmp_path_factory.mktemp("home"), NAMES)
    prefect, mlflow, _ = servers_of(home, free_port(), free_port())
    environment = environment_without("PREFECT_", "MLFLOW_")
    environment |= {"SEQSTEP_HOME": str(home.root), "PREFECT_HOME": str(home.private / "prefect")}
    environment |= {"PREFECT_API_URL": f"{prefect.url}/api", "MLFLOW_TRACKING_URI": mlflow.url}
    with running([prefect, mlflow], home.root / "logs") as up:
        yield Setup(up, prefect, mlflow, home, environment)


@pytest.mark.soak
def test_a_run_outlasts_a_server_that_is_started_again(setup: Setup) -> None:
    before = {run["info"]["run_id"] for run in setup.runs()}
    changed = [*SETTINGS, "rnn.epochs=2000", "checkpoint_epochs=200"]
    process = setup.start("run", "--set", *changed)
    until(lambda: any(run["data"]["tags"] and _stage(run) == "train_rnn" for run in _new(setup, before)))
    setup.up.processes["prefect"].terminate()
    until(lambda: "prefect" not in setup.up.processes)
    assert setup.up.revive() == ["prefect"]
    out, _ = process.communicate()
    assert process.returncode == 0, (setup.home.root / "err").read_text()
    assert Counter(stage["state"] for stage in json.loads(out)["stages"]) == {"completed": 12}

    new = _new(setup, before)
    assert Counter(map(_stage, new)) == {stage["name"]: 1 for stage in json.loads(out)["stages"]} | {"": 1}
    assert {run["info"]["status"] for run in new} == {"FINISHED"}
    again = setup.call("run", "--set", *changed)
    assert {stage["state"] for stage in again["stages"]} == {"cached"}
    assert setup.call("doctor")["findings"] == []
    (training,) = (run for run in new if _stage(run) == "train_rnn")
    where = f"{setup.mlflow.url}/api/2.0/mlflow/metrics/get-history"
    query = {"run_id": training["info"]["run_id"], "metric_key": "train/perplexity", "max_results": 25000}
    history = requests.get(where, params=query, timeout=PATIENCE_S).json()["metrics"]
    assert sorted(int(point["step"]) for point in history) == list(range(1, 2001))


def _new(setup: Setup, before: set[str]) -> list[dict[str, Any]]:
    return [run for run in setup.runs() if run["info"]["run_id"] not in before]


def _stage(run: dict[str, Any]) -> str:
    tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    return tags.get("seqstep.stage", "")
