"""Where accounts of runs are kept: a stage's beside its artifacts, a whole pipeline's in the home."""

from pathlib import Path
from urllib.parse import urlsplit

from mlflow.entities import Run

from stagecraft.cache.result import Kept, Result
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import Artifact
from stagecraft.files.identity import here
from stagecraft.files.regular import read_regular
from stagecraft.files.whole import write_whole
from stagecraft.mlflow.account import Account, account_of, account_of_copy, read_account
from stagecraft.mlflow.record import Record
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import PARENT_TAG

#: the account of a stage's run, among its artifacts
ACCOUNT = "run.json"


def log_account(record: Record, ended: int) -> None:
    """Put the account of a run beside its artifacts.

    Args:
        ended: when it will have finished.
    """
    with record.tracker.reaching():
        account = account_of(record.tracker, record.run_id, ended)
    _log(record, account)


def _log(record: Record, account: Account) -> Artifact:
    return record.log_text(ACCOUNT, account.document().decode(), "application/json")


def address_of_account(result: Result) -> Kept | None:
    """Find the address of the account behind a result; results of the version before have none."""
    uri = f"runs:/{result.run_id}/{ACCOUNT}"
    return next((artifact for artifact in result.artifacts if artifact.uri == uri), None)


def with_account(tracker: Tracker, result: Result) -> Result:
    """Have an account behind a result, also if the version before left none; MLflow must know its run."""
    if address_of_account(result):
        return result
    account = tracker.known(lambda: account_of(tracker, result.run_id))
    if account is None:
        return result
    written = tracker.keep(_log(Record(tracker, result.run_id), account))
    if parent := account.tags.get(PARENT_TAG):
        _keep_account_of_before(tracker, parent)
    return result.model_copy(update={"artifacts": (*result.artifacts, written)})


def account_behind(tracker: Tracker, result: Result) -> Account | None:
    """Read the account behind a result, if there is one.

    Raises:
        ArtifactError: it is not what it was.
    """
    if not (kept := address_of_account(result)):
        return None
    is_remote = urlsplit(kept.place).scheme
    path = tracker.fetch(kept) if is_remote else Path(here(tracker.home, kept.place))
    try:
        return read_account(read_regular(path))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"expected the account of a run at {path}, got: {error}") from None


def keep_account(tracker: Tracker, run_id: str) -> None:
    """Keep the account of a pipeline's run in the home, if its artifacts are there too."""
    if tracker.artifact_folder() != tracker.home.artifacts:
        return
    runs = tracker.search(f"tags.`{PARENT_TAG}` = '{run_id}'")
    with tracker.reaching():
        below = [_account_below(tracker, run) for run in runs if tracker.tags.stage in run.data.tags]
        account = account_of(tracker, run_id).model_copy(update={"below": tuple(filter(None, below))})
    write_whole(tracker.home.accounts / f"{run_id}.json", account.document())


def _keep_account_of_before(tracker: Tracker, run_id: str) -> None:
    """Keep the account of a pipeline's run that the version before made, if MLflow still knows it."""
    is_kept = (tracker.home.accounts / f"{run_id}.json").exists()
    if not is_kept and tracker.is_there(lambda: tracker.client.get_run(run_id)):
        keep_account(tracker, run_id)


def _account_below(tracker: Tracker, run: Run) -> Account | None:
    """Describe a stage's run that has no account of its own."""
    if tracker.tags.cached_from in run.data.tags:
        return account_of_copy(run)
    return None if run.info.status == "FINISHED" else account_of(tracker, run.info.run_id)
