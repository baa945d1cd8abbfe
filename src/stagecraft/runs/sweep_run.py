"""The run of a sweep in MLflow: pipelines' runs are listed below it, and an unfinished one goes on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.sessions import session
from stagecraft.errors import BusyError
from stagecraft.files.home import Home
from stagecraft.mlflow import NOTE_TAG, Tracker, keep_account
from stagecraft.names import Names
from stagecraft.patience import Patience
from stagecraft.runs.pipeline_run import OnDeadRun, Parent, Title, above_variable, close_dead_runs, closing


@contextmanager
def sweep_run(
    tracker: Tracker,
    identity: str,
    title: Title,
    params: Mapping[str, object],
    patience: Patience,
    on_dead_run: OnDeadRun = lambda _name, _run_id: None,
) -> Iterator[Parent]:
    """Have the run of a sweep, which ends as the sweep does; what pipelines run meanwhile is listed below it.

    Args:
        identity: what is asked for; the last sweep that asked for the same is resumed, unless it
            finished.
        title: of a new run.
        on_dead_run: is told of the runs of pipelines that were found dead.

    Raises:
        BusyError: the same sweep goes on in another process.
    """
    with _alone(tracker.home, identity):
        close_dead_runs(tracker, on_dead_run)
        with session(tracker.home, f"sweep {identity}") as started:
            tags = {tracker.tags.sweep: identity, NOTE_TAG: title.note}

            def start() -> str:
                if run_id := _unfinished(tracker, identity):
                    tracker.reopen_run(run_id, tags, started.name)
                    return run_id
                return tracker.start_run(title.name, tags, session=started.name)

            with closing(tracker, started, patience, start) as run_id, _above(run_id, tracker.home.names):
                patience.retry(lambda: tracker.log_params(run_id, params))
                patience.retry(lambda: keep_account(tracker, run_id))
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
    for run in tracker.search(f"tags.`{tracker.tags.sweep}` = '{identity}'", 1):
        if run.info.status != "FINISHED":
            return str(run.info.run_id)
    return ""


@contextmanager
def _above(run_id: str, names: Names) -> Iterator[None]:
    """Have this process, and those that it starts, list the runs of pipelines below a run."""
    variable = above_variable(names)
    os.environ[variable] = run_id
    try:
        yield
    finally:
        os.environ.pop(variable, None)
