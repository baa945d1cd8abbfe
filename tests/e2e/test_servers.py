"""Real servers, as a user starts them: runs recorded on them, and a deployment run by the worker."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
TINY = ["rnn.epochs=1", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]


class Up(NamedTuple):
    """`seqstep up` as a process, the environment that leads to its servers, and their addresses."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    urls: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    home = tmp_path_factory.mktemp("home")
    hidden = ("PREFECT_", "MLFLOW_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment |= {"SEQSTEP_HOME": str(home), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    command = [sys.executable, "-m", "flows.cli.main", "up", "--json"]
    ports = ["--prefect-port", str(free_port()), "--mlflow-port", str(free_port())]
    with subprocess.Popen(
        [*command, *ports],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        urls = json.loads(process.stdout.readline())
        addresses = {"PREFECT_API_URL": f"{urls['prefect']}/api", "MLFLOW_TRACKING_URI": urls["mlflow"]}
        yield Up(process, environment | addresses | {"PREFECT_HOME": str(home / ".seqstep/prefect")}, urls)
        process.terminate()


def call(up: Up, *command: str) -> str:
    """Run a command against the servers; fail with what it printed if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=up.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_is_recorded_on_both_servers_and_its_models_answer_from_there(up: Up) -> None:
    summary = json.loads(call(up, "flows.cli.main", "run", "--json", "--set", *TINY))
    assert {stage["state"] for stage in summary["stages"]} == {"completed"}

    run = requests.get(f"{up.urls['mlflow']}/api/2.0/mlflow/runs/get", params={"run_id": summary["run_id"]})
    assert run.json()["run"]["info"]["status"] == "FINISHED"
    task_runs = requests.post(f"{up.urls['prefect']}/api/task_runs/filter", json={}).json()
    assert {task["name"] for task in task_runs} >= {stage["name"] for stage in summary["stages"]}

    text = call(up, "flows.cli.main", "generate", "--prefix", "the keeper", "--length", "5")
    assert text.startswith("the keeper")
    assert len(text.strip("\n")) == len("the keeper") + 5


def test_deployments_need_no_question_and_the_worker_runs_them(up: Up) -> None:
    call(up, "prefect", "--no-prompt", "deploy", "--all")
    call(up, "prefect", "deployment", "run", "series/series", "-p", "until=series", "--watch")
    runs = requests.post(f"{up.urls['prefect']}/api/flow_runs/filter", json={}).json()
    assert "COMPLETED" in {run["state"]["type"] for run in runs if run["deployment_id"]}


def test_one_stage_is_run_again_from_its_deployment_and_the_rest_is_taken_from_the_cache(up: Up) -> None:
    done = json.loads(call(up, "flows.cli.main", "run", "--json", "--set", *TINY))
    assert {stage["state"] for stage in done["stages"]} == {"cached"}

    small = {"epochs": 1, "hidden": 8, "batch": 4, "steps": 10, "max_tokens": 500}
    parameters = {"settings": {"rnn": small}, "only": ["train_rnn"], "force": ["train_rnn"]}
    call(
        up, "prefect", "deployment", "run", "pipeline/pipeline", "--params", json.dumps(parameters), "--watch"
    )
    runs = json.loads(call(up, "flows.cli.main", "runs", "--limit", "1", "--json"))
    assert [(stage["name"], stage["state"]) for stage in runs[0]["stages"]] == [("train_rnn", "completed")]


def test_a_second_start_on_the_same_port_is_refused(up: Up) -> None:
    port = up.urls["prefect"].rpartition(":")[2]
    command = [sys.executable, "-m", "flows.cli.main", "up", "--prefect-port", port]
    done = subprocess.run(command, env=up.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_stops_all_servers_and_the_worker(up: Up) -> None:
    children = psutil.Process(up.process.pid).children(recursive=True)
    assert len(children) >= 3
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0
    assert [child for child in children if child.is_running() and child.status() != "zombie"] == []
