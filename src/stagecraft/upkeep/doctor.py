"""Finds what does not fit together in a home."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import forget_dead, home_id, keys_in_use, living, remove_half_written
from stagecraft.files.set_aside import SetAside
from stagecraft.files.whole import PART, half_written
from stagecraft.mlflow.account import Account
from stagecraft.mlflow.gathering import gather
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.store import Status, Tracker
from stagecraft.upkeep.artifact_checks import ArtifactChecks
from stagecraft.upkeep.deleted import (
    deleted_experiment,
    deleted_models,
    deleted_runs,
    deleted_versions,
    missing_runs,
    renamed_experiment,
)
from stagecraft.upkeep.disk import checkpoint_folders
from stagecraft.upkeep.finding import Finding
from stagecraft.upkeep.loose_files import astray_links, changed_pages, damaged_latest, damaged_promotions


def find_lost(tracker: Tracker) -> list[Finding]:
    """Find what MLflow has lost and the home can give back; all else is judged rightly after that."""
    return list(deleted_experiment(tracker)) or [*missing_runs(tracker), *deleted_models(tracker)]


def examine(tracker: Tracker) -> list[Finding]:
    """Find what does not fit together, where nothing is lost; once repaired, nothing is left to find.

    A repair deletes nothing that may be whole: what it takes out of the way is set aside.
    """
    aside, results = SetAside(tracker.home), Results(tracker.home, tracker.fetch)
    artifacts = ArtifactChecks(tracker, results, aside)
    rest = (
        renamed_experiment(tracker),
        deleted_runs(tracker, results),
        deleted_versions(tracker),
        damaged_latest(tracker, aside),
        damaged_promotions(tracker, aside),
        changed_pages(tracker, aside),
        astray_links(tracker.home, aside),
        _open_runs(tracker),
        _checkpoints(tracker, aside),
        _half_written(tracker),
    )
    return [*artifacts.findings(), *(finding for found in rest for finding in found)]


def put_back(tracker: Tracker, repair: str) -> list[str]:
    """Undo what a repair set aside; return what could not be put back.

    Raises:
        ArtifactError: there is no such repair.
    """
    inventory = Inventory(tracker)
    versions, left = SetAside(tracker.home, repair).put_back()
    for each in versions:
        inventory.put_version_back(*each.version.split("/"))
    return left


def not_kept(tracker: Tracker) -> dict[str, tuple[str, str]]:
    """List the stages whose latest result was not kept for what they touched.

    Returns:
        by stage, the run and what it touched.
    """
    if tracker.is_deleted:
        return {}
    tags, found = tracker.tags, {}
    for run in tracker.search(f"tags.`{tags.unkeyed}` LIKE '%'"):
        session, stage = run.data.tags.get(tags.session, ""), run.data.tags[tags.stage]
        (latest,) = tracker.search(f"tags.`{tags.stage}` = '{stage}'", 1)
        if session.startswith(f"{home_id(tracker.home)}-") and latest.info.run_id == run.info.run_id:
            found[stage] = (str(run.info.run_id), str(run.data.tags[tags.unkeyed]))
    return found


def _open_runs(tracker: Tracker) -> Iterator[Finding]:
    """Find runs that are marked as running though they ended, or whose process of this home died."""
    runs = tracker.running()
    # After the runs: a run starts when its session is there.
    alive = living(tracker.home)
    accounts = gather(tracker.home).accounts if runs else {}
    for run in runs:
        session, account = run.data.tags.get(tracker.tags.session, ""), accounts.get(run.info.run_id)
        if session in alive:
            continue
        if account and account.status in ("FINISHED", "FAILED"):
            what = f"{account.run_id} ({account.name}) is marked as running, but it has ended"
            mend = partial(_end_again, tracker, account)
            yield Finding("ended run marked as running", what, "mark it as its record has it", mend)
        elif session.startswith(f"{home_id(tracker.home)}-"):
            what = f"{run.info.run_id} ({run.info.run_name}) is marked as running, but its process died"
            mend = partial(_close_run, tracker, run.info.run_id, session)
            yield Finding("run without a process", what, "mark it as killed", mend)


def _end_again(tracker: Tracker, account: Account) -> bool:
    """Mark a run as it ended, unless it was meanwhile."""
    if account.run_id in {run.info.run_id for run in tracker.running()}:
        status: Status = "FAILED" if account.status == "FAILED" else "FINISHED"
        tracker.finish_run(account.run_id, status, ended=account.ended)
    return True


def _close_run(tracker: Tracker, run_id: str, session: str) -> bool:
    """Mark a run as killed, unless it has ended meanwhile; with its last run a session is forgotten."""
    running = {run.info.run_id for run in tracker.running(session)}
    if run_id in running:
        tracker.finish_run(run_id, "KILLED", "its process died")
    if running <= {run_id}:
        forget_dead(tracker.home, session)
    return True


def _checkpoints(tracker: Tracker, aside: SetAside) -> Iterator[Finding]:
    """Find folders of checkpoints from which no training can be resumed."""
    for key, folder in checkpoint_folders(tracker.home).items():
        flaw = _flaw(tracker, folder)
        if flaw and key not in keys_in_use(tracker.home):
            mend = partial(_remove_checkpoints, tracker, key, folder, aside)
            yield Finding("checkpoints without a training", f"{key}: {flaw}", "set the folder aside", mend)


def _flaw(tracker: Tracker, folder: Path) -> str:
    """Say why no training can be resumed from a folder of checkpoints; nothing if one can."""
    intact = [checkpoint for checkpoint in Checkpoints(folder, "").all() if checkpoint.is_intact()]
    if not intact:
        return "none of them is intact"
    if not any(Inventory(tracker).knows_run(checkpoint.run_id) for checkpoint in intact):
        return f"MLflow does not know run {intact[-1].run_id}, which wrote it"
    return ""


def _remove_checkpoints(tracker: Tracker, key: str, folder: Path, aside: SetAside) -> bool:
    with KeyLocks(tracker.home.locks).holding(key, 0) as held:
        # Whoever counts on checkpoints says so while they hold this lock.
        if not held or key in keys_in_use(tracker.home):
            return False
        if _flaw(tracker, folder):
            aside.take(folder)
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
