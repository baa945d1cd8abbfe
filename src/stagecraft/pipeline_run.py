"""A run of a pipeline: what it asks for, its parent run in MLflow, and what runs before it left behind."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from stagecraft.errors import TrackingError, explain
from stagecraft.files import half_written
from stagecraft.home import Home
from stagecraft.live import Session, bury, dead, living, session, starting
from stagecraft.locks import KeyLocks
from stagecraft.plan import Plan
from stagecraft.progress import Outcome, observer
from stagecraft.result import Result
from stagecraft.results import Results
from stagecraft.tracking import NOTE_TAG, PIPELINE_TAG, Tracker, replay


class Title(NamedTuple):
    """What a run of a pipeline is called, and its description in Markdown."""

    name: str
    note: str


class Parent(NamedTuple):
    """The run of a whole pipeline, and what marks it as in progress."""

    run_id: str
    session: Session


@contextmanager
def pipeline_run(
    tracker: Tracker, name: str, params: Mapping[str, object], title: Title | None = None
) -> Iterator[Parent]:
    """Have a parent run, which ends as the pipeline does; first close what dead runs left open.

    Args:
        name: of the pipeline; runs of the same one share it.
        title: what the run is called in MLflow, to tell it from others, and its description.
    """
    called, note = title or Title(name, "")
    close_dead_runs(tracker)
    with session(tracker.home) as started:
        run_id = tracker.start_run(called, {PIPELINE_TAG: name, NOTE_TAG: note}, session=started.name)
        try:
            tracker.log_params(run_id, params)
            yield Parent(run_id, started)
        except BaseException as error:
            killed = not isinstance(error, Exception)
            with suppress(TrackingError):
                tracker.finish_run(run_id, "KILLED" if killed else "FAILED", explain(error))
            raise
        tracker.finish_run(run_id, "FINISHED")


def close_dead_runs(tracker: Tracker) -> list[str]:
    """Mark runs as killed whose process died, and remove what it left half-written; return their ids."""
    closed = []
    for name in dead(tracker.home):
        for run in tracker.running(name):
            tracker.finish_run(run.info.run_id, "KILLED", "its process died")
            closed.append(run.info.run_id)
        bury(tracker.home, name)
    with starting(tracker.home):
        if not living(tracker.home):
            sweep(tracker.home)
    return closed


def sweep(home: Home) -> list[Path]:
    """Remove half-written files; nobody may be writing."""
    left = half_written(home.private)
    for path in left:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return left


def replay_all(
    tracker: Tracker,
    results: Results,
    plan: Plan,
    name: str,
    params: Mapping[str, object],
    title: Title | None = None,
    at_end: Callable[[str, Sequence[Outcome]], object] = lambda _run_id, _outcomes: None,
) -> tuple[str, list[Outcome]] | None:
    """Record a run in which every stage is cached, without Prefect.

    Args:
        at_end: is called with the parent run and how each stage ended, before that run ends.

    Returns:
        the parent run and how each stage ended; None if a result was damaged or freed meanwhile.
    """
    with session(tracker.home) as counting_on:
        if not all(_is_there(results, counting_on, plan.results[intent.name].key) for intent in plan.intents):
            return None
        with pipeline_run(tracker, name, params, title) as parent:
            outcomes = [
                _replayed(tracker, results, plan.results[intent.name], parent) for intent in plan.intents
            ]
            at_end(parent.run_id, outcomes)
    return parent.run_id, outcomes


def _is_there(results: Results, counting_on: Session, key: str) -> bool:
    """Make sure that a result is there, and stays."""
    counting_on.use(key)
    with KeyLocks(results.home.locks).holding(key):
        return results.find(key).intact


def _replayed(tracker: Tracker, results: Results, result: Result, parent: Parent) -> Outcome:
    start = time.monotonic()
    run_id = replay(tracker, result, parent.run_id, parent.session.name)
    results.remember(result)
    outcome = Outcome(
        name=result.stage,
        state="cached",
        key=result.key,
        run_id=run_id,
        computed_by=result.run_id,
        seconds=time.monotonic() - start,
        figure=result.figure,
    )
    observer.get().finished(outcome)
    return outcome
