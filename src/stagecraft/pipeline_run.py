"""A run of a pipeline: what it asks for, its parent run in MLflow, and what runs before it left behind."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from stagecraft.errors import TrackingError, explain
from stagecraft.live import Session, bury, dead, end_of, session
from stagecraft.locks import KeyLocks
from stagecraft.patience import Patience
from stagecraft.plan import Plan
from stagecraft.progress import Outcome, observer
from stagecraft.result import Result
from stagecraft.results import Results
from stagecraft.tracking import NOTE_TAG, PIPELINE_TAG, Tracker, replay


class Title(NamedTuple):
    """What a run of a pipeline is called, and its description in Markdown."""

    name: str
    note: str


#: is told the name and the id of a pipeline's run whose process died
Death = Callable[[str, str], None]


#: names the run in MLflow, such as a sweep's, that pipelines' runs are listed below
ABOVE_VARIABLE = "SEQSTEP_ABOVE"

_UNRECORDED = "the store did not answer when it ended"


class Parent(NamedTuple):
    """The run of a whole pipeline, and what marks it as in progress."""

    run_id: str
    session: Session


@contextmanager
def pipeline_run(
    tracker: Tracker,
    name: str,
    params: Mapping[str, object],
    patience: Patience | None = None,
    on_death: Death = lambda _name, _run_id: None,
    title: Title | None = None,
) -> Iterator[Parent]:
    """Have a parent run, which ends as the pipeline does; first close what dead runs left open.

    Args:
        name: of the pipeline, with what tells its runs from those of others, such as its profile.
        patience: with a store that does not answer.
        on_death: is told of the runs of pipelines that were found dead.
        title: what the run is called in MLflow, to tell it from others, and its description.
    """
    patience, (called, note) = patience or Patience(), title or Title(name, "")
    close_dead_runs(tracker, on_death)
    with session(tracker.home, name) as started:
        above = os.environ.get(ABOVE_VARIABLE)
        tags = {PIPELINE_TAG: name, NOTE_TAG: note}
        run_id = tracker.start_run(called, tags, above, session=started.name)
        with closing(tracker, run_id, started, patience):
            patience.retry(lambda: tracker.log_params(run_id, params))
            yield Parent(run_id, started)


@contextmanager
def closing(tracker: Tracker, run_id: str, session: Session, patience: Patience) -> Iterator[None]:
    """End a run as what is done here does: finished, failed or killed."""
    try:
        yield
    except Exception as error:
        with suppress(TrackingError), _ending(session, explain(error)):
            tracker.finish_run(run_id, "FAILED", explain(error))
            _close_left_open(tracker, session.name)
        raise
    except BaseException as error:
        with suppress(TrackingError), _ending(session, explain(error)):
            tracker.finish_run(run_id, "KILLED", explain(error))
        raise
    with _ending(session, _UNRECORDED):
        patience.retry(lambda: tracker.finish_run(run_id, "FINISHED"))
        _close_left_open(tracker, session.name)


@contextmanager
def _ending(session: Session, reason: str) -> Iterator[None]:
    """Leave it to the next run to close what can't be closed now."""
    try:
        yield
    except TrackingError:
        session.abandon(reason)
        raise


def _close_left_open(tracker: Tracker, session: str, reason: str = _UNRECORDED) -> list[str]:
    """Close the runs whose end could not be recorded when it came; return their ids."""
    left = [run.info.run_id for run in tracker.running(session)]
    for run_id in left:
        tracker.finish_run(run_id, "FAILED", reason)
    return left


def close_dead_runs(tracker: Tracker, on_death: Death = lambda _name, _run_id: None) -> list[str]:
    """Mark runs as killed whose process died, and remove what it left half-written; return their ids."""
    closed = []
    for name in dead(tracker.home):
        if reason := end_of(tracker.home, name):
            closed += _close_left_open(tracker, name, reason)
        for run in tracker.running(name):
            tracker.finish_run(run.info.run_id, "KILLED", "its process died")
            closed.append(run.info.run_id)
            if pipeline := run.data.tags.get(PIPELINE_TAG):
                on_death(pipeline, run.info.run_id)
        bury(tracker.home, name)
    return closed


def replay_all(
    tracker: Tracker,
    results: Results,
    plan: Plan,
    name: str,
    params: Mapping[str, object],
    on_death: Death = lambda _name, _run_id: None,
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
        if not all(is_there(results, counting_on, plan.results[intent.name].key) for intent in plan.intents):
            return None
        with pipeline_run(tracker, name, params, on_death=on_death, title=title) as parent:
            outcomes = [
                _replayed(tracker, results, plan.results[intent.name], parent) for intent in plan.intents
            ]
            at_end(parent.run_id, outcomes)
    return parent.run_id, outcomes


def is_there(results: Results, counting_on: Session, key: str) -> bool:
    """Make sure that a result is there, and stays."""
    counting_on.use(key)
    with KeyLocks(results.home.locks).holding(key):
        return results.find(key).intact


def _replayed(tracker: Tracker, results: Results, result: Result, parent: Parent) -> Outcome:
    start = time.monotonic()
    run_id = replay(tracker, result, parent.run_id, parent.session.name)
    results.remember(result)
    outcome = Outcome.cached(result, run_id, time.monotonic() - start)
    observer.get().finished(outcome)
    return outcome
