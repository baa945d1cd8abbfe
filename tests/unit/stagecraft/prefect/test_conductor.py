"""Stages as Prefect tasks, on a real server: hit and miss, the replayed record, errors, what is kept."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import create_autospec

import pytest
from mlflow.entities import Run
from prefect.settings import PREFECT_TASKS_DISABLE_CACHING, temporary_settings

from stagecraft.cache.checks import Digests
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import Session, keys_in_use, living, session
from stagecraft.errors import SelectionError, TrackingError, UsageError
from stagecraft.files.home import Home
from stagecraft.files.sealed import unseal
from stagecraft.mlflow import Tracker
from stagecraft.patience import Patience
from stagecraft.pipeline.selection import Selector
from stagecraft.pipeline.stage import Stage
from stagecraft.prefect import cache
from stagecraft.prefect.conductor import conduct
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher
from stagecraft.runs.run import run
from tests.flips import flip
from tests.patience import ask_prefect

pytestmark = pytest.mark.usefixtures("in_prefect")

STAGES = ["gather", "add", "page"]
ALL_CACHED = dict.fromkeys(STAGES, "cached")


class Listener(Watcher):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def started(self, stage: str) -> None:
        self.events.append(("started", stage))

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        self.events.append(("progressed", stage, f"{done} of {total}"))

    def noticed(self, stage: str, text: str) -> None:
        self.events.append(("noticed", stage, text))

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        self.events.append(("finished", outcome.name, outcome.state))

    def notices(self) -> list[tuple[str, ...]]:
        return [event[1:] for event in self.events if event[0] == "noticed"]


@pytest.fixture
def heard(workshop: Any) -> Listener:
    workshop.watcher = Listener()
    return workshop.watcher


def run_of(works: Any, run_id: str | None) -> Run:
    return works.tracker.client.get_run(run_id)


def children(works: Any, parent: str) -> dict[str, Run]:
    found = works.tracker.search(f"tags.`mlflow.parentRunId` = '{parent}'")
    return {run.data.tags["seqstep.stage"]: run for run in found}


def parent_of(works: Any, outcome: Outcome) -> str:
    return str(run_of(works, outcome.run_id).data.tags["mlflow.parentRunId"])


def curve(works: Any, run_id: str | None, name: str) -> list[tuple[int, float, int]]:
    history = works.tracker.client.get_metric_history(run_id, name)
    return sorted((entry.step, entry.value, entry.timestamp) for entry in history)


def artifact(works: Any, stage: str, name: str) -> Path:
    result = works.results.find(works.results.latest(stage).key).result
    return next(Path(kept.place) for kept in result.artifacts if kept.name == name)


def test_a_first_run_computes_and_a_second_one_takes_all_from_the_cache(
    workshop: Any, heard: Listener
) -> None:
    first = workshop.run()
    assert {name: outcome.state for name, outcome in first.items()} == dict.fromkeys(STAGES, "completed")
    page = workshop.tracker.open_uri(f"runs:/{first['page'].run_id}/page.txt")
    assert page.read_text() == "Sums: total = 12.0\n"  # 3 rounds over 4 words
    assert [event for event in heard.events if event[1] == "add"] == [
        ("started", "add"),
        *(("progressed", "add", f"{number} of 3") for number in (1, 2, 3)),
        ("finished", "add", "completed"),
    ]
    heard.events.clear()
    second = workshop.run()
    assert {name: outcome.state for name, outcome in second.items()} == ALL_CACHED
    assert [event for event in heard.events if event[1] == "add"] == [
        ("started", "add"),
        ("finished", "add", "cached"),
    ]
    for name in STAGES:
        one, other = first[name], second[name]
        assert other.key == one.key and other.figure == one.figure
        assert (one.computed_by, other.computed_by) == (one.run_id, one.run_id) != (None, other.run_id)


def test_stages_run_in_the_order_of_what_they_need(workshop: Any, heard: Listener) -> None:
    workshop.run()
    ends = [event[1] for event in heard.events if event[0] == "finished"]
    starts = [event[1] for event in heard.events if event[0] == "started"]
    assert ends == starts == STAGES


def test_a_cached_stage_has_a_run_like_the_one_that_computed_it(workshop: Any) -> None:
    first, second = workshop.run(), workshop.run()
    parent = parent_of(workshop, second["page"])
    assert parent != parent_of(workshop, first["page"])
    runs = children(workshop, parent)
    assert runs.keys() == set(STAGES)
    for name, again in runs.items():
        original = run_of(workshop, first[name].run_id)
        assert (again.info.status, again.info.run_id) == ("FINISHED", second[name].run_id)
        assert again.data.tags["seqstep.cached_from"] == original.info.run_id
        assert again.data.params == original.data.params and again.data.metrics == original.data.metrics
        assert "seqstep.cached_from" not in original.data.tags
        for metric in original.data.metrics:
            assert curve(workshop, again.info.run_id, metric) == curve(workshop, original.info.run_id, metric)
        session = "seqstep.session"
        assert again.data.tags[session] != original.data.tags[session]
    assert [step for step, _, _ in curve(workshop, second["add"].run_id, "sums/total")] == [1, 2, 3]
    assert runs["add"].data.params == {"sums.rounds": "3", "sums.weight": "1.0", "device": "cpu"}
    assert runs["add"].data.tags["colour"] == "of sums"
    # What it was given is said on the run that was given it.
    assert "seqstep.input.words" not in runs["add"].data.tags


def test_a_result_that_was_taken_from_the_cache_twice_names_who_computed_it(workshop: Any) -> None:
    first, _, third = workshop.run(), workshop.run(), workshop.run()
    for name in STAGES:
        tags = run_of(workshop, third[name].run_id).data.tags
        assert tags["seqstep.cached_from"] == first[name].run_id == third[name].computed_by


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({"words": 5}, ["completed", "completed", "completed"]),
        ({"weight": 0.5}, ["cached", "completed", "completed"]),
        ({"title": "All"}, ["cached", "cached", "completed"]),
        ({"patience": 9, "every": 2, "colour": "red"}, ["cached", "cached", "cached"]),
        # Other words, but as many: what comes of them is the same.
        ({"limit": 50}, ["completed", "cached", "cached"]),
    ],
)
def test_what_a_change_reaches_runs_again_and_nothing_else(
    workshop: Any, changes: dict[str, Any], states: list[str]
) -> None:
    workshop.run()
    assert list(workshop.states(**changes).values()) == states
    assert workshop.states(**changes) == ALL_CACHED
    assert workshop.states() == ALL_CACHED  # what was computed first is still kept


def test_an_edit_that_changes_no_bytes_runs_that_stage_alone(workshop: Any) -> None:
    workshop.run()
    workshop.edit("stages", "len(text.split()) > config.limit", "config.limit < len(text.split())")
    assert workshop.states() == {"gather": "completed", "add": "cached", "page": "cached"}
    workshop.edit("sums", "tomlkit.dumps({", "tomlkit.dumps({'sum': 1, ")
    assert workshop.states() == {"gather": "cached", "add": "completed", "page": "completed"}


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (lambda metrics: str(metrics["no such"]), "has no figure: KeyError: 'no such'"),
        (lambda metrics: 3.0, "has no figure: TypeError: expected a text, got 3.0"),
    ],
)
def test_a_figure_that_can_not_be_made_loses_no_result(
    workshop: Any, heard: Listener, monkeypatch: pytest.MonkeyPatch, figure: Any, words: str
) -> None:
    ask = workshop.stages

    def stages() -> dict[str, Stage]:
        made = ask()
        made["gather"].figure = figure
        return made

    monkeypatch.setattr(workshop, "stages", stages)
    gathered = workshop.run()["gather"]
    assert (gathered.state, gathered.figure, gathered.detail) == ("completed", "", "") and gathered.key
    assert words in str(heard.events)


def test_a_function_that_returns_no_model_is_told_by_its_name(workshop: Any) -> None:
    workshop.edit("stages", "return Words(", "_ = Words(")
    reason = workshop.run()["gather"].reason
    assert reason.startswith(
        f"expected {workshop.package}.stages.gather to return a model of addresses and facts"
    )
    assert "got a NoneType; return a Words" in reason


def test_a_function_that_returns_another_model_is_told_by_both_names(workshop: Any) -> None:
    workshop.edit("stages", "return Words(", "return Page(")
    assert "to return a Words, as its hint says, got a Page; correct one" in workshop.run()["gather"].reason


@pytest.mark.parametrize("code", ["", "0", "'no more'"])
def test_a_stage_that_ends_the_program_has_failed(workshop: Any, code: str) -> None:
    workshop.edit("stages", "    return Words(", f"    raise SystemExit({code})\n    return Words(")
    gather = workshop.run()["gather"]
    said = (
        rf"RuntimeError: it ends the program with {code or None}, which no stage may; .* at .*stages\.py:\d+"
    )
    assert gather.state == "failed" and re.fullmatch(said, gather.reason)
    assert run_of(workshop, gather.run_id).info.status == "FAILED"


def test_a_figure_of_what_is_no_number_says_so(workshop: Any, heard: Listener) -> None:
    workshop.edit("stages", '"words/count": len(text.split())', '"words/count": float("nan")')
    assert workshop.run()["gather"].state == "completed"
    assert "has no figure: words/count is no number" in str(heard.events)


def test_a_name_that_mlflow_refuses_is_told_without_blaming_the_disk(workshop: Any) -> None:
    workshop.edit("stages", "words/patience", "a b?%")
    reason = workshop.run()["gather"].reason
    assert "a b?%" in reason and reason.endswith("correct what it was given")


def test_what_is_forced_runs_anew_and_the_same_bytes_leave_the_rest_cached(workshop: Any) -> None:
    first = workshop.run()
    again = workshop.run(Selector(force=("gather",)))
    assert [outcome.state for outcome in again.values()] == ["completed", "cached", "cached"]
    assert again["gather"].key == first["gather"].key and again["gather"].run_id != first["gather"].run_id
    # The record was refreshed: what is cached from now on is the new one.
    third = workshop.run()
    assert third["gather"].computed_by == again["gather"].run_id
    assert third["add"].computed_by == first["add"].run_id
    assert len(workshop.results.all()) == 3


def test_why_a_stage_ran_is_recorded_as_the_plan_said_it(workshop: Any, heard: Listener) -> None:
    def check(selector: Selector | None = None, **changes: Any) -> set[str]:
        planned = workshop.said(selector, **changes)
        outcomes = workshop.run(selector, **changes)
        tags = {name: run_of(workshop, outcome.run_id).data.tags for name, outcome in outcomes.items()}
        for name, (state, reason) in planned.items():
            if state == "would_run":
                assert tags[name]["seqstep.reason"] == reason
            elif state == "cached":
                assert "seqstep.reason" not in tags[name]
        return {tags[name]["seqstep.reason"] for name, (state, _) in planned.items() if state == "would_run"}

    assert check() == {"first run"}
    assert check(words=5) == {"parameter changed: config.words 4 → 5"}
    assert check(Selector(since="add"), words=5) == {"forced"}
    workshop.edit("sums", "+=", "-=")
    assert check(words=5) == {f"code changed: {workshop.package}.sums.Adder.run"}
    table = artifact(workshop, "add", "sums.toml")
    damage(table)
    (changed,) = check(words=5)
    assert changed.startswith("artifact changed: runs:/") and changed.endswith("/sums.toml")
    for name in ("sums.toml", "key.json"):
        artifact(workshop, "add", name).unlink()
    (missing,) = check(words=5)
    assert missing.startswith("artifact missing: runs:/") and missing.endswith(" and 1 more")
    workshop.results.path(workshop.results.latest("add").key).write_bytes(b"garbage")
    (unreadable,) = check(words=5)
    assert unreadable.startswith("result damaged: add/")
    assert heard.notices()[-1] == ("add", f"runs again: {unreadable}")
    flip(workshop.results.path(workshop.results.latest("add").key), 999)
    (damaged,) = check(words=5)
    assert damaged.startswith("result damaged: add/") and damaged.endswith(
        "(it is not what its own digest says)"
    )


def test_a_record_of_the_version_before_gets_its_digest_at_the_first_hit(
    workshop: Any, in_prefect: None
) -> None:
    workshop.run()
    path = workshop.results.path(workshop.results.latest("add").key)
    sealed = path.read_bytes()
    path.write_bytes(unseal(sealed))
    assert set(workshop.states().values()) == {"cached"}
    assert path.read_bytes() == sealed != unseal(sealed)


def test_since_a_stage_all_that_depends_on_it_runs_anew(workshop: Any) -> None:
    workshop.run()
    assert list(workshop.states(Selector(since="add")).values()) == ["cached", "completed", "completed"]
    assert workshop.states(Selector(since="gather", until="add")) == {
        "gather": "completed",
        "add": "completed",
    }


def test_only_a_stage_runs_alone_on_what_is_cached(workshop: Any) -> None:
    first = workshop.run()
    again = workshop.run(Selector(only=("page",), force=("page",)))
    assert {name: outcome.state for name, outcome in again.items()} == {"page": "completed"}
    tags = run_of(workshop, again["page"].run_id).data.tags
    assert tags["seqstep.input.sums.table"] == f"runs:/{first['add'].run_id}/sums.toml"
    assert children(workshop, parent_of(workshop, again["page"])).keys() == {"page"}


def test_an_error_leaves_no_record_and_what_stands_on_it_is_skipped(workshop: Any, heard: Listener) -> None:
    outcomes = workshop.run(words=500)
    assert {name: outcome.state for name, outcome in outcomes.items()} == {
        "gather": "failed",
        "add": "skipped",
        "page": "skipped",
    }
    gather = outcomes["gather"]
    assert re.fullmatch(r"ValueError: at most 100 words at .*stages\.py:\d+", gather.reason)
    assert gather.exit_status == 1
    assert {outcomes[name].reason for name in ("add", "page")} == {"after gather"}
    failed = run_of(workshop, gather.run_id)
    assert failed.info.status == "FAILED" and failed.data.tags["seqstep.error"] == gather.reason
    assert failed.data.metrics["words/count"] == 500  # what was recorded before stays
    assert run_of(workshop, parent_of(workshop, gather)).info.status == "FAILED"
    assert workshop.results.all() == [] and not list(workshop.home.results.rglob("*"))
    assert workshop.results.latest("gather") is None
    assert ("finished", "gather", "failed") in heard.events


def test_the_tasks_of_skipped_stages_are_closed(workshop: Any, prefect_server: str) -> None:
    workshop.run(words=500)
    ours = {"flow_runs": {"id": {"any_": [workshop.flow_run]}}}
    tasks = ask_prefect("POST", f"{prefect_server}/task_runs/filter", ours)
    states = {task["name"].partition("-")[0]: task["state"] for task in tasks}
    assert {name: state["type"] for name, state in states.items() if name != "gather"} == {
        "add": "CANCELLED",
        "page": "CANCELLED",
    }
    assert states["page"]["message"] == "not started: after gather"


def test_after_an_error_the_lock_is_free_and_the_next_run_tries_again(workshop: Any) -> None:
    for _ in range(2):
        assert workshop.states(words=500)["gather"] == "failed"
    assert living(workshop.home) == set()
    workshop.edit("stages", "> config.limit", "> 1000")
    assert set(workshop.states(words=500).values()) == {"completed"}


def test_a_stage_that_reads_what_is_not_in_its_key_fails_and_keeps_nothing(workshop: Any) -> None:
    # Nobody can tell from this what is read.
    workshop.edit("stages", 'f"at most {config.limit} words"', "Path(config.path).read_text().format(config)")
    (workshop.folder / "template").write_text("one two {0.colour}")
    outcomes = workshop.run(path=str(workshop.folder / "template"), limit=2)
    assert (outcomes["gather"].state, outcomes["gather"].exit_status) == ("failed", 2)
    assert outcomes["gather"].reason.startswith("expected gather to read those settings that its key knows")
    assert "got config.colour; read it as `config.colour`" in outcomes["gather"].reason
    assert workshop.results.all() == []


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("harm", [damage, Path.unlink])
def test_a_result_with_a_damaged_artifact_is_none_and_runs_again(
    workshop: Any, heard: Listener, harm: Any
) -> None:
    first = workshop.run()
    path = artifact(workshop, "add", "sums.toml")
    harm(path)
    found = path.read_bytes() if path.exists() else None
    heard.events.clear()
    again = workshop.run()
    assert [outcome.state for outcome in again.values()] == ["cached", "completed", "cached"]
    assert again["add"].key == first["add"].key and again["add"].run_id != first["add"].run_id
    what = "missing" if found is None else "changed"
    address = f"runs:/{first['add'].run_id}/sums.toml"
    assert heard.notices() == [("add", f"runs again: artifact {what}: {address}")]
    aside = list(workshop.home.damaged.glob("*")) if workshop.home.damaged.exists() else []
    assert [path.read_bytes() for path in aside] == ([] if found is None else [found])
    assert workshop.states() == ALL_CACHED


@pytest.mark.parametrize("content", [b"", b"garbage", b"{}", b'{"metadata": {}, "result": "x"}'])
def test_a_record_that_can_not_be_read_is_none_and_is_written_again(workshop: Any, content: bytes) -> None:
    first = workshop.run()
    path = workshop.results.path(first["add"].key)
    whole = path.read_bytes()
    path.write_bytes(content)
    assert list(workshop.states().values()) == ["cached", "completed", "cached"]
    assert workshop.results.find(first["add"].key).intact
    path.write_bytes(whole[: len(whole) // 2])
    assert list(workshop.states().values()) == ["cached", "completed", "cached"]
    assert workshop.states() == ALL_CACHED


def test_a_result_that_could_not_be_written_is_noticed_and_the_run_completes(
    workshop: Any, heard: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_whole", fail)
    outcomes = workshop.run()
    assert {outcome.state for outcome in outcomes.values()} == {"completed"}
    assert run_of(workshop, parent_of(workshop, outcomes["page"])).info.status == "FINISHED"
    text = "its result could not be kept, so it will run again"
    assert heard.notices() == [(name, text) for name in STAGES]
    monkeypatch.undo()
    assert workshop.said()["gather"] == ("would_run", "no result is kept")
    assert set(workshop.states().values()) == {"completed"}
    assert workshop.states() == ALL_CACHED


def test_a_forced_result_that_could_not_be_written_is_noticed_too(
    workshop: Any, heard: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    workshop.run()
    monkeypatch.setattr(cache, "write_whole", fail)
    assert workshop.states(Selector(force=("gather",)))["gather"] == "completed"
    assert [stage for stage, *_ in heard.notices()] == ["gather"]


def test_a_key_that_can_not_be_made_is_told_as_what_it_is(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_digests: Digests, path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "mine.txt"
    path.write_text("my words")
    monkeypatch.setattr(Digests, "of", refuse)
    outcomes = workshop.run(path=str(path))
    assert [outcome.state for outcome in outcomes.values()] == ["failed", "skipped", "skipped"]
    assert "Permission denied" in outcomes["gather"].reason


def test_a_cached_stage_that_was_drawn_by_other_code_says_so_until_it_is_forced(
    workshop: Any, heard: Listener
) -> None:
    workshop.run()
    workshop.edit("drawing", "in blue", "in red")
    assert workshop.states() == ALL_CACHED
    name = f"{workshop.package}.drawing.draw"
    assert heard.notices() == [("add", f"drawn before a change of {name}; --force add draws it anew")]
    heard.events.clear()
    assert workshop.states(Selector(force=("add",)))["add"] == "completed"
    assert artifact(workshop, "add", "sum.png").read_text() == "drawn in red: 12.0"
    assert workshop.states() == ALL_CACHED and heard.notices() == []


def test_what_a_run_counts_on_is_in_use_while_it_lasts(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workshop.run()
    seen: list[set[str]] = []
    close = Session.close

    def look(session: Session) -> None:
        seen.append(keys_in_use(workshop.home))
        close(session)

    monkeypatch.setattr(Session, "close", look)
    workshop.run(Selector(only=("page",), force=("page",)))
    (in_use,) = seen
    assert {first["add"].key, first["page"].key} <= in_use
    assert keys_in_use(workshop.home) == set()


@pytest.mark.parametrize("what", ["record", "artifact"])
def test_a_result_that_was_freed_after_it_was_looked_up_is_not_given(workshop: Any, what: str) -> None:
    workshop.run()
    request = workshop.ask(Selector(only=("page",)))
    given = request.plan(workshop.results).results
    path = artifact(workshop, "add", "sums.toml")
    (path if what == "artifact" else workshop.results.path(given["add"].key)).unlink()
    with pytest.raises(SelectionError, match=r"add/.* run its stage again"):
        run(request, workshop.tracker, workshop.results, Watcher(), conduct, given)


def test_checkpoints_serve_any_number_of_rounds_and_what_is_forced_starts_from_none(
    workshop: Any, heard: Listener
) -> None:
    workshop.run(Selector(until="add"), rounds=4, every=2)
    (training,) = workshop.home.checkpoints.glob("add/*")
    assert sorted(path.name for path in training.iterdir()) == ["00000002", "00000004"]
    whole = workshop.run(Selector(until="add"), rounds=6, every=2)
    assert whole["add"].state == "completed" and whole["add"].figure == "24.0 in all"  # as if in one go
    assert [text for _, text in heard.notices()] == [
        f"goes on after epoch 4 of 6, as run {run_resumed(workshop, whole['add'])[:8]} left it"
    ]
    assert len(list(workshop.home.checkpoints.glob("add/*"))) == 1
    heard.events.clear()
    forced = workshop.run(Selector(until="add", force=("add",)), rounds=6, every=2)
    assert forced["add"].figure == "24.0 in all" and heard.notices() == []
    assert "seqstep.resumed_from" not in run_of(workshop, forced["add"].run_id).data.tags
    workshop.run(Selector(until="add"), rounds=6, every=2, weight=0.5)
    assert len(list(workshop.home.checkpoints.glob("add/*"))) == 2


def test_what_is_forced_leaves_the_checkpoints_that_another_run_counts_on(
    workshop: Any, heard: Listener
) -> None:
    workshop.run(Selector(until="add"), rounds=4, every=2)
    (training,) = workshop.home.checkpoints.glob("add/*")
    selector = Selector(until="add", force=("add",))
    with session(workshop.home) as other:
        other.use(f"add/{training.name}")
        forced = workshop.run(selector, rounds=4, every=3)
        names = sorted(path.name for path in training.iterdir())
        assert names == ["00000002", "00000003", "00000004"]
    assert forced["add"].figure == "16.0 in all" and heard.notices() == []
    workshop.run(selector, rounds=4, every=3)
    assert sorted(path.name for path in training.iterdir()) == ["00000003"]


def run_resumed(works: Any, outcome: Outcome) -> str:
    return str(run_of(works, outcome.run_id).data.tags["seqstep.resumed_from"])


def test_a_result_is_not_read_while_somebody_holds_its_lock(
    workshop: Any, heard: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever frees a result holds its lock."""
    from threading import Timer

    key = workshop.run()["gather"].key
    locks = KeyLocks(workshop.home.locks)
    assert locks.acquire_lock(key, "gc")

    def free() -> None:
        workshop.results.path(key).unlink()
        locks.release_lock(key, "gc")

    release = Timer(0.5, free)
    # The run has come to the lock, and would read the record at once if it did not wait.
    monkeypatch.setattr(heard, "noticed", lambda _stage, _text: release.start())
    assert list(workshop.states().values()) == ["completed", "cached", "cached"]
    release.join()


