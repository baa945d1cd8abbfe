"""Cached stages in MLflow's record: like the runs that computed them."""

import math
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow.entities import Run

from seqstep_cli import NAMES
from stagecraft.cache.result import Result
from stagecraft.errors import ArtifactError
from stagecraft.files.home import Home
from stagecraft.key.parts import Parts
from stagecraft.mlflow import Record, Tracker, replay, with_account


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
    result = with_account(tracker, result_of(record.run_id))
    run_id = replay(tracker, result, "new parent", "new session")
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
    assert with_account(tracker, result_of("0" * 32)) == result_of("0" * 32)
    run = tracker.client.get_run(replay(tracker, result_of("0" * 32), "parent", "session"))
    assert run.info.status == "FINISHED" and run.data.tags["seqstep.cached_from"] == "0" * 32
    assert (run.data.params, run.data.metrics) == ({}, {})


def test_what_is_replayed_is_the_account_and_not_what_mlflow_holds_by_now(record: Record) -> None:
    record.log_metrics({"loss": 2.0})
    result = with_account(record.tracker, result_of(record.run_id))
    record.log_metrics({"loss": 3.0, "other": 1.0})
    assert with_account(record.tracker, result) is result
    run = record.tracker.client.get_run(replay(record.tracker, result, "parent", "session"))
    assert run.data.metrics == {"loss": 2.0}


def test_an_account_that_is_damaged_is_not_replayed(record: Record) -> None:
    record.log_metrics({"loss": 2.0})
    result = with_account(record.tracker, result_of(record.run_id))
    path = Path(result.artifacts[0].place)
    path.write_bytes(path.read_bytes().replace(b"2.0", b"3.0"))
    with pytest.raises(ArtifactError, match="its own digest"):
        replay(record.tracker, result, "parent", "session")


def test_a_replay_of_a_replay_would_name_the_run_that_is_in_the_record(record: Record) -> None:
    first = replay(record.tracker, result_of(record.run_id), "parent", "session")
    again = record.tracker.client.get_run(replay(record.tracker, result_of(first), "parent", "session"))
    assert again.data.tags["seqstep.cached_from"] == first


def test_what_the_machine_was_busy_with_is_not_copied(record: Record) -> None:
    record.log_metrics({"system/cpu_utilization_percentage": 50.0, "loss": 2.0})
    _, run = replayed(record)
    assert run.data.metrics == {"loss": 2.0}


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_home_that_was_moved_is_replayed_from_its_own_accounts(
    works: Any, tmp_path: Path, is_copy: bool
) -> None:
    result = works.finished(works.stage(works.pipeline()))
    account = Path(works.tracker.place(f"runs:/{result.run_id}/run.json"))
    (shutil.copytree if is_copy else shutil.move)(works.home.root, tmp_path / "moved")
    if is_copy:
        account.write_text("of the original")
    home = Home(tmp_path / "moved", NAMES)
    tracker = Tracker(home, home.store)
    run = tracker.client.get_run(replay(tracker, result, "new parent", "new session"))
    assert run.data.params == {"rate": "0.5", "words": "ä\n"}
