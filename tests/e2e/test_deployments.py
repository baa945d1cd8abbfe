"""Deployments on real servers: run by the worker, on a schedule, and never over one another."""

from collections import Counter
from typing import Any

import pytest

from tests.e2e.servers import LONG, TINY, Up, engine
from tests.patience import until

pytestmark = pytest.mark.usefixtures("deployed")

SETTINGS = [f"rnn.{name}={value}" for name, value in TINY.items()]
FLEETING = {"train/tokens_per_s"}


def figures(up: Up, run_id: str) -> dict[str, float]:
    """Collect all metrics of a run's stages, but for those that are times; system metrics are no figures."""
    return {
        f"{stage['name']}: {name}": value
        for stage in up.seqstep("show", run_id)["stages"]
        for name, value in stage["metrics"].items()
        if name not in FLEETING and not name.startswith("system/")
    }


def latest(up: Up) -> Any:
    """Look at the latest run."""
    return up.seqstep("runs", "--limit", "1")[0]


def test_the_worker_runs_a_deployment_with_the_figures_of_the_command_line(up: Up) -> None:
    run = up.trigger("pipeline/quick", settings={"rnn": TINY})
    assert up.ends(run) == "COMPLETED"
    assert up.tasks(run, 12) == {"Completed": 12}
    deployed = latest(up)
    assert Counter(stage["state"] for stage in deployed["stages"]) == {"completed": 12}

    again = up.trigger("pipeline/quick", settings={"rnn": TINY})
    assert up.ends(again) == "COMPLETED"
    assert up.tasks(again, 12) == {"Cached": 12}

    anew = ["download", "series", "train_mlp", "train_rnn_scratch", "train_rnn", "evaluate_forecasts"]
    by_hand = up.seqstep("run", "--set", *SETTINGS, "--force", *anew, "evaluate_language", "ngrams")
    assert figures(up, by_hand["run_id"]) == figures(up, deployed["run_id"])


@pytest.mark.soak
def test_one_stage_is_run_again_and_the_rest_is_taken_from_the_cache(up: Up) -> None:
    run = up.trigger("stage/stage", name="train_rnn", settings={"rnn": TINY})
    assert up.ends(run) == "COMPLETED"
    assert [(stage["name"], stage["state"]) for stage in latest(up)["stages"]] == [("train_rnn", "completed")]


@pytest.mark.soak
def test_a_schedule_fires(up: Up) -> None:
    found = up.request("GET", "deployments/name/series/series")
    every_minute = {"schedule": {"cron": "* * * * *"}, "active": True, "parameters": {"until": "series"}}
    schedules = f"deployments/{found['id']}/schedules"
    (schedule,) = up.request("POST", schedules, [every_minute])

    def has_run() -> bool:
        runs = up.ask("flow_runs/filter", deployments={"id": {"any_": [found["id"]]}})
        return any(run["auto_scheduled"] and run["state_type"] == "COMPLETED" for run in runs)

    until(has_run, 240)
    up.request("DELETE", f"{schedules}/{schedule['id']}")


@pytest.mark.soak
def test_of_two_quick_checks_at_once_the_second_is_skipped(up: Up) -> None:
    first = up.trigger("pipeline/quick", settings={"rnn": LONG})
    until(lambda: engine(first))
    second = up.trigger("pipeline/quick", settings={"rnn": LONG})
    assert up.ends(second) == "CANCELLED"
    assert "concurrency" in up.flow_run(second)["state"]["message"]
    until(lambda: latest(up)["status"] == "running")
    up.call("prefect", "flow-run", "cancel", first)
    assert up.ends(first) == "CANCELLED"
    until(lambda: not engine(first))
    assert latest(up)["status"] == "killed"


@pytest.mark.soak
def test_of_two_nightly_runs_at_once_the_second_waits(up: Up) -> None:
    options = {"profile": "quick", "until": "series"}
    first = up.trigger("pipeline/nightly", **options | {"until": "train_rnn"}, settings={"rnn": LONG})
    until(lambda: engine(first))
    second = up.trigger("pipeline/nightly", **options)
    until(lambda: up.flow_run(second)["state_name"] == "AwaitingConcurrencySlot")
    up.call("prefect", "flow-run", "cancel", first)
    assert up.ends(first) == "CANCELLED"
    assert up.ends(second) == "COMPLETED"
