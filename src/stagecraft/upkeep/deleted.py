"""What was deleted or renamed in MLflow's pages, though the home tells of it: it can be brought back."""

from collections.abc import Iterator
from functools import partial

from stagecraft.cache.results import Results
from stagecraft.mlflow.account import Account, YieldedModel
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.promotions import Promotion
from stagecraft.mlflow.rebuilding import Registered
from stagecraft.mlflow.restoring import Restoring
from stagecraft.mlflow.store import Tracker
from stagecraft.upkeep.finding import Finding


def deleted_experiment(tracker: Tracker) -> Iterator[Finding]:
    """Find that the experiment itself was deleted; nothing else can be told before it is back."""
    if tracker.is_deleted:
        what = f"{tracker.experiment}: it was deleted in MLflow's pages"
        yield Finding("experiment deleted", what, "restore it with its runs", tracker.restore)


def renamed_experiment(tracker: Tracker) -> Iterator[Finding]:
    """Find that the experiment has another name, under which it is used."""
    if tracker.known_as != tracker.experiment:
        what = f"{tracker.experiment}: it was renamed to {tracker.known_as} in MLflow's pages"
        yield Finding("experiment renamed", what, "give it its name again", tracker.rename_back)


def missing_runs(tracker: Tracker) -> Iterator[Finding]:
    """Find runs that MLflow's database does not know, as an older one does, though their files are here."""
    restoring = Restoring(tracker)
    for account in restoring.missing_runs():
        what = f"{account.run_id} ({account.name}): MLflow's database knows nothing of it"
        mend = partial(_restore, restoring, account)
        yield Finding("run missing", what, "bring it back, as the home has recorded it", mend)


def deleted_models(tracker: Tracker) -> Iterator[Finding]:
    """Find logged models that were deleted though their files are here."""
    restoring = Restoring(tracker)
    for model in restoring.missing_models():
        what = f"{model.model_id} ({model.name}): it was deleted in MLflow, but its files are here"
        mend = partial(_restore_model, restoring, model)
        yield Finding("logged model deleted", what, "bring it back, as the home has recorded it", mend)


def deleted_runs(tracker: Tracker, results: Results) -> Iterator[Finding]:
    """Find runs that were deleted though results name them."""
    inventory = Inventory(tracker)
    deleted = {run.info.run_id for run in inventory.all_runs() if run.info.lifecycle_stage == "deleted"}
    for key in results.all() if deleted else ():
        result = results.find(key).result
        if result and result.run_id in deleted:
            deleted.remove(result.run_id)
            what = (
                f"{result.run_id} ({result.stage}): it was deleted in MLflow's pages, but its result is kept"
            )
            yield Finding("run deleted", what, "restore it", partial(inventory.restore_run, result.run_id))


def deleted_versions(tracker: Tracker) -> Iterator[Finding]:
    """Find registered versions that are gone though their files are whole, and aliases that none has."""
    restoring = Restoring(tracker)
    for registered in restoring.missing_versions():
        version, _ = registered
        what = f"{version.name} version {version.number}: it was deleted in MLflow's pages"
        mend = partial(_register, tracker, registered)
        yield Finding("registered model deleted", what, "register it again", mend)
    for promotion in restoring.missing_aliases(with_missing=True):
        what = f"{promotion.alias} of {promotion.model} version {promotion.version}: it was deleted"
        yield Finding("alias deleted", what, "give it again", partial(_give_alias, tracker, promotion))


def _restore(restoring: Restoring, account: Account) -> bool:
    restoring.restore_run(account)
    return True


def _restore_model(restoring: Restoring, model: YieldedModel) -> bool:
    restoring.restore_model(model)
    return True


def _register(tracker: Tracker, registered: Registered) -> bool:
    restoring = Restoring(tracker)
    if registered not in restoring.missing_versions():  # its files were set aside meanwhile
        return False
    restoring.register(registered)
    return True


def _give_alias(tracker: Tracker, promotion: Promotion) -> bool:
    restoring = Restoring(tracker)
    if promotion in restoring.missing_aliases():
        restoring.give_alias(promotion)
    return True
