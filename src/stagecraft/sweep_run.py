"""The run of a sweep in MLflow: pipelines' runs are listed below it, and an unfinished one goes on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stagecraft.errors import BusyError
from stagecraft.home import Home
from stagecraft.live import session
from stagecraft.locks import KeyLocks
from stagecraft.patience import Patience
from stagecraft.pipeline_run import ABOVE_VARIABLE, Death, Parent, Title, close_dead_runs, closing
from stagecraft.tracking import NOTE_TAG, SWEEP_TAG, Tracker


@contextmanager
def sweep_run(
    tracker: Tracker,
    identity: str,
    title: Title,
    params: Mapping[str, object],
    patience: Patience,
    on_death: Death = lambda _name, _run_id: None,
) -> Iterator[Parent]:
    """Have the run of a sweep, which ends as the sweep does; what pipelines run meanwhile is listed below it.

    Args:
        identity: what is asked for; the last sweep that asked for the same is gone on with, unless it
            finished.
        title: of a new run.
        on_death: is told of the runs of pipelines that were found dead.

    Raises:
        BusyError: the same sweep goes on in another process.
    """
    with _alone(tracker.home, identity):
        close_dead_runs(tracker, on_death)
        with session(tracker.home, f"sweep {identity}") as started:
            tags = {SWEEP_TAG: identity, NOTE_TAG: title.note}
            if run_id := _unfinished(tracker, identity):
                tracker.reopen_run(run_id, tags, started.name)
            else:
                run_id = tracker.start_run(title.name, tags, session=started.name)
            with closing(tracker, run_id, started, patience), _above(run_id):
                patience.retry(lambda: tracker.log_params(run_id, params))
                yield Parent(run_id, started)


@contextmanager
def _alone(home: Home, identity: str) -> Iterator[None]:
    """Be the only process that runs a sweep; the kernel tells, so none that died is in the way."""
    with KeyLocks(home.locks).holding(f"sweep {identity}", 0) as is_free:
        if not is_free:
            raise BusyError(
                f"expected this sweep to run once in {home.root}, got one in progress; wait until it ends"
            )
        yield


def _unfinished(tracker: Tracker, identity: str) -> str:
    """Find the last run of a sweep, if it did not come to its end."""
    for run in tracker.search(f"tags.`{SWEEP_TAG}` = '{identity}'", 1):
        if run.info.status != "FINISHED":
            return str(run.info.run_id)
    return ""


@contextmanager
def _above(run_id: str) -> Iterator[None]:
    """Have this process, and those that it starts, list the runs of pipelines below a run."""
    os.environ[ABOVE_VARIABLE] = run_id
    try:
        yield
    finally:
        os.environ.pop(ABOVE_VARIABLE, None)
