"""The parent run of a pipeline in MLflow, and what runs before it left open."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from stagecraft.cache.sessions import Session, dead, end_of, forget_dead, session
from stagecraft.errors import TrackingError, explain
from stagecraft.mlflow import NOTE_TAG, Tracker
from stagecraft.names import Names
from stagecraft.patience import Patience


class Title(NamedTuple):
    """What a run of a pipeline is called, and its description in Markdown."""

    name: str
    note: str


#: is told the name and the id of a pipeline's run whose process died
OnDeadRun = Callable[[str, str], None]

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
) -> Iterator[Parent]:
    """Have a parent run, which ends as the pipeline does; first close what dead runs left open.

    Args:
        name: of the pipeline, with what tells its runs from those of others, such as its profile.
        patience: with a store that does not answer.
        on_dead_run: is told of the runs of pipelines that were found dead.
        title: what the run is called in MLflow, to tell it from others, and its description.
    """
    patience, (called, note) = patience or Patience(), title or Title(name, "")
    close_dead_runs(tracker, on_dead_run)
    with session(tracker.home, name) as started:
        above = os.environ.get(above_variable(tracker.home.names))
        tags = {tracker.tags.pipeline: name, NOTE_TAG: note}
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


def close_dead_runs(tracker: Tracker, on_dead_run: OnDeadRun = lambda _name, _run_id: None) -> list[str]:
    """Mark runs as killed whose process died, and remove what it left half-written; return their ids."""
    closed = []
    for name in dead(tracker.home):
        if reason := end_of(tracker.home, name):
            closed += _close_left_open(tracker, name, reason)
        for run in tracker.running(name):
            tracker.finish_run(run.info.run_id, "KILLED", "its process died")
            closed.append(run.info.run_id)
            if pipeline := run.data.tags.get(tracker.tags.pipeline):
                on_dead_run(pipeline, run.info.run_id)
        forget_dead(tracker.home, name)
    return closed
