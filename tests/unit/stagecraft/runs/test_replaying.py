"""A run in which every stage is cached: recorded as a real one would be, without Prefect."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.cache.result import Kept
from stagecraft.cache.sessions import keys_in_use, living
from stagecraft.errors import TrackingError
from stagecraft.mlflow import Tracker
from stagecraft.patience import Patience
from stagecraft.pipeline.selection import Selector
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher
from stagecraft.runs.replaying import replaying
from stagecraft.runs.request import Summary
from stagecraft.runs.run import run


def replayed(works: Any, selector: Selector | None = None, **changes: Any) -> Summary:
    """Record a run in which all is cached."""
    request = works.ask(selector, **changes)
    found = request.plan(works.results).results
    return run(request, works.tracker, works.results, works.watcher, replaying, found)


@pytest.mark.usefixtures("in_prefect")
def test_a_run_in_which_all_is_cached_is_recorded_as_a_real_one_would_be(ran: Any) -> None:
    results = ran.plan(title="Sums").results
    summary = replayed(ran, title="Sums")
    by_prefect = ran.run()
    assert [outcome.name for outcome in summary.stages] == ["gather", "add", "page"]
    client = ran.tracker.client
    assert client.get_run(summary.run_id).info.status == "FINISHED"
    assert client.get_run(summary.run_id).data.params == {"title": "Sums"}
    for outcome in summary.stages:
        other = by_prefect[outcome.name]
        same = {"run_id", "seconds"}
        assert outcome.model_dump(exclude=same) == other.model_dump(exclude=same)
        recorded = [client.get_run(str(run_id)) for run_id in (outcome.run_id, other.run_id)]
        data = [(each.data.params, each.data.metrics, each.info.status) for each in recorded]
        assert data[0] == data[1]
        assert recorded[0].data.tags["seqstep.cached_from"] == results[outcome.name].run_id
        assert recorded[0].data.tags["mlflow.parentRunId"] == summary.run_id
    assert living(ran.home) == set() == keys_in_use(ran.home)


def test_only_what_is_asked_for_is_recorded(ran: Any) -> None:
    assert [outcome.name for outcome in replayed(ran, Selector(until="add")).stages] == ["gather", "add"]
    assert [outcome.name for outcome in replayed(ran, Selector(only=("page",))).stages] == ["page"]


def test_a_replayed_run_makes_its_results_the_latest(ran: Any) -> None:
    results = ran.plan().results
    for name, result in results.items():
        ran.results.remember(result.model_copy(update={"key": f"{name}/other"}))
    replayed(ran)
    assert {name: ran.results.latest(name).key for name in results} == {
        name: result.key for name, result in results.items()
    }


def test_a_replay_removes_what_a_killed_run_left_half_written(ran: Any) -> None:
    left = ran.home.latest / "gather.json.part"
    left.touch()
    replayed(ran)
    assert not left.exists()


def test_whoever_watches_is_told_of_each_stage_with_its_files(ran: Any) -> None:
    class Listener(Watcher):
        """Keeps what it is told."""

        def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
            told.append((outcome, tuple(files)))

    told: list[tuple[Outcome, tuple[Kept, ...]]] = []
    ran.watcher = Listener()
    summary = replayed(ran)
    files = {name: result.artifacts for name, result in ran.plan().results.items()}
    assert told == [(outcome, files[outcome.name]) for outcome in summary.stages]


def test_the_page_is_finished_while_the_run_lasts_and_with_how_every_stage_ended(ran: Any) -> None:
    finished: list[tuple[str, str, list[str]]] = []

    def finish(run_id: str, outcomes: Sequence[Outcome]) -> tuple[()]:
        status = ran.tracker.client.get_run(run_id).info.status
        finished.append((run_id, status, [outcome.state for outcome in outcomes]))
        return ()

    ran.page.finish = finish
    summary = replayed(ran)
    assert finished == [(summary.run_id, "RUNNING", ["cached"] * 3)]


def test_a_page_that_can_not_be_finished_fails_the_run(ran: Any) -> None:
    def finish(run_id: str, _outcomes: Sequence[Outcome]) -> tuple[()]:
        begun.append(run_id)
        raise ValueError("not so")

    begun: list[str] = []
    ran.page.finish = finish
    with pytest.raises(ValueError, match="not so"):
        replayed(ran)
    recorded = ran.tracker.client.get_run(begun[0])
    assert (recorded.info.status, recorded.data.tags["seqstep.error"]) == ("FAILED", "ValueError: not so")


def test_the_store_is_not_asked_again_for_runs_that_a_check_before_found(
    ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    get_run = MlflowClient.get_run
    monkeypatch.setattr(
        MlflowClient, "get_run", lambda self, run_id: asked.append(run_id) or get_run(self, run_id)
    )
    computed = {result.run_id for result in ran.plan().results.values()}
    replayed(ran)
    assert computed.isdisjoint(asked)


def test_a_store_that_is_away_for_a_moment_is_waited_for(ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start_run, failures = Tracker.start_run, [TrackingError("restarts", transient=True)]

    def restart(self: Tracker, name: str, *args: Any, **kwargs: Any) -> str:
        if name == "add" and failures:
            raise failures.pop()
        return start_run(self, name, *args, **kwargs)

    monkeypatch.setattr(Tracker, "start_run", restart)
    ran.patience = Patience(attempts=2, pause_s=0)
    assert [outcome.state for outcome in replayed(ran).stages] == ["cached"] * 3
    assert failures == []


_WITHOUT = """
import sys
import stagecraft.runs.replaying, stagecraft.runs.run
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"prefect", "torch"})
print(heavy)
"""


@pytest.mark.thorough
def test_a_replay_needs_no_prefect() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