def test_a_store_in_which_a_replay_fails_is_told(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.run()
    start_run = Tracker.start_run

    def outage(self: Tracker, name: str, *args: Any, **kwargs: Any) -> str:
        if name == "add":
            raise TrackingError("the store is gone for a moment")
        return start_run(self, name, *args, **kwargs)

    monkeypatch.setattr(Tracker, "start_run", outage)
    outcomes = workshop.run()
    assert (outcomes["add"].state, outcomes["add"].reason) == ("failed", "the store is gone for a moment")
    assert run_of(workshop, parent_of(workshop, outcomes["gather"])).info.status == "FAILED"
    monkeypatch.undo()
    assert workshop.states() == ALL_CACHED


def test_a_result_whose_run_the_store_has_lost_is_no_hit_but_told(ran: Any) -> None:
    lost = ran.plan().results["add"].run_id
    ran.tracker.client.delete_run(lost)
    ran.tracker.client._tracking_client.store._hard_delete_run(lost)
    outcomes = ran.run()
    assert (outcomes["gather"].state, outcomes["add"].state) == ("cached", "failed")
    assert f"such as {lost} (add): they were deleted there for good" in outcomes["add"].reason


def test_a_replay_that_fails_for_a_reason_that_may_pass_is_told_too(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.run()

    def refuse(_self: Results, _result: Result) -> NoReturn:
        raise TimeoutError("the disk is busy")

    monkeypatch.setattr(Results, "remember", refuse)
    outcomes = workshop.run()
    assert {outcome.state for outcome in outcomes.values()} == {"failed"}
    assert outcomes["page"].reason == "the disk is busy"


@pytest.mark.parametrize(("failures", "status"), [(2, "FINISHED"), (3, "FAILED")])
def test_what_is_recorded_at_the_end_is_tried_again_while_the_store_is_away(
    workshop: Any, failures: int, status: str
) -> None:
    tries: list[tuple[str, list[str]]] = []

    def finish(run_id: str, outcomes: Sequence[Outcome]) -> tuple[()]:
        tries.append((run_id, [outcome.name for outcome in outcomes]))
        if len(tries) <= failures:
            raise TrackingError("the store is away", transient=True)
        return ()

    workshop.page.finish = finish
    workshop.patience = Patience(attempts=3, pause_s=0)
    if status == "FINISHED":
        workshop.run()
    else:
        with pytest.raises(TrackingError, match="the store is away"):
            workshop.run()
    assert len(tries) == 3
    (parent,) = {run_id for run_id, _ in tries}
    assert {tuple(names) for _, names in tries} == {tuple(STAGES)}
    assert run_of(workshop, parent).info.status == status


def test_whoever_watches_is_told_of_files_and_tables_and_of_the_runs_own_files_at_the_end(
    workshop: Any,
) -> None:
    workshop.edit(
        "drawing",
        "    def savefig",
        "    def to_dict(self, orient):\n        return [{'sum': 1}]\n\n    def savefig",
    )
    workshop.edit(
        "stages", "    table = record", '    record.show_table("The sums", draw(""))\n    table = record'
    )
    page = Kept(uri="runs:/1f2e/report.html", sha256="", bytes=1, kind="text/html", place="/elsewhere")
    workshop.page.finish = lambda _run_id, _outcomes: [page]
    workshop.watcher = watcher = create_autospec(Watcher, instance=True)
    outcomes = workshop.run()
    watcher.showed.assert_called_once_with("add", "The sums", [{"sum": 1}])
    told = {each.args[0].name: [file.name for file in each.args[1]] for each in watcher.finished.mock_calls}
    assert told == {
        "gather": ["words.txt", "key.json", "run.json"],
        "add": ["sum.png", "sums.toml", "key.json", "run.json"],
        "page": ["page.txt", "key.json", "run.json"],
    }
    parent = parent_of(workshop, outcomes["page"])
    watcher.ended.assert_called_once_with(parent, list(outcomes.values()), [page])


def test_records_lie_in_the_home_whatever_the_working_folder_is(
    workshop: Any, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    workshop.run()
    assert list(elsewhere.iterdir()) == []
    assert len(list(home.results.glob("*/*"))) == 3
    assert list(home.private.rglob("*.part")) == []


class Meddler(Listener):
    """Does something when a stage has come so far; 0 is its start."""

    def __init__(self, deeds: Mapping[tuple[str, int], Callable[[], object]]) -> None:
        super().__init__()
        self.deeds = deeds

    def started(self, stage: str) -> None:
        super().started(stage)
        self.deeds.get((stage, 0), list)()

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        super().progressed(stage, done, total, figures)
        self.deeds.get((stage, done), list)()


def meddle(workshop: Any, deeds: Mapping[tuple[str, int], Callable[[], object]]) -> Listener:
    workshop.watcher = Meddler(deeds)
    return workshop.watcher


def lazily(workshop: Any) -> None:
    """Have the stage import what it uses when it runs."""
    workshop.edit("stages", f"from {workshop.package}.sums import Adder, as_table\n", "")
    line = "    text = record.open(words).read_text()\n"
    workshop.edit("stages", line, f"    from {workshop.package}.sums import Adder, as_table\n\n{line}")


@pytest.mark.parametrize("lazy", [False, True])
def test_what_code_that_was_edited_before_it_was_imported_computed_is_not_kept(
    workshop: Any, lazy: bool
) -> None:
    if lazy:
        lazily(workshop)
    source = workshop.folder / "sums.py"
    original = source.read_text()
    heard = meddle(workshop, {("gather", 0): lambda: source.write_text(original.replace("+=", "-="))})
    outcomes = workshop.run(every=1)
    workshop.watcher = Watcher()
    assert {outcome.state for outcome in outcomes.values()} == {"completed"}
    assert outcomes["add"].figure == "-12.0 in all" and outcomes["add"].key is None
    assert heard.notices() == [
        ("add", f"its result is not kept, and it will run again next time: {source} was changed meanwhile")
    ]
    assert workshop.results.latest("add") is None
    assert list(workshop.home.checkpoints.glob("add/*/*")) == []
    source.write_text(original)
    again = workshop.run(every=1)
    assert (again["add"].state, again["add"].figure) == ("completed", "12.0 in all")
    assert again["gather"].state == "cached"
    assert workshop.states() == ALL_CACHED


def test_an_edit_that_is_taken_back_before_the_end_is_noticed_too(workshop: Any) -> None:
    lazily(workshop)
    source = workshop.folder / "sums.py"
    original = source.read_text()
    edited = original.replace("+=", "-=")
    deeds = {
        ("gather", 0): lambda: source.write_text(edited),
        ("add", 1): lambda: source.write_text(original),
    }
    meddle(workshop, deeds)
    outcome = workshop.run(Selector(until="add"))["add"]
    assert (outcome.figure, outcome.key) == ("-12.0 in all", None)


def test_an_edit_of_what_was_imported_already_costs_nothing(workshop: Any) -> None:
    source = workshop.folder / "sums.py"
    original = source.read_text()
    heard = meddle(workshop, {("add", 2): lambda: source.write_text(original.replace("+=", "-="))})
    outcomes = workshop.run(every=1)
    assert outcomes["add"].figure == "12.0 in all" and heard.notices() == []
    assert len(list(workshop.home.checkpoints.glob("add/*/*"))) == 2
    source.write_text(original)
    assert workshop.states() == ALL_CACHED


def test_what_a_file_of_the_users_that_was_changed_meanwhile_yielded_is_not_kept(
    workshop: Any, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("one two")
    heard = meddle(workshop, {("gather", 0): lambda: mine.write_text("one two three")})
    outcomes = workshop.run(path=str(mine))
    workshop.watcher = Watcher()
    assert (outcomes["gather"].figure, outcomes["gather"].key) == ("3 words", None)
    assert [(stage, "mine.txt was changed" in text) for stage, text in heard.notices()] == [("gather", True)]
    mine.write_text("one two")
    again = workshop.run(path=str(mine))
    assert (again["gather"].state, again["gather"].figure) == ("completed", "2 words")
    assert workshop.states(path=str(mine)) == ALL_CACHED


def test_what_a_link_to_the_users_file_yielded_that_was_led_elsewhere_meanwhile_is_not_kept(
    workshop: Any, tmp_path: Path
) -> None:
    # As projects do that let every way to a file be the same.
    stages = workshop.stages
    one, other, mine = (tmp_path / name for name in ("one.txt", "other.txt", "mine.txt"))
    one.write_text("one two")
    other.write_text("one two three")
    mine.symlink_to(one)

    def made() -> dict[str, Any]:
        found = stages()
        found["gather"].reads = lambda config: Path(config.path).resolve()
        return found

    def lead_elsewhere() -> None:
        mine.unlink()
        mine.symlink_to(other)

    workshop.stages = made
    meddle(workshop, {("gather", 0): lead_elsewhere})
    outcomes = workshop.run(path=str(mine))
    assert (outcomes["gather"].figure, outcomes["gather"].key) == ("3 words", None)


def test_a_setting_of_prefects_that_stands_against_the_cache_is_named(workshop: Any) -> None:
    with (
        temporary_settings({PREFECT_TASKS_DISABLE_CACHING: True}),
        pytest.raises(UsageError, match="PREFECT_TASKS_DISABLE_CACHING"),
    ):
        workshop.run()
