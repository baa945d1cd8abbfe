"""Cached stages in MLflow's record: like the runs that computed them, and without Prefect if nothing runs."""

import math
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow.entities import Run

from stagecraft import live
from stagecraft.errors import TrackingError
from stagecraft.home import Home
from stagecraft.key import Parts
from stagecraft.live import keys_in_use, living
from stagecraft.pipeline_run import Title, close_dead_runs, pipeline_run, replay_all
from stagecraft.result import Result
from stagecraft.tracking import CACHED_TAG, Record, Tracker, replay
from stagecraft.tracking.inventory import Inventory


class Epoch(NamedTuple):
    """A row of a training."""

    epoch: int
    loss: float


@pytest.fixture
def tracker(home: Home) -> Tracker:
    return Tracker(home)


@pytest.fixture
def record(tracker: Tracker) -> Record:
    run_id = tracker.start_run("train", {"seqstep.stage": "train", "seqstep.session": "old"}, "old parent")
    return Record(tracker, run_id, lambda *_: None, lambda _: None)


def result_of(run_id: str) -> Result:
    return Result(
        stage="train",
        key="train/1-1",
        parts=Parts(code={}, parameters={}, libraries={}),
        value={},
        artifacts=(),
        used={},
        run_id=run_id,
        seconds=1.0,
        figure="",
        drawing={},
        written="",
    )


def replayed(record: Record) -> tuple[Run, Run]:
    """Replay a record's run; return it and the new one."""
    tracker = record.tracker
    run_id = replay(tracker, result_of(record.run_id), "new parent", "new session")
    return tracker.client.get_run(record.run_id), tracker.client.get_run(run_id)


def test_a_replay_is_a_finished_run_of_the_stage_below_the_new_parent(record: Record) -> None:
    record.tracker.finish_run(record.run_id, "FINISHED")
    _, run = replayed(record)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "train")
    tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
    assert tags == {
        "seqstep.stage": "train",
        "seqstep.cached_from": record.run_id,
        "seqstep.session": "new session",
    }
    assert run.data.tags["mlflow.parentRunId"] == "new parent"


def test_all_parameters_are_copied_however_many(record: Record) -> None:
    record.tracker.log_params(record.run_id, {f"p{number}": number for number in range(250)})
    original, run = replayed(record)
    assert run.data.params == original.data.params and len(run.data.params) == 250


def test_the_whole_history_of_every_metric_is_copied(record: Record) -> None:
    rows = [Epoch(number, 1 / number) for number in range(1, 1203)]
    list(record.follow(iter(rows), len(rows), {"train/loss": "loss", "train/epoch": "epoch"}))
    record.log_metrics({"corpus/bytes": 7.0, "worst": math.inf})
    original, run = replayed(record)
    assert run.data.metrics == original.data.metrics and len(run.data.metrics) == 4
    for name in original.data.metrics:
        one, other = (
            sorted(
                (entry.step, entry.value, entry.timestamp)
                for entry in record.tracker.client.get_metric_history(source.info.run_id, name)
            )
            for source in (original, run)
        )
        assert one == other
    assert len(one) == 1 and run.data.tags["seqstep.infinite.worst"] == "inf"


def test_tags_that_say_something_about_the_result_are_copied_and_those_of_the_run_are_not(
    record: Record,
) -> None:
    record.tag({"sha256": "abc", "seqstep.input.words": "runs:/1/words", "mlflow.user": "somebody"})
    record.tag({"seqstep.error": "none really"})
    record.notice("trains on the first words")
    original, run = replayed(record)
    assert run.data.tags["sha256"] == "abc"
    note = run.data.tags["mlflow.note.content"]
    assert note.endswith("trains on the first words") and original.info.run_id in note
    for name in ("seqstep.input.words", "seqstep.error"):
        assert name in original.data.tags and name not in run.data.tags
    assert run.data.tags.get("mlflow.user") != "somebody"


def test_the_datasets_are_copied(record: Record) -> None:
    artifact = record.log_text("data.csv", "1,2", "text/csv")
    record.log_dataset("data", artifact, "http://host/data")
    original, run = replayed(record)
    (old,), (new,) = original.inputs.dataset_inputs, run.inputs.dataset_inputs
    assert dict(new.dataset) == dict(old.dataset) and new.dataset.name == "data"


def test_a_run_that_a_user_deleted_is_replayed_all_the_same(record: Record) -> None:
    record.log_metrics({"loss": 2.0})
    record.tracker.client.delete_run(record.run_id)
    _, run = replayed(record)
    assert run.data.metrics == {"loss": 2.0}


def test_a_run_that_is_gone_leaves_a_replay_without_figures(tracker: Tracker) -> None:
    run = tracker.client.get_run(replay(tracker, result_of("0" * 32), "parent", "session"))
    assert run.info.status == "FINISHED" and run.data.tags[CACHED_TAG] == "0" * 32
    assert (run.data.params, run.data.metrics) == ({}, {})


def test_a_replay_of_a_replay_would_name_the_run_that_is_in_the_record(record: Record) -> None:
    first = replay(record.tracker, result_of(record.run_id), "parent", "session")
    again = record.tracker.client.get_run(replay(record.tracker, result_of(first), "parent", "session"))
    assert again.data.tags[CACHED_TAG] == first


def replay_plan(works: Any) -> Any:
    """Replay a plan in which all is cached."""
    return replay_all(works.tracker, works.results, works.plan(), "small", {"title": "Sums"})


@pytest.fixture
def computed(workshop: Any, in_prefect: None) -> Any:
    """The project, after a run; with its outcomes."""
    workshop.first = workshop.run()
    return workshop


