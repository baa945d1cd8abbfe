"""What a store holds in all, and how it is told to forget: what the upkeep of a home asks for."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from mlflow.entities import Run, ViewType
from mlflow.models import Model

from stagecraft.mlflow.registry import Registry, Version, describe
from stagecraft.mlflow.store import Tracker


class Inventory:
    """All runs, logged models and registered models of a store."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker, self._client, self._tags = tracker, tracker.client, tracker.tags

    def all_runs(self) -> list[Run]:
        """List every run, those that a user deleted too: their files stay until MLflow's own `gc`."""
        ids, search = [self.tracker.experiment_id], self._client.search_runs
        return self.tracker.pages(lambda token: search(ids, "", ViewType.ALL, 1000, page_token=token))

    def pinned(self) -> set[str]:
        """Name the runs whose results a user wants to keep."""
        return {run.info.run_id for run in self.tracker.search(f"tags.`{self._tags.pinned}` != 'false'")}

    def logged_models(self) -> dict[str, str]:
        """List the logged models, with the run that each came from."""
        ids, search = [self.tracker.experiment_id], self._client.search_logged_models
        models = self.tracker.pages(lambda token: search(ids, page_token=token))
        return {model.model_id: model.source_run_id or "" for model in models}

    def versions(self, is_used: bool = False) -> list[Version]:
        """List the versions of all registered models.

        Args:
            is_used: leave out those that are set aside.
        """
        client = self._client
        every = self.tracker.pages(lambda token: client.search_model_versions(page_token=token))
        versions = [item for item in every if not (is_used and self._tags.set_aside in item.tags)]
        # MLflow tells aliases of registered models only.
        models = self.tracker.pages(lambda token: client.search_registered_models(page_token=token))
        aliases = {model.name: model.aliases for model in models}
        return [describe(item, aliases.get(item.name, {})) for item in versions]

    def knows_run(self, run_id: str) -> bool:
        """Tell whether there is a run, be it deleted."""
        return self.tracker.is_there(lambda: self._client.get_run(run_id))

    def knows_model(self, model_id: str) -> bool:
        """Tell whether there is a logged model that was not deleted."""
        return self.tracker.is_there(lambda: self._client.get_logged_model(model_id))

    def missing_of_model(self, model_id: str) -> list[str]:
        """Name the files of a logged model that are gone, as far as its own description tells.

        Raises:
            OSError: it can't be told.
        """
        if not self.knows_model(model_id):
            return ["its logged model"]
        place = self.tracker.place(f"models:/{model_id}/")
        if urlsplit(place).scheme:
            return [] if self.tracker.lists(f"{place}MLmodel") else ["MLmodel"]
        if not (Path(place) / "MLmodel").is_file():
            return ["MLmodel"]
        try:
            parts = Model.load(place).flavors["python_function"].get("artifacts") or {}
            names = [part["path"] for part in parts.values()]
        except OSError:
            raise
        except Exception:  # noqa: BLE001  (whatever a damaged file makes MLflow raise)
            return ["MLmodel"]
        return [name for name in names if not (Path(place) / name).is_file()]

    def is_changed(self, version: Version) -> bool:
        """Tell whether the files of a version, all of which are there, are others than were registered.

        Raises:
            OSError: it can't be told.
        """
        if urlsplit(self.tracker.place(f"models:/{version.model_id}/")).scheme:
            return False  # a server's would have to be fetched; whoever loads them checks them
        registry = Registry(self.tracker)
        return self._tags.files in registry.tags(version) and not registry.is_usable(version)

    def forget_version(self, version: Version) -> None:
        """Delete a version of a registered model."""
        self.tracker.is_there(lambda: self._client.delete_model_version(version.name, version.number))

    def restore_run(self, run_id: str) -> bool:
        """Bring back a run that was deleted; its files are there until MLflow's own `gc`."""
        with self.tracker.reaching():
            self._client.restore_run(run_id)
        return True

    def set_version_aside(self, version: Version, repair: str) -> None:
        """Have a version used no more."""
        with self.tracker.reaching():
            self._client.set_model_version_tag(version.name, version.number, self._tags.set_aside, repair)

    def put_version_back(self, name: str, number: str) -> None:
        """Have a version used again."""
        self.tracker.is_there(
            lambda: self._client.delete_model_version_tag(name, number, self._tags.set_aside)
        )

    def forget_model(self, model_id: str) -> None:
        """Delete a logged model; its files stay."""
        self.tracker.is_there(lambda: self._client.delete_logged_model(model_id))

    def mark_freed(self, run_id: str) -> None:
        """Note that a run's files were freed, and forget what it was given, which may be freed too."""
        if not self.knows_run(run_id):
            return
        with self.tracker.reaching():
            run = self._client.get_run(run_id)
            if run.info.lifecycle_stage != "active":  # MLflow changes no tags of a deleted run
                return
            inputs = [tag for tag in run.data.tags if tag.startswith(f"{self._tags.input}.")]
            for tag in inputs:
                self._client.delete_tag(run_id, tag)
            if inputs or self._tags.freed not in run.data.tags:
                self._client.set_tag(
                    run_id, self._tags.freed, datetime.now(UTC).isoformat(timespec="seconds")
                )
