"""Real servers, as a user starts them: runs recorded on them, found by themselves and as histories of old."""

import os
import signal
import subprocess
import sys

import psutil
import requests

from tests.e2e.servers import ROOT, TINY, Up
from tests.patience import goes_on, until

SETTINGS = [f"rnn.{name}={value}" for name, value in TINY.items()]


def test_a_run_is_recorded_on_both_servers_and_its_models_answer_from_there(up: Up) -> None:
    summary = up.seqstep("run", "--set", *SETTINGS)
    assert {stage["state"] for stage in summary["stages"]} == {"completed"}

    run = requests.get(f"{up.mlflow}/api/2.0/mlflow/runs/get", params={"run_id": summary["run_id"]})
    assert run.json()["run"]["info"]["status"] == "FINISHED"
    names = {stage["name"] for stage in summary["stages"]}
    until(lambda: names <= {task["name"] for task in up.ask("task_runs/filter")})

    text = up.call("seqstep_cli.main", "generate", "--prefix", "the keeper", "--length", "5")
    assert text.startswith("the keeper")
    assert len(text.strip("\n")) == len("the keeper") + 5


def test_a_run_finds_the_servers_of_its_home_without_being_told(up: Up) -> None:
    before = len(up.ask("flow_runs/filter"))
    told = ("PREFECT_", "MLFLOW_")
    environment = {name: value for name, value in up.environment.items() if not name.startswith(told)}
    command = [sys.executable, "-m", "seqstep_cli.main", "run", "--until", "series"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(up.ask("flow_runs/filter")) == before + 1


def test_pages_and_names_of_others_reach_neither_server(up: Up) -> None:
    for url in (f"{up.prefect}/api/flows/", f"{up.mlflow}/api/2.0/mlflow/experiments/create"):
        for header in ({"Host": "10.evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            answer = requests.post(url, json={"name": "foreign"}, headers=header)
            assert answer.status_code == 403, (url, header, answer.text)


def test_a_second_start_says_that_the_servers_are_up(up: Up) -> None:
    command = [sys.executable, "-m", "seqstep_cli.main", "up"]
    done = subprocess.run(command, env=up.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "are up already" in done.stderr and up.prefect in done.stderr and up.mlflow in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_refused(up: Up, tmp_path: str) -> None:
    port = up.prefect.rpartition(":")[2]
    command = [sys.executable, "-m", "seqstep_cli.main", "up", "--prefect-port", port]
    elsewhere = up.environment | {"SEQSTEP_HOME": str(tmp_path)}
    done = subprocess.run(command, env=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_stops_all_servers_and_the_worker(up: Up) -> None:
    children = psutil.Process(up.pid).children(recursive=True)
    assert len(children) >= 3
    process = psutil.Process(up.pid)
    os.killpg(up.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert [child for child in children if goes_on(child)] == []
    assert not (up.home / ".seqstep" / "servers.json").exists()


def test_without_the_servers_the_history_is_the_same(up: Up) -> None:
    told = ("PREFECT_", "MLFLOW_")
    environment = {name: value for name, value in up.environment.items() if not name.startswith(told)}
    command = [sys.executable, "-m", "seqstep_cli.main", "plan", "--set", *SETTINGS]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "nothing to do" in done.stdout
    command = [sys.executable, "-m", "seqstep_cli.main", "runs"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.count("pipeline quick") == 2
