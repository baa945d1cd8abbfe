"""The model of a training's run: logged and registered, or found to be registered already."""

import threading
from collections.abc import Iterable, Mapping
from importlib.metadata import version as version_of
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow.pyfunc
from mlflow.entities import LoggedModelOutput
from mlflow.models import Model
from mlflow.utils import requirements_utils

from stagecraft.errors import TrackingError
from stagecraft.mlflow.data_sets import version_tags
from stagecraft.mlflow.packaging import lay_out
from stagecraft.mlflow.registry import Artifacts, Registry, Version, files_of
from stagecraft.mlflow.store import Tracker

_logging_model = threading.Lock()


class RunModel:
    """The model that a run yields.

    Args:
        registered_name: of the registered model that it is a version of.
    """

    def __init__(self, tracker: Tracker, run_id: str, registered_name: str) -> None:
        self.tracker, self.run_id, self.name = tracker, run_id, registered_name
        self.registry = Registry(tracker)

    def registered(self, content: str, code: str) -> tuple[Version, Artifacts] | None:
        """Find a version with the same weights and code whose files are intact; it is this run's too.

        Only the newest one is looked at, for what is older was hardly intact when that was registered. The
        run's result will name its files. They are marked as given to the run before they are looked at, so
        that nobody frees them in between.
        """
        version = self.registry.newest_of(self.name, content, code)
        if version is None:
            return None
        self._tag(self.tracker.tags.reused, f"models:/{version.model_id}/MLmodel")
        files = self._files_of(version.model_id)
        still_there = version == self.registry.newest_of(self.name, content, code)
        with self.tracker.reaching():
            if still_there and self.registry.is_intact(version, files):
                self.tracker.client.log_outputs(self.run_id, [LoggedModelOutput(version.model_id, 0)])
                return version, files
            self.tracker.client.delete_tag(self.run_id, self.tracker.tags.reused)
        return None

    def log(
        self,
        name: str,
        code: Path,
        files: Mapping[str, Path],
        modules: Mapping[str, Path],
        needs: Iterable[str],
        example: tuple[Any, Mapping[str, Any]],
    ) -> tuple[str, Artifacts]:
        """Log a model; see `Record.log_model`. Return its address and its files.

        Args:
            modules: what is behind the code; see `modules_behind`.
        """
        # MLflow hands the code's model over in a global variable, so one at a time.
        needs = tuple(needs)
        with self.tracker.reaching(), _logging_model, TemporaryDirectory() as folder:
            self.tracker.name_to_mlflow()
            lay_out(modules, Path(folder))
            _spare_a_search(needs)
            # Left to `Model.log`, the model would land in MLflow's default experiment.
            logged = self.tracker.client.create_logged_model(
                self.tracker.experiment_id, name=name, source_run_id=self.run_id
            )
            Model.log(
                artifact_path=None,
                model_id=logged.model_id,
                flavor=mlflow.pyfunc,
                run_id=self.run_id,
                python_model=str(code),
                artifacts={part: str(path) for part, path in files.items()},
                code_paths=sorted(map(str, Path(folder).iterdir())),
                pip_requirements=[f"{need}=={version_of(need)}" for need in needs],
                input_example=(example[0], dict(example[1])),
            )
        return f"models:/{logged.model_id}", files_of(self.tracker, logged.model_id)

    def register(self, uri: str, content: str, code: str, files: Artifacts) -> None:
        """Make a logged model the newest version, with what it was trained on."""
        with self.tracker.reaching():
            told = version_tags(self.tracker, self.run_id)
        self.registry.add(self.name, uri.removeprefix("models:/"), self.run_id, content, code, files, told)

    def _files_of(self, model_id: str) -> Artifacts:
        """Describe the files of an earlier model, as far as they are there."""
        try:
            return files_of(self.tracker, model_id)
        except TrackingError:  # a store that can't be reached at all fails at the next question too
            return {}

    def _tag(self, name: str, value: str) -> None:
        with self.tracker.reaching():
            self.tracker.client.set_tag(self.run_id, name, value)


def _spare_a_search(needs: Iterable[str]) -> None:
    """Tell MLflow which modules the needs consist of, for its check that they are installed as pinned.

    It would look through the files of every distribution there is, which takes most of a second. It has no
    option for that; should the name of its map change, it searches again.
    """
    if getattr(requirements_utils, "_MODULES_TO_PACKAGES", ()) is None:
        requirements_utils._MODULES_TO_PACKAGES = {need: [need] for need in needs}  # type: ignore[assignment]
