"""Processes that are killed in the middle of a training: nothing runs for ever, and nothing is lost."""

from typing import Any

import psutil
import pytest

from tests.e2e.servers import LONG, Up, engine
from tests.patience import until

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("deployed")]

#: seconds until Prefect and MLflow must both say how a run ended whose process died
WITHIN_S = 180
PART: dict[str, Any] = {"until": "train_rnn"}


def start_training(up: Up, epochs: int) -> tuple[str, psutil.Process]:
    """Start a run by the worker; return its id and its process once there is a checkpoint."""
    settings = {"rnn": LONG | {"epochs": epochs}, "checkpoint_epochs": 50}
    run = up.trigger("pipeline/quick", **PART, settings=settings)
    checkpoints = up.home / ".seqstep" / "checkpoints" / "train_rnn"
    until(lambda: [folder for folder in checkpoints.glob("*/*") if folder.name.isdigit()])
    process = engine(run)
    assert process
    return run, process


def worker(up: Up) -> psutil.Process:
    """Find the worker that `up` started."""
    children = psutil.Process(up.pid).children()
    return next(child for child in children if "worker" in child.cmdline())


def test_without_its_worker_a_run_goes_on_to_its_end_and_a_new_worker_is_started(up: Up) -> None:
    run, process = start_training(up, epochs=1500)
    killed = worker(up)
    killed.kill()
    assert process.is_running()
    assert up.ends(run) == "COMPLETED", up.flow_run(run)["state"]
    assert up.seqstep("runs", "--limit", "1")[0]["status"] == "finished"
    until(lambda: worker(up).pid != killed.pid)
    assert up.ends(up.trigger("series/series", until="series")) == "COMPLETED"


def test_a_run_whose_process_was_killed_too_is_closed_and_the_next_one_goes_on_with_it(up: Up) -> None:
    settings = {"rnn": LONG | {"hidden": 9}, "checkpoint_epochs": 50}
    folder = up.home / ".seqstep" / "checkpoints" / "train_rnn"
    before = {path.parent.name for path in folder.glob("*/*")}
    run = up.trigger("pipeline/quick", **PART, settings=settings)
    until(lambda: {path.parent.name for path in folder.glob("*/*") if path.name.isdigit()} - before)
    process = engine(run)
    assert process
    worker(up).kill()
    process.kill()
    until(lambda: up.state(run) == "CRASHED", WITHIN_S)
    assert "its process died" in up.flow_run(run)["state"]["message"]
    (killed,) = up.seqstep("runs", "--limit", "1")
    assert killed["status"] == "killed"
    states = {stage["name"]: stage["state"] for stage in killed["stages"]}
    assert states["vocab"] in {"completed", "cached"} and "running" not in states.values()

    furthest = max(int(path.name) for path in folder.glob("*/*") if path.name.isdigit())
    settings = {"rnn": LONG | {"hidden": 9, "epochs": furthest + 100}, "checkpoint_epochs": 50}
    assert up.ends(up.trigger("pipeline/quick", **PART, settings=settings)) == "COMPLETED"
    (done,) = up.seqstep("runs", "--limit", "1")
    stages = {stage["name"]: stage for stage in done["stages"]}
    assert {stages[name]["state"] for name in ("download", "verify", "tokenize", "vocab")} == {"cached"}
    tags = up.tags(stages["train_rnn"]["run_id"])
    assert tags["seqstep.resumed_from"] in {stage["run_id"] for stage in killed["stages"]}
    assert up.seqstep("doctor")["findings"] == []
