"""Earlier runs: which there were, how their stages ended, and what differs between two."""

import math
import re
import sqlite3
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from stagecraft.errors import SelectionError
from stagecraft.files.home import Home
from stagecraft.files.sealed import unseal
from stagecraft.mlflow import Record, Tracker
from stagecraft.runs.history import Difference, History, PipelineRun
from tests.flips import flips


@pytest.fixture
def tracker(home: Home) -> Tracker:
    return Tracker(home)


@pytest.fixture
def history(tracker: Tracker) -> History:
    return History(tracker)


def pipeline(tracker: Tracker, name: str = "small") -> str:
    run_id = tracker.start_run(name, {"seqstep.pipeline": name})
    tracker.finish_run(run_id, "FINISHED")
    return run_id


def stage(tracker: Tracker, parent: str, name: str, status: Any = "FINISHED", **tags: str) -> str:
    all_tags = {"seqstep.stage": name, **{f"seqstep.{tag}": value for tag, value in tags.items()}}
    run_id = tracker.start_run(name, all_tags, parent)
    if status != "RUNNING":
        tracker.finish_run(run_id, status, "it broke" if status == "FAILED" else "")
    return run_id


def test_a_store_without_runs_has_no_history(history: History) -> None:
    assert history.latest(20) == []
    with pytest.raises(SelectionError, match=r"'latest' fits 0 runs; `seqstep runs` lists them"):
        history.find("latest")


def test_the_newest_runs_come_first_and_stages_are_no_runs_of_their_own(
    tracker: Tracker, history: History
) -> None:
    parents = [pipeline(tracker, name) for name in ("one", "two", "three")]
    stage(tracker, parents[0], "train")
    tracker.start_run("no run of a pipeline", {})
    assert [run.run_id for run in history.latest(20)] == parents[::-1]
    assert [run.name for run in history.latest(2)] == ["three", "two"]


class Epoch(NamedTuple):
    loss: float


def test_a_figure_that_was_infinite_is_infinite_again_be_it_of_an_epoch(
    tracker: Tracker, history: History
) -> None:
    record = Record(tracker, stage(tracker, pipeline(tracker), "train", "RUNNING"))
    record.log_metrics({"worst": math.inf, "least": -math.inf, "large": 1e308, "usual": 1.5})
    list(record.follow(iter([Epoch(1.0), Epoch(math.inf)]), 2, {"loss": "loss"}))
    (run,) = history.latest(1)
    figures = {"worst": math.inf, "least": -math.inf, "large": 1e308, "usual": 1.5, "loss": math.inf}
    assert run.stages[0].metrics == figures and run.figure("worst") == math.inf


def test_a_run_has_its_stages_in_order_with_how_each_ended(tracker: Tracker, history: History) -> None:
    parent = pipeline(tracker)
    original = stage(tracker, parent, "download")
    stage(tracker, parent, "tokenize", cached_from=original)
    stage(tracker, parent, "train", "FAILED")
    stage(tracker, parent, "report", "KILLED")
    stage(tracker, parent, "series", "RUNNING")
    tracker.start_run("no stage", {}, parent)
    (run,) = history.latest(1)
    assert {stage.name: stage.state for stage in run.stages} == {
        "download": "completed",
        "tokenize": "cached",
        "train": "failed",
        "report": "killed",
        "series": "running",
    }
    assert [stage.name for stage in run.stages] == ["download", "tokenize", "train", "report", "series"]
    computed_by = [stage.computed_by for stage in run.stages]
    assert computed_by[:2] == [original, original] and computed_by[2] == run.stages[2].run_id
    assert [stage.reason for stage in run.stages] == ["", "", "it broke", "", ""]
    assert (run.count("completed"), run.count("cached"), run.count("skipped")) == (1, 1, 0)


