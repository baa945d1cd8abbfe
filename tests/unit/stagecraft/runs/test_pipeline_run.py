"""The run of a whole pipeline in MLflow: how it ends, and what runs before it left behind."""

import subprocess
import sys
import threading
from typing import Any

import pytest

from stagecraft.cache.sessions import living, session
from stagecraft.errors import TrackingError
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.runs.pipeline_run import Title, close_dead_runs, pipeline_run


@pytest.fixture
def tracker(home: Home) -> Tracker:
    return Tracker(home)


def test_a_run_of_a_pipeline_is_called_by_its_title_and_found_by_its_name(tracker: Tracker) -> None:
    title = Title("quick 11-24 03:48 · a=1", "What it is.")
    with pipeline_run(tracker, "pipeline quick", {}, title=title) as (run_id, _):
        pass
    run = tracker.client.get_run(run_id)
    assert run.info.run_name == "quick 11-24 03:48 · a=1"
    assert run.data.tags["seqstep.pipeline"] == "pipeline quick"
    assert run.data.tags["mlflow.note.content"] == "What it is."


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("not so"), "FAILED", "ValueError: not so"),
        (TrackingError("the store is gone"), "FAILED", "the store is gone"),
        (KeyboardInterrupt(), "KILLED", "KeyboardInterrupt"),
    ],
)
def test_a_pipelines_run_ends_as_it_does(
    tracker: Tracker, error: BaseException, status: str, reason: str
) -> None:
    with pytest.raises(type(error)), pipeline_run(tracker, "small", {"a": 1}) as (run_id, started):
        assert tracker.client.get_run(run_id).info.status == "RUNNING"
        assert living(tracker.home) == {started.name}
        raise error
    run = tracker.client.get_run(run_id)
    assert (run.info.status, run.data.tags["seqstep.error"]) == (status, reason)
    assert run.data.params == {"a": "1"} and living(tracker.home) == set()


def test_with_a_run_that_is_interrupted_its_stages_are_closed(tracker: Tracker) -> None:
    with pytest.raises(KeyboardInterrupt), pipeline_run(tracker, "small", {}) as (parent, started):
        stage = tracker.start_run("train", {"seqstep.stage": "train"}, parent, started.name)
        raise KeyboardInterrupt
    assert [tracker.client.get_run(run_id).info.status for run_id in (parent, stage)] == ["KILLED"] * 2


def test_a_run_that_is_interrupted_is_closed_though_the_store_is_busy_for_a_moment(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, refused = tracker.finish_run, [3]

    def finish_run(*args: Any, **options: Any) -> None:
        if refused[0]:
            refused[0] -= 1
            raise TrackingError("database is locked", transient=True)
        really(*args, **options)

    monkeypatch.setattr(tracker, "finish_run", finish_run)
    with pytest.raises(KeyboardInterrupt), pipeline_run(tracker, "small", {}) as (run_id, _):
        raise KeyboardInterrupt
    assert tracker.client.get_run(run_id).info.status == "KILLED"


def test_a_run_that_is_interrupted_as_soon_as_it_is_in_the_store_is_closed(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start_run(*args: Any, **options: Any) -> str:
        started.append(Tracker.start_run(tracker, *args, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(tracker, "start_run", start_run)
    with pytest.raises(KeyboardInterrupt), pipeline_run(tracker, "small", {}):
        pass
    assert [tracker.client.get_run(run_id).info.status for run_id in started] == ["KILLED"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from typing import Any
from typing import Any
from stagecraft.files.home import Home
from seqstep_cli import NAMES
from stagecraft.runs.pipeline_run import pipeline_run
from stagecraft.mlflow import Tracker
home = Home(Path(sys.argv[1]), NAMES)
tracker = Tracker(home, home.store)
with pipeline_run(tracker, "killed", {}) as (parent, session):
    child = tracker.start_run("train", {"seqstep.stage": "train"}, parent, session.name)
    (home.results / "train").mkdir(parents=True)
    (home.results / "train" / "1-1.part").touch()
    print(parent, child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.thorough
def test_a_run_closes_those_whose_process_died_and_clears_up_after_them(tracker: Tracker) -> None:
    command = [sys.executable, "-c", _KILLED, str(tracker.home.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    dead = done.stdout.split()
    assert done.returncode == -9 and len(dead) == 2
    assert {tracker.client.get_run(run_id).info.status for run_id in dead} == {"RUNNING"}
    told: list[tuple[str, str]] = []
    with pipeline_run(tracker, "next", {}, on_dead_run=lambda name, run_id: told.append((name, run_id))) as (
        own,
        _,
    ):
        assert told == [("killed", dead[0])]
        for run_id in dead:
            run = tracker.client.get_run(run_id)
            assert (run.info.status, run.data.tags["seqstep.error"]) == ("KILLED", "its process died")
        assert tracker.client.get_run(own).info.status == "RUNNING"
        assert close_dead_runs(tracker) == []
        assert tracker.client.get_run(own).info.status == "RUNNING"
    assert list(tracker.home.private.rglob("*.part")) == []


def test_the_runs_of_another_home_on_the_same_server_are_left_alone(tracker: Tracker) -> None:
    foreign = tracker.start_run("train", {"seqstep.stage": "train"}, session="other0000-1")
    assert close_dead_runs(tracker) == []
    assert tracker.client.get_run(foreign).info.status == "RUNNING"


def test_runs_that_start_while_others_clear_up_are_neither_dead_nor_removed(tracker: Tracker) -> None:
    closed: list[str] = []
    stop = threading.Event()

    def clear_up() -> None:
        while not stop.is_set():
            closed.extend(close_dead_runs(tracker))

    thread = threading.Thread(target=clear_up)
    thread.start()
    try:
        for _ in range(60):
            with session(tracker.home) as started:
                assert started.name in living(tracker.home)
                assert (tracker.home.live / started.name).is_file()
    finally:
        stop.set()
        thread.join(60)
    assert closed == [] and living(tracker.home) == set()
