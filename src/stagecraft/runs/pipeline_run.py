"""The parent run of a pipeline in MLflow, and what runs before it left open."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple

from stagecraft.cache.sessions import Session, dead, end_of, forget_dead, is_copied, session
from stagecraft.errors import TrackingError, explain
from stagecraft.mlflow import NOTE_TAG, Status, Tracker, keep_account, note_aliases
from stagecraft.names import Names
from stagecraft.patience import Patience


class Title(NamedTuple):
    """What a run of a pipeline is called, and its description in Markdown."""

    name: str
    note: str


#: is told the name and the id of a pipeline's run whose process died
OnDeadRun = Callable[[str, str], None]

_WAITS_S = (0.1, 0.2, 0.4, 0.8)
_UNRECORDED = "the store did not answer when it ended"


def above_variable(names: Names) -> str:
    """Tell which variable names the run, such as a sweep's, that pipelines' runs are listed below."""
    return names.variable("ABOVE")


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
    on_dead_run: OnDeadRun = lambda _name, _run_id: None,
    title: Title | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[Parent]:
    """Have a parent run, which ends as the pipeline does; first close what dead runs left open.

    Args:
        name: of the pipeline, with what tells its runs from those of others, such as its profile.
        patience: with a store that does not answer.
        on_dead_run: is told of the runs of pipelines that were found dead.
        title: what the run is called in MLflow, to tell it from others, and its description.
        more: tags, such as those that say who asked for it.
    """
    patience, (called, note) = patience or Patience(), title or Title(name, "")
    close_dead_runs(tracker, on_dead_run)
    note_aliases(tracker)
    with session(tracker.home, name) as started:
        above = os.environ.get(above_variable(tracker.home.names))
        tags = {tracker.tags.pipeline: name, NOTE_TAG: note, **(more or {})}
        start = partial(tracker.start_run, called, tags, above, started.name)
        with closing(tracker, started, patience, start) as run_id:
            patience.retry(lambda: tracker.log_params(run_id, params))
            patience.retry(lambda: keep_account(tracker, run_id))
            yield Parent(run_id, started)


@contextmanager
def closing(
    tracker: Tracker, session: Session, patience: Patience, start: Callable[[], str]
) -> Iterator[str]:
    """Have a run, which ends as what is done here does: finished, failed or killed; so does what is below it.

    Args:
        start: starts it, or goes on with it; wherever that is broken off, the run is closed.
    """
    run_id = ""
    try:
        run_id = start()
        yield run_id
    except BaseException as error:
        status: Status = "FAILED" if isinstance(error, Exception) else "KILLED"
        reason = explain(error)
        with suppress(TrackingError, OSError), _ending(session, reason):
            _insist(lambda: _close_left_open(tracker, session.name, reason, status))
            if run_id:
                _insist(lambda: keep_account(tracker, run_id))
        raise
    with _ending(session, _UNRECORDED):
        patience.retry(lambda: tracker.finish_run(run_id, "FINISHED"))
        _close_left_open(tracker, session.name)
        patience.retry(lambda: keep_account(tracker, run_id))


def _insist(close: Callable[[], object]) -> None:
    """Try again what the store refuses: stages that end at the same moment write to it, too."""
    for wait_s in _WAITS_S:
        with suppress(TrackingError):
            close()
            return
        time.sleep(wait_s)
    close()


@contextmanager
def _ending(session: Session, reason: str) -> Iterator[None]:
    """Leave it to the next run to close what can't be closed now."""
    try:
        yield
    except TrackingError:
        session.abandon(reason)
        raise


def _close_left_open(
    tracker: Tracker, session: str, reason: str = _UNRECORDED, status: Status = "FAILED"
) -> list[str]:
    """Close the runs of a session that are open still; return their ids."""
    left = [run.info.run_id for run in tracker.running(session)]
    for run_id in left:
        tracker.finish_run(run_id, status, reason)
    return left


def close_dead_runs(tracker: Tracker, on_dead_run: OnDeadRun = lambda _name, _run_id: None) -> list[str]:
    """Mark runs as killed whose process died, and remove what it left half-written; return their ids."""
    closed = []
    for name in dead(tracker.home):
        if tracker.uri != tracker.home.store and is_copied(tracker.home, name):
            forget_dead(tracker.home, name)  # the server may know it as one that goes on elsewhere
            continue
        if reason := end_of(tracker.home, name):
            closed += _close_left_open(tracker, name, reason)
        for run in tracker.running(name):
            tracker.finish_run(run.info.run_id, "KILLED", "its process died")
            closed.append(run.info.run_id)
            if pipeline := run.data.tags.get(tracker.tags.pipeline):
                keep_account(tracker, run.info.run_id)
                on_dead_run(pipeline, run.info.run_id)
        forget_dead(tracker.home, name)
    return closed
