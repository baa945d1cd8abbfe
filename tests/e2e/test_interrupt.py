"""A run that is stopped in the middle of a training closes its records."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from stagecraft.home import Home


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_run_open(
    tmp_path: Path, prefect_server: str, empty_database: Path, signal_number: int
) -> None:
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    environment = os.environ | {"SEQSTEP_HOME": str(tmp_path), "MLFLOW_TRACKING_URI": ""}
    settings = ["rnn.epochs=100000", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]
    command = [sys.executable, "-m", "flows.cli.main", "run", "--set", *settings]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "train_rnn: 10 of" in line:
                process.send_signal(signal_number)
                break
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "seqstep: interrupted" in rest and "Traceback" not in rest

    client = MlflowClient(Home(tmp_path).store)
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    states = {run.data.tags.get("seqstep.stage", "pipeline"): run.info.status for run in runs}
    assert states["pipeline"] == states["train_rnn"] == "KILLED"
    assert states["vocab"] == "FINISHED"
    assert "RUNNING" not in states.values()
