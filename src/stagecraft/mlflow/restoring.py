"""What MLflow's database has lost of runs, models and aliases: files of the home tell it, so it returns."""

from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlLoggedModel

from stagecraft.mlflow.account import Account, YieldedModel
from stagecraft.mlflow.gathering import flaw_of, gather
from stagecraft.mlflow.inventory import Inventory
from stagecraft.mlflow.promotions import Promotion
from stagecraft.mlflow.rebuilding import Registered, latest_aliases, whole_versions, writing
from stagecraft.mlflow.registry import Registry
from stagecraft.mlflow.rows import Row, Rows, registered_model
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import PARENT_TAG


class Restoring:
    """Finds what is missing in a store, and puts it back without any training."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker, self._found = tracker, gather(tracker.home)
        self._registry = Registry(tracker)

    def missing_runs(self) -> list[Account]:
        """List the runs that the home's own database does not know though the home has their files.

        With them those above and below, which may have no files; the oldest first.
        """
        if self.tracker.uri != self.tracker.home.store:
            return []
        inventory = Inventory(self.tracker)
        known = {run.info.run_id for run in inventory.all_runs()}
        accounts = {name: each for name, each in self._found.accounts.items() if name not in known}
        lost = {name for name in accounts if not inventory.knows_run(name)}
        parents = {name: accounts[name].tags.get(PARENT_TAG, "") for name in lost}
        found = {name for name in lost if (self.tracker.home.artifacts / name).is_dir()}
        found |= {parents[name] for name in found} & lost
        found |= {name for name in lost if parents[name] in found}
        return [account for name, account in accounts.items() if name in found]

    def restore_run(self, account: Account) -> None:
        """Bring back a run under its id, with what it was given and the models that it logged."""
        rows = self._rows()
        with self.tracker.reaching(), writing(self.tracker.home.database) as session:
            known = {
                (str(data.name), str(data.digest)): str(data.dataset_uuid)
                for data in session.query(SqlDataset)
            }
            for row in (
                *rows.run(account),
                *rows.data([account], known),
                *(row for model in account.models for row in rows.model(model)),
            ):
                session.merge(row)

    def missing_models(self) -> list[YieldedModel]:
        """List the logged models that were deleted in the home's own database though their files are here.

        Those of missing runs come back with these.
        """
        if self.tracker.uri != self.tracker.home.store:
            return []
        with_runs = {account.run_id for account in self.missing_runs()}
        inventory = Inventory(self.tracker)
        known = inventory.logged_models()
        return [
            model
            for model in self._found.models.values()
            if model.model_id not in known
            and model.run_id not in with_runs
            and flaw_of(self.tracker.home, model, "") != "missing"
            and not inventory.knows_model(model.model_id)
        ]

    def restore_model(self, model: YieldedModel) -> None:
        """Bring back a logged model: as MLflow marked it as deleted, or as the account of its run has it."""
        with self.tracker.reaching(), writing(self.tracker.home.database) as session:
            marked: Row = session.get(SqlLoggedModel, model.model_id)
            if marked:
                marked.lifecycle_stage = "active"
            else:
                session.add_all(self._rows().model(model))

    def missing_versions(self) -> list[Registered]:
        """List the versions that are not registered, though their files are whole; the oldest first.

        One whose number a later one has is not listed.
        """
        there = Inventory(self.tracker).versions()
        known = {(item.name, item.model_id) for item in there} | {(item.name, item.number) for item in there}
        missing = [
            (version, model)
            for version, model in whole_versions(self.tracker.home, self._found)
            if known.isdisjoint({(version.name, model.model_id), (version.name, str(version.number))})
        ]
        return sorted(missing, key=lambda each: (each[0].name, each[0].number))

    def register(self, registered: Registered) -> None:
        """Register a version again: in the home's own database under its number, else under the next one."""
        version, model = registered
        if self.tracker.uri != self.tracker.home.store:
            self._registry.register(version.name, model.model_id, version.run_id, version.tags)
            return
        rows = self._rows()
        with self.tracker.reaching(), writing(self.tracker.home.database) as session:
            for row in (
                registered_model(version.name, version.created, version.updated),
                *rows.model(model),
                *rows.version(version, model),
            ):
                session.merge(row)

    def _rows(self) -> Rows:
        return Rows(int(self.tracker.experiment_id), self.tracker.home.artifacts.as_uri())

    def missing_aliases(self, with_missing: bool = False) -> list[Promotion]:
        """List the aliases that no version has, though one was given it by a promotion and is registered.

        Args:
            with_missing: those of versions too that can be registered again.
        """
        versions = Inventory(self.tracker).versions()
        given = {(item.name, alias) for item in versions for alias in item.aliases}
        known = {(item.name, item.model_id) for item in versions}
        for version, model in self.missing_versions() if with_missing else ():
            known.add((version.name, model.model_id))
        latest = latest_aliases(self._found).items()
        return [each for key, each in latest if key not in given and (each.model, each.model_id) in known]

    def give_alias(self, promotion: Promotion) -> None:
        """Give a version its alias again, with the evidence of that."""
        (version,) = [
            item for item in self._registry.versions(promotion.model) if item.model_id == promotion.model_id
        ]
        self._registry.set_alias(version, promotion.alias, promotion.evidence, promotion.description)
