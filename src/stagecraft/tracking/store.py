"""The store: runs, registered models, and the way from an address back to a file."""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Param, ViewType
from mlflow.exceptions import MlflowException

from stagecraft.artifact import Artifact, sha256_of
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.home import Home

PARENT_TAG, STAGE_TAG, ERROR_TAG = "mlflow.parentRunId", "seqstep.stage", "seqstep.error"
INPUT_TAG = "seqstep.input"

# What it logs with a traceback it also raises, and then it is told in a sentence.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

_MAX_PARAMS, _MAX_VALUE = 100, 6000

Status = Literal["FINISHED", "FAILED", "KILLED"]


class Tracker:
    """One project's store in MLflow.

    Args:
        home: the project home.
        tracking_uri: a server or database; MLFLOW_TRACKING_URI, or else the database in the home.
        experiment: name of the experiment.

    Raises:
        TrackingError: the store can't be reached.
    """

    def __init__(self, home: Home, tracking_uri: str = "", experiment: str = "seqstep") -> None:
        self.home, self.experiment = home, experiment
        self.uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or home.store
        mlflow.set_tracking_uri(self.uri)
        # Two processes that create a fresh database at once would get in each other's way.
        with reaching(self.uri), FileLock(home.private / "mlflow.lock"):
            self.client = MlflowClient(self.uri)
            self.experiment_id = self._open_experiment()

    def start_run(self, name: str, tags: Mapping[str, str], parent: str | None = None) -> str:
        """Start a run, below another one if that is given; return its id."""
        below = {PARENT_TAG: parent} if parent else {}
        with reaching(self.uri):
            run = self.client.create_run(self.experiment_id, tags={**tags, **below}, run_name=name)
        return str(run.info.run_id)

    def finish_run(self, run_id: str, status: Status, reason: str = "") -> None:
        """End a run; a reason becomes a tag and the run's description."""
        with reaching(self.uri):
            if reason:
                self.client.set_tag(run_id, ERROR_TAG, reason[:_MAX_VALUE])
                self.client.set_tag(run_id, "mlflow.note.content", reason[:_MAX_VALUE])
            self.client.set_terminated(run_id, status)

    def log_params(self, run_id: str, params: Mapping[str, object]) -> None:
        """Record parameters of a run, in batches."""
        entries = [Param(name, _text(value)) for name, value in params.items()]
        with reaching(self.uri):
            for start in range(0, len(entries), _MAX_PARAMS):
                self.client.log_batch(run_id, params=entries[start : start + _MAX_PARAMS])

    def local_path(self, artifact: Artifact) -> Path:
        """Find the file behind an address, fetching it if it is not on this machine.

        Raises:
            ArtifactError: it is missing, or its content is not what the address says.
        """
        path = self.open_uri(artifact.uri)
        found = sha256_of(path)
        if found != artifact.sha256:
            raise ArtifactError(
                f"expected SHA-256 {artifact.sha256} for {artifact.uri}, got {found} at {path};"
                " run its stage again"
            )
        return path

    def latest_model(self, name: str, version_number: int | None = None) -> tuple[dict[str, Path], str, int]:
        """Find a registered model.

        Returns:
            its files by name, the run that trained it, and its version.

        Raises:
            ArtifactError: there is no such model or version.
        """
        with reaching(self.uri):
            versions = self.client.search_model_versions(f"name = '{name}'")
        numbers = {int(item.version): item for item in versions}
        if not numbers:
            raise ArtifactError(f"there is no model {name} in {self.uri}; train it with `seqstep run`")
        chosen = version_number or max(numbers)
        if chosen not in numbers:
            raise ArtifactError(f"there is no version {chosen} of {name}; there are: {sorted(numbers)}")
        folder = self._resolve(f"{numbers[chosen].source}/artifacts")
        if not folder.is_dir():
            raise ArtifactError(
                f"the files of {name} version {chosen} are gone from {folder}; train it again"
            )
        return {file.name: file for file in folder.iterdir()}, str(numbers[chosen].run_id), chosen

    def input_of(self, run_id: str, name: str) -> str:
        """Return the address that a stage's run was given under a name, or an empty string."""
        with reaching(self.uri):
            return str(self.client.get_run(run_id).data.tags.get(f"{INPUT_TAG}.{name}", ""))

    def open_uri(self, uri: str) -> Path:
        """Find the file behind a bare address.

        Raises:
            ArtifactError: it is missing.
        """
        path = self._resolve(uri)
        if not path.is_file():
            raise ArtifactError(f"expected {uri} at {path}, got nothing; run its stage again")
        return path

    def _open_experiment(self) -> str:
        """Find or create the experiment, with artifacts in the home if the database is there."""
        found = self.client.search_experiments(
            view_type=ViewType.ALL, filter_string=f"name = '{self.experiment}'"
        )
        if found:
            return str(found[0].experiment_id)
        location = self.home.artifacts.as_uri() if self.uri == self.home.store else None
        return str(self.client.create_experiment(self.experiment, artifact_location=location))

    def _resolve(self, uri: str) -> Path:
        """Turn an address into a local path; what lies on a server is fetched."""
        scheme, _, rest = uri.partition(":")
        if scheme == "file":
            return Path(unquote(urlsplit(uri).path))
        owner, _, path = rest.strip("/").partition("/")
        with reaching(self.uri):
            if scheme == "runs":
                root = self.client.get_run(owner).info.artifact_uri
            else:
                root = self.client.get_logged_model(owner).artifact_location
        if urlsplit(root).scheme in ("", "file"):
            return Path(unquote(urlsplit(root).path)) / path
        return self._fetched(f"{root}/{path}", self.home.downloads / owner / path)

    def _fetched(self, uri: str, target: Path) -> Path:
        """Fetch an artifact from a server, once: it does not change under its address.

        Several stages may ask for it at the same time; it appears whole, by being renamed.
        """
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as folder, reaching(self.uri):
                fetched = Path(
                    mlflow.artifacts.download_artifacts(uri, dst_path=folder, tracking_uri=self.uri)
                )
                try:
                    fetched.replace(target)
                except OSError:  # a folder does not replace the same one that another stage put there
                    if not target.is_dir():
                        raise
        return target


@contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Put MLflow's own errors into a sentence for the user.

    Raises:
        TrackingError: the store can't be reached, or refused what was asked.
    """
    try:
        yield
    except MlflowException as error:
        local = uri.startswith("sqlite:")
        hint = "the disk and the file (SEQSTEP_HOME)" if local else "that it is up (MLFLOW_TRACKING_URI)"
        raise TrackingError(
            f"MLflow at {uri} failed: {str(error).splitlines()[0][:300]}; check {hint}"
        ) from error


def _text(value: object) -> str:
    """Write a parameter's value in a way that two runs can be compared by."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text[:_MAX_VALUE]