def test_a_run_in_which_all_is_cached_is_recorded_as_a_real_one_would_be(computed: Any) -> None:
    done = replay_plan(computed)
    assert done is not None
    parent, outcomes = done
    by_prefect = computed.run()
    assert [outcome.name for outcome in outcomes] == ["gather", "add", "page"]
    client = computed.tracker.client
    assert client.get_run(parent).info.status == "FINISHED"
    assert client.get_run(parent).data.params == {"title": "Sums"}
    for outcome in outcomes:
        other = by_prefect[outcome.name]
        same = {"run_id", "seconds"}
        assert outcome.model_dump(exclude=same) == other.model_dump(exclude=same)
        runs = [client.get_run(str(run_id)) for run_id in (outcome.run_id, other.run_id)]
        data = [(run.data.params, run.data.metrics, run.info.status) for run in runs]
        assert data[0] == data[1]
        assert runs[0].data.tags[CACHED_TAG] == computed.first[outcome.name].run_id
        assert runs[0].data.tags["mlflow.parentRunId"] == parent
    assert living(computed.home) == set() == keys_in_use(computed.home)


def test_a_replayed_run_makes_its_results_the_latest(computed: Any) -> None:
    computed.run(words=5)
    assert computed.said()["gather"] == ("cached", "")
    replay_plan(computed)
    for name, outcome in computed.first.items():
        assert computed.results.latest(name).key == outcome.key


def test_a_replay_removes_what_a_killed_run_left_half_written(computed: Any) -> None:
    left = computed.home.latest / "gather.json.part"
    left.touch()
    assert replay_plan(computed) is not None
    assert not left.exists()


@pytest.mark.parametrize("what", ["record", "artifact"])
def test_a_result_that_went_away_after_the_plan_leaves_no_replay(computed: Any, what: str) -> None:
    plan = computed.plan()
    runs = len(Inventory(computed.tracker).all_runs())
    result = plan.results["add"]
    path = computed.results.path(result.key) if what == "record" else Path(result.artifacts[0].place)
    path.unlink()
    assert replay_all(computed.tracker, computed.results, plan, "small", {}) is None
    assert len(Inventory(computed.tracker).all_runs()) == runs and living(computed.home) == set()


def test_a_replay_counts_on_its_results_while_it_lasts(
    computed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    remember = computed.results.remember

    def look(result: Result) -> None:
        seen.append(keys_in_use(computed.home))
        remember(result)

    monkeypatch.setattr(computed.results, "remember", look)
    replay_plan(computed)
    assert len(seen) == 3 and {outcome.key for outcome in computed.first.values()} <= set.intersection(*seen)


_WITHOUT = """
import sys
from stagecraft.pipeline_run import replay_all
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"prefect", "torch"})
print(heavy)
"""


def test_a_replay_needs_no_prefect() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


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


_KILLED = """
import os, signal, sys
from pathlib import Path
from stagecraft.home import Home
from stagecraft.pipeline_run import pipeline_run
from stagecraft.tracking import Tracker
home = Home(Path(sys.argv[1]))
tracker = Tracker(home, home.store)
with pipeline_run(tracker, "killed", {}) as (parent, session):
    child = tracker.start_run("train", {"seqstep.stage": "train"}, parent, session.name)
    (home.results / "train").mkdir(parents=True)
    (home.results / "train" / "1-1.part").touch()
    print(parent, child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_closes_those_whose_process_died_and_clears_up_after_them(tracker: Tracker) -> None:
    command = [sys.executable, "-c", _KILLED, str(tracker.home.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    dead = done.stdout.split()
    assert done.returncode == -9 and len(dead) == 2
    assert {tracker.client.get_run(run_id).info.status for run_id in dead} == {"RUNNING"}
    with pipeline_run(tracker, "next", {}) as (own, _):
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


def test_nothing_is_swept_away_while_another_run_lasts(tracker: Tracker) -> None:
    with live.session(tracker.home):
        writing = tracker.home.results / "train" / "1-1.part"
        writing.parent.mkdir(parents=True)
        writing.touch()
        with live.session(tracker.home):
            assert writing.exists()
    with live.session(tracker.home):
        assert not writing.exists()


def test_runs_that_start_while_others_clear_up_are_neither_dead_nor_swept_away(tracker: Tracker) -> None:
    closed: list[str] = []
    stop = threading.Event()

    def clear_up() -> None:
        while not stop.is_set():
            closed.extend(close_dead_runs(tracker))

    thread = threading.Thread(target=clear_up)
    thread.start()
    try:
        for _ in range(60):
            with live.session(tracker.home) as started:
                assert started.name in living(tracker.home)
                assert (tracker.home.live / started.name).is_file()
    finally:
        stop.set()
        thread.join(60)
    assert closed == [] and living(tracker.home) == set()


def test_what_the_machine_was_busy_with_is_not_copied(record: Record) -> None:
    record.log_metrics({"system/cpu_utilization_percentage": 50.0, "loss": 2.0})
    _, run = replayed(record)
    assert run.data.metrics == {"loss": 2.0}


def test_a_run_of_a_pipeline_is_called_by_its_title_and_found_by_its_name(tracker: Tracker) -> None:
    title = Title("quick 11-24 03:48 · a=1", "What it is.")
    with pipeline_run(tracker, "pipeline quick", {}, title=title) as (run_id, _):
        pass
    run = tracker.client.get_run(run_id)
    assert run.info.run_name == "quick 11-24 03:48 · a=1"
    assert run.data.tags["seqstep.pipeline"] == "pipeline quick"
    assert run.data.tags["mlflow.note.content"] == "What it is."