def test_a_run_tells_when_it_started_and_how_long_it_took(tracker: Tracker, history: History) -> None:
    from datetime import UTC, datetime

    parent = pipeline(tracker)
    tracker.log_params(parent, {"rnn.epochs": 2})
    info = tracker.client.get_run(parent).info
    (run,) = history.latest(1)
    assert datetime.fromisoformat(run.started) == datetime.fromtimestamp(info.start_time // 1000, UTC)
    assert run.seconds == (info.end_time - info.start_time) / 1000
    assert (run.status, run.parameters) == ("finished", {"rnn.epochs": "2"})


def test_a_run_is_found_by_its_id_and_by_the_start_of_it(tracker: Tracker, history: History) -> None:
    for run_id in [pipeline(tracker) for _ in range(3)]:
        assert history.find(run_id).run_id == history.find(run_id[:16]).run_id == run_id


@pytest.mark.parametrize(("text", "back"), [("latest", 0), ("latest~0", 0), ("latest~1", 1), ("latest~3", 3)])
def test_a_run_is_found_by_how_long_ago_it_was(
    tracker: Tracker, history: History, text: str, back: int
) -> None:
    runs = [pipeline(tracker) for _ in range(4)]
    assert history.find(text).run_id == runs[::-1][back]


@pytest.mark.parametrize("text", ["no such run", "latest~4", "latest~x", "latest~-1", "latest~1~1", "LATEST"])
def test_a_run_that_is_unknown_is_refused(tracker: Tracker, history: History, text: str) -> None:
    for _ in range(4):
        pipeline(tracker)
    with pytest.raises(SelectionError, match=re.escape(f"{text!r} fits 0 runs")) as refused:
        history.find(text)
    assert refused.value.exit_status == 2


def test_the_start_of_several_ids_is_refused(tracker: Tracker, history: History) -> None:
    runs = {pipeline(tracker) for _ in range(17)}  # two of 17 start with the same of 16 digits
    digits = [run_id[0] for run_id in runs]
    common = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(SelectionError, match=f"'{common}' fits {digits.count(common)} runs"):
        history.find(common)
    with pytest.raises(SelectionError, match="'' fits 17 runs"):
        history.find("")


def test_a_stages_run_is_no_run_of_a_pipeline(tracker: Tracker, history: History) -> None:
    run_id = stage(tracker, pipeline(tracker), "train")
    with pytest.raises(SelectionError, match="fits 0 runs"):
        history.find(run_id)


def test_a_run_is_found_however_many_came_after_it(tracker: Tracker, history: History) -> None:
    first, template = pipeline(tracker), pipeline(tracker)
    with closing(sqlite3.connect(tracker.home.root / "mlflow.db")) as store, store:
        store.row_factory = sqlite3.Row
        for table in ("runs", "tags"):
            rows = [
                dict(row) for row in store.execute(f"select * from {table} where run_uuid = ?", [template])
            ]
            places = ", ".join(f":{name}" for name in rows[0])
            ids = [f"{number:032x}" for number in range(1001)]
            copies = [{**row, "run_uuid": run_id} for row in rows for run_id in ids]
            store.executemany(f"insert into {table} values ({places})", copies)
    assert history.find(first).run_id == history.find(first[:16]).run_id == first
    with pytest.raises(SelectionError, match="'0000' fits 1001 runs"):
        history.find("0000")


def test_a_difference_names_the_causes_and_the_metrics_that_changed(several: Any) -> None:
    history = History(several.tracker)
    first, weighed, edited, same, forced, part = reversed(history.latest(20))

    def diff(one: PipelineRun, other: PipelineRun) -> dict[str, Difference]:
        found = history.diff(one, other)
        assert [difference.stage for difference in found] == [
            name for name in ("gather", "add", "page") if name in {entry.stage for entry in found}
        ]
        return {difference.stage: difference for difference in found}

    found = diff(first, weighed)
    assert found.keys() == {"add", "page"}
    assert found["add"].causes == ("parameter changed: sums.weight 1.0 → 0.5",)
    assert found["add"].metrics == {"sums/total": (12.0, 6.0)}
    assert (found["page"].causes, found["page"].metrics) == (("input changed: sums",), {})

    found = diff(weighed, edited)
    assert found["gather"].causes == ("parameter changed: config.words 4 → 5",)
    assert found["gather"].metrics == {"words/count": (4.0, 5.0)}
    assert found["add"].causes == (
        f"code changed: {several.package}.sums.Adder.run",
        "parameter changed: sums.weight 0.5 → 1.0",
        "input changed: words",
    )
    assert found["add"].metrics == {"sums/total": (6.0, -15.0)}

    assert diff(edited, same) == diff(first, first) == {}
    found = diff(same, forced)
    assert {name: entry.causes for name, entry in found.items()} == {
        "gather": ("computed twice from the same",)
    }
    found = diff(forced, part)
    assert {name: entry.causes for name, entry in found.items()} == dict.fromkeys(
        ["add", "page"], ("only in the first run",)
    )
    assert found["add"].metrics == {"sums/total": (-15.0, None)}
    assert diff(part, forced)["page"].causes == ("only in the second run",)


def test_a_cached_stage_is_compared_by_what_computed_it(several: Any) -> None:
    history = History(several.tracker)
    edited, same = history.latest(20)[3], history.latest(20)[2]
    assert {stage.state for stage in same.stages} == {"cached"}
    for one, other in zip(edited.stages, same.stages, strict=True):
        assert other.computed_by == one.run_id
        parts = history.parts(other)
        assert parts and parts == history.parts(one)
        key = several.results.find(parts.key(one.name))
        # The first stage was forced later, so its record is of another run.
        assert key.result and (key.result.run_id == one.run_id) is (one.name != "gather")


def test_without_what_made_the_keys_at_least_parameters_and_metrics_are_compared(several: Any) -> None:
    history = History(several.tracker)
    *_, weighed, first = history.latest(20)
    add = next(stage for stage in first.stages if stage.name == "add")
    several.tracker.open_uri(f"runs:/{add.run_id}/key.json").unlink()
    assert history.parts(add) is None
    found = {difference.stage: difference for difference in history.diff(first, weighed)}
    assert found["add"].causes == ("parameter changed: sums.weight 1.0 → 0.5",)
    assert found["add"].metrics == {"sums/total": (12.0, 6.0)}


def test_no_bit_of_what_made_a_key_flips_unseen(ran: Any) -> None:
    history = History(ran.tracker)
    (run,) = history.latest(1)
    path = ran.tracker.open_uri(f"runs:/{run.stages[0].computed_by}/key.json")
    known, whole = history.parts(run.stages[0]), path.read_bytes()
    for damaged in flips(whole, 999):
        path.write_bytes(damaged)
        assert history.parts(run.stages[0]) is None
    path.write_bytes(unseal(whole))  # as the version before wrote it
    assert known == history.parts(run.stages[0]) is not None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"code": 1}'])
def test_what_made_a_key_is_unknown_if_its_file_is_damaged(ran: Any, content: str) -> None:
    history = History(ran.tracker)
    (run,) = history.latest(1)
    assert history.parts(run.stages[0])
    ran.tracker.open_uri(f"runs:/{run.stages[0].computed_by}/key.json").write_text(content)
    assert history.parts(run.stages[0]) is None
