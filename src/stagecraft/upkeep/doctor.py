"""Finds what does not fit together in a home."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import forget_dead, home_id, keys_in_use, living, remove_half_written
from stagecraft.files.whole import PART, half_written
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep.artifact_checks import ArtifactChecks
from stagecraft.upkeep.disk import checkpoint_folders, discard
from stagecraft.upkeep.finding import Finding


def examine(tracker: Tracker) -> list[Finding]:
    """Find what does not fit together; repaired in this order, nothing is left to find."""
    artifacts = ArtifactChecks(tracker, Results(tracker.home, tracker.fetch))
    rest = (_open_runs, _checkpoints, _half_written)
    return [*artifacts.findings(), *(finding for find in rest for finding in find(tracker))]


def _open_runs(tracker: Tracker) -> Iterator[Finding]:
    """Find runs of this home that are marked as running, but whose process died."""
    runs = tracker.running()
    # After the runs: a run starts when its session is there.
    alive = living(tracker.home)
    for run in runs:
        session = run.data.tags.get(tracker.tags.session, "")
        if session.startswith(f"{home_id(tracker.home)}-") and session not in alive:
            what = f"{run.info.run_id} ({run.info.run_name}) is marked as running, but its process died"
            mend = partial(_close_run, tracker, run.info.run_id, session)
            yield Finding("run without a process", what, "mark it as killed", mend)


def _close_run(tracker: Tracker, run_id: str, session: str) -> bool:
    """Mark a run as killed, unless it has ended meanwhile; with its last run a session is forgotten."""
    running = {run.info.run_id for run in tracker.running(session)}
    if run_id in running:
        tracker.finish_run(run_id, "KILLED", "its process died")
    if running <= {run_id}:
        forget_dead(tracker.home, session)
    return True


def _checkpoints(tracker: Tracker) -> Iterator[Finding]:
    """Find folders of checkpoints from which no training can be resumed."""
    for key, folder in checkpoint_folders(tracker.home).items():
        flaw = _flaw(tracker, folder)
        if flaw and key not in keys_in_use(tracker.home):
            mend = partial(_remove_checkpoints, tracker, key, folder)
            yield Finding("checkpoints without a training", f"{key}: {flaw}", "remove the folder", mend)


def _flaw(tracker: Tracker, folder: Path) -> str:
    """Say why no training can be resumed from a folder of checkpoints; nothing if one can."""
    intact = [checkpoint for checkpoint in Checkpoints(folder, "").all() if checkpoint.is_intact()]
    if not intact:
        return "none of them is intact"
    if not any(Inventory(tracker).knows_run(checkpoint.run_id) for checkpoint in intact):
        return f"MLflow does not know run {intact[-1].run_id}, which wrote it"
    return ""


def _remove_checkpoints(tracker: Tracker, key: str, folder: Path) -> bool:
    with KeyLocks(tracker.home.locks).holding(key, 0) as held:
        # Whoever counts on checkpoints says so while they hold this lock.
        if not held or key in keys_in_use(tracker.home):
            return False
        if _flaw(tracker, folder):
            discard(tracker.home, folder)
    return True


def _half_written(tracker: Tracker) -> Iterator[Finding]:
    """Find what was never written to its end."""
    home = tracker.home
    for path in [] if living(home) else half_written(home.private):
        if path.parent.suffix == PART:  # it goes with that
            continue
        what = f"{path.relative_to(home.root)}: whoever wrote it died"
        yield Finding("half-written file", what, "remove it", partial(_sweep, tracker))


def _sweep(tracker: Tracker) -> bool:
    if living(tracker.home):
        return False
    remove_half_written(tracker.home)  # all of them, whichever finding comes first
    return True
