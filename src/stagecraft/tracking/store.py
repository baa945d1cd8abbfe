"""The store: runs, registered models, and the way from an address back to a file."""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Param, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from stagecraft.artifact import Artifact, sha256_of
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.home import Home
from stagecraft.result import Kept

PARENT_TAG, STAGE_TAG, ERROR_TAG = "mlflow.parentRunId", "seqstep.stage", "seqstep.error"
PIPELINE_TAG, SESSION_TAG, INPUT_TAG = "seqstep.pipeline", "seqstep.session", "seqstep.input"
CACHED_TAG, RESUMED_TAG, REASON_TAG = "seqstep.cached_from", "seqstep.resumed_from", "seqstep.reason"
PINNED_TAG, FREED_TAG = "seqstep.pinned", "seqstep.freed"
#: MLflow shows it as a run's description, in Markdown
NOTE_TAG = "mlflow.note.content"

# What it logs with a traceback it also raises, and then it is told in a sentence.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

_MAX_PARAMS, _MAX_VALUE = 100, 6000

Status = Literal["FINISHED", "FAILED", "KILLED"]
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class Version(NamedTuple):
    """A version of a registered model, with the logged model and the run that it came from."""

    name: str
    number: str
    model_id: str
    run_id: str
    aliases: tuple[str, ...]


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
        self._roots: dict[str, str] = {}
        self.uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or home.store
        mlflow.set_tracking_uri(self.uri)
        # Two processes that create a fresh database at once would get in each other's way.
        with reaching(self.uri), FileLock(home.private / "mlflow.lock"):
            self.client = MlflowClient(self.uri)
            self.experiment_id = self._open_experiment()

    def start_run(
        self, name: str, tags: Mapping[str, str], parent: str | None = None, session: str = ""
    ) -> str:
        """Start a run, below another one if that is given; return its id.

        Args:
            session: the run in progress (see `stagecraft.live`) that it belongs to.
        """
        more = {PARENT_TAG: parent, SESSION_TAG: session}
        all_tags = {**tags, **{tag: value for tag, value in more.items() if value}}
        with reaching(self.uri):
            run = self.client.create_run(self.experiment_id, tags=all_tags, run_name=name)
        return str(run.info.run_id)

    def running(self, session: str = "") -> list[Run]:
        """List the runs that are marked as running, of one session or of all."""
        wanted = f"tags.`{SESSION_TAG}` = '{session}' and " if session else ""
        return self.search(f"{wanted}attributes.status = 'RUNNING'")

    def search(self, wanted: str, most: int | None = None) -> list[Run]:
        """List the runs that fit, the newest first; see MLflow's `search_runs`."""
        found: list[Run] = []
        token = None
        with reaching(self.uri):
            while True:
                page = self.client.search_runs(
                    [self.experiment_id],
                    wanted,
                    max_results=min(most or 1000, 1000),
                    order_by=["attributes.start_time DESC"],
                    page_token=token,
                )
                found += page
                token = page.token
                if not token or (most and len(found) >= most):
                    return found[:most]

    def metrics_by_stage(self, parent: str) -> dict[str, dict[str, float]]:
        """Read what the stages of a pipeline's run measured: the last value of each metric."""
        runs = self.search(f"tags.`{PARENT_TAG}` = '{parent}'")
        return {run.data.tags[STAGE_TAG]: run.data.metrics for run in runs if STAGE_TAG in run.data.tags}

    def metrics_of(self, run_id: str) -> dict[str, float]:
        """Read what a run measured; nothing if the run is gone."""
        if not self.knows_run(run_id):
            return {}
        with reaching(self.uri):
            metrics: dict[str, float] = self.client.get_run(run_id).data.metrics
            return metrics

    def finish_run(self, run_id: str, status: Status, reason: str = "") -> None:
        """End a run; a reason becomes a tag and the run's description."""
        with reaching(self.uri):
            if reason:
                self.client.set_tag(run_id, ERROR_TAG, reason[:_MAX_VALUE])
                self.client.set_tag(run_id, NOTE_TAG, reason[:_MAX_VALUE])
            self.client.set_terminated(run_id, status)

    def log_params(self, run_id: str, params: Mapping[str, object]) -> None:
        """Record parameters of a run, in batches."""
        entries = [Param(name, _text(value)) for name, value in params.items()]
        with reaching(self.uri):
            for start in range(0, len(entries), _MAX_PARAMS):
                self.client.log_batch(run_id, params=entries[start : start + _MAX_PARAMS])

    def keep(self, artifact: Artifact) -> Kept:
        """Say where an artifact lies: on this machine, or else on a server."""
        return Kept(**artifact.model_dump(), place=self._place(artifact.uri))

    def fetch(self, artifact: Kept) -> Path:
        """Bring an artifact from a server to this machine, once: it does not change under its address.

        Raises:
            ArtifactError: it is gone.
        """
        name = artifact.uri.partition(":")[2].lstrip("/")
        try:
            return self._fetched(artifact.place, self.home.downloads / name)
        except TrackingError as error:
            raise ArtifactError(f"expected {artifact.uri} at {artifact.place}: {error}") from error

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
        folder = self._folder(f"{numbers[chosen].source}/artifacts")
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

    def open_model(self, model_id: str) -> Path:
        """Find the folder of a logged model, fetching it if it is not on this machine."""
        return self._folder(f"models:/{model_id}/")

    def _folder(self, uri: str) -> Path:
        """Find a folder, fetching it whole if it is not on this machine."""
        place = self._place(uri)
        if not urlsplit(place).scheme:
            return Path(place)
        # Apart from the single files of it that may have been fetched before.
        return self._fetched(place, self.home.downloads / "folders" / uri.partition(":")[2].strip("/"))

    def artifact_folder(self) -> Path | None:
        """Find the folder of all artifacts; None if they do not lie on this machine."""
        with reaching(self.uri):
            parts = urlsplit(self.client.get_experiment(self.experiment_id).artifact_location)
        return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None

    def all_runs(self) -> list[Run]:
        """List every run, those that a user deleted too: their files stay until MLflow's own `gc`."""
        ids, search = [self.experiment_id], self.client.search_runs
        return self._pages(lambda token: search(ids, "", ViewType.ALL, 1000, page_token=token))

    def pinned(self) -> set[str]:
        """Name the runs whose results a user wants to keep."""
        return {run.info.run_id for run in self.search(f"tags.`{PINNED_TAG}` != 'false'")}

    def logged_models(self) -> dict[str, str]:
        """List the logged models, with the run that each came from."""
        ids, search = [self.experiment_id], self.client.search_logged_models
        models = self._pages(lambda token: search(ids, page_token=token))
        return {model.model_id: model.source_run_id or "" for model in models}

    def versions(self) -> list[Version]:
        """List the versions of all registered models."""
        client = self.client
        versions = self._pages(lambda token: client.search_model_versions(page_token=token))
        # MLflow tells aliases of registered models only.
        models = self._pages(lambda token: client.search_registered_models(page_token=token))
        aliases = {model.name: model.aliases for model in models}
        return [_version(item, aliases.get(item.name, {})) for item in versions]

    def knows_run(self, run_id: str) -> bool:
        """Tell whether there is a run, be it deleted."""
        return self._is_there(lambda: self.client.get_run(run_id))

    def knows_model(self, model_id: str) -> bool:
        """Tell whether there is a logged model that was not deleted."""
        return self._is_there(lambda: self.client.get_logged_model(model_id))

    def missing_of_model(self, model_id: str) -> list[str]:
        """Name the files of a logged model that are gone, as far as its own description tells."""
        if not self.knows_model(model_id):
            return ["its logged model"]
        place = self._place(f"models:/{model_id}/")
        if urlsplit(place).scheme:
            with reaching(self.uri):
                listed = mlflow.artifacts.list_artifacts(artifact_uri=place, tracking_uri=self.uri)
            return [] if any(Path(file.path).name == "MLmodel" for file in listed) else ["MLmodel"]
        try:
            parts = Model.load(place).flavors["python_function"].get("artifacts") or {}
            names = [part["path"] for part in parts.values()]
        except Exception:  # noqa: BLE001  (whatever a damaged file makes MLflow raise)
            return ["MLmodel"]
        return [name for name in names if not (Path(place) / name).is_file()]

    def forget_version(self, version: Version) -> None:
        """Delete a version of a registered model."""
        self._is_there(lambda: self.client.delete_model_version(version.name, version.number))

    def forget_model(self, model_id: str) -> None:
        """Delete a logged model; its files stay."""
        self._is_there(lambda: self.client.delete_logged_model(model_id))

    def mark_freed(self, run_id: str) -> None:
        """Note that a run's files were freed, and forget what it was given, which may be freed too."""
        if not self.knows_run(run_id):
            return
        with reaching(self.uri):
            run = self.client.get_run(run_id)
            if run.info.lifecycle_stage != "active":  # MLflow changes no tags of a deleted run
                return
            inputs = [tag for tag in run.data.tags if tag.startswith(f"{INPUT_TAG}.")]
            for tag in inputs:
                self.client.delete_tag(run_id, tag)
            if inputs or FREED_TAG not in run.data.tags:
                self.client.set_tag(run_id, FREED_TAG, datetime.now(UTC).isoformat(timespec="seconds"))

    def _pages(self, read: Callable[[str | None], Any]) -> list[Any]:
        """Read all pages of a listing."""
        found: list[Any] = []
        token = None
        with reaching(self.uri):
            while True:
                page = read(token)
                found += page
                token = page.token
                if not token:
                    return found

    def _is_there(self, ask: Callable[[], object]) -> bool:
        """Ask MLflow for something; tell whether it knows of it."""
        with reaching(self.uri):
            try:
                ask()
            except MlflowException as error:
                if error.error_code not in _UNKNOWN:
                    raise
                return False
        return True

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
        place = self._place(uri)
        if urlsplit(place).scheme:
            return self._fetched(place, self.home.downloads / uri.partition(":")[2].lstrip("/"))
        return Path(place)

    def _place(self, uri: str) -> str:
        """Turn an address into a path on this machine, or into an address on a server."""
        scheme, _, rest = uri.partition(":")
        if scheme == "file":
            return unquote(urlsplit(uri).path)
        owner, _, path = rest.strip("/").partition("/")
        root = self._root(scheme, owner)
        if urlsplit(root).scheme in ("", "file"):
            return str(Path(unquote(urlsplit(root).path)) / path)
        return f"{root}/{path}"

    def _root(self, scheme: str, owner: str) -> str:
        """Find where the artifacts of a run or of a logged model lie; that does not change."""
        if owner not in self._roots:
            with reaching(self.uri):
                if scheme == "runs":
                    self._roots[owner] = self.client.get_run(owner).info.artifact_uri
                else:
                    self._roots[owner] = self.client.get_logged_model(owner).artifact_location
        return self._roots[owner]

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
        raise TrackingError(f"MLflow at {uri} failed: {_essence(error)}; check {hint}") from error


def _version(item: Any, aliases: Mapping[str, Any]) -> Version:
    """Describe a version of a registered model."""
    scheme, _, source = str(item.source).partition(":")
    model_id = source.strip("/").partition("/")[0] if scheme == "models" else ""
    named = tuple(sorted(alias for alias, number in aliases.items() if str(number) == str(item.version)))
    return Version(item.name, str(item.version), model_id, str(item.run_id or ""), named)


def _essence(error: MlflowException) -> str:
    """Take the line of an error that says what went wrong."""
    lines = str(error).splitlines()
    return next((line for line in lines if not line.startswith("(raised as a result of")), lines[0])[:300]


def _text(value: object) -> str:
    """Write a parameter's value in a way that two runs can be compared by."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text[:_MAX_VALUE]
