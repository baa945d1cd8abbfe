"""The store: runs, and the way from an address back to a file."""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Param, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking.registry import UnsupportedModelRegistryStoreURIException

from secrecy import redact
from stagecraft.cache.result import Kept
from stagecraft.cache.sessions import Session
from stagecraft.errors import ArtifactError, TrackingError, UsageError
from stagecraft.files.artifact import Artifact, sha256_of
from stagecraft.files.home import Home
from stagecraft.files.whole import PART, inside
from stagecraft.mlflow.reaching import reaching
from stagecraft.mlflow.tags import NOTE_TAG, PARENT_TAG, Tags

# What it logs with a traceback it also raises, and then it is told in a sentence.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

_MAX_PARAMS, _MAX_VALUE = 100, 6000

Known = TypeVar("Known")
Status = Literal["FINISHED", "FAILED", "KILLED"]
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class Tracker:
    """One project's store in MLflow.

    Args:
        home: the project home.
        tracking_uri: a server or database; MLFLOW_TRACKING_URI, or else the database in the home.
        experiment: name of the experiment; that of the project, unless another one is given.

    Attributes:
        tags: what the project's own tags are called.

    Raises:
        TrackingError: the store can't be reached.
        UsageError: that is no address of a store.
    """

    def __init__(self, home: Home, tracking_uri: str = "", experiment: str = "") -> None:
        self.home, self.experiment = home, experiment or home.names.project
        self.tags = Tags.of(home.names)
        self._roots: dict[str, str] = {}
        self.uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or home.store
        self.name_to_mlflow()
        # Two processes that create a fresh database at once would get in each other's way.
        with self.reaching(), FileLock(home.private / "mlflow.lock"):
            if self.uri == home.store and not home.database.exists():
                _make_database(home)
            self.client = _client(self.uri)
            self.experiment_id = self._open_experiment()

    def name_to_mlflow(self) -> None:
        """Name this store to MLflow, some of whose functions take the one that was named last."""
        mlflow.set_tracking_uri(self.uri)

    def reaching(self) -> AbstractContextManager[None]:
        """Put errors of MLflow's, raised while something is asked of the store, into a sentence for the user.

        Raises:
            TrackingError: the store can't be reached, or refused what was asked.
        """
        return reaching(self.uri, self.home.names.variable("HOME"))

    def start_run(
        self, name: str, tags: Mapping[str, str], parent: str | None = None, session: str = ""
    ) -> str:
        """Start a run, below another one if that is given; return its id.

        Args:
            session: the run in progress (see `stagecraft.cache.sessions`) that it belongs to.
        """
        more = {PARENT_TAG: parent, self.tags.session: session}
        all_tags = {**tags, **{tag: value for tag, value in more.items() if value}}
        with self.reaching():
            run = self.client.create_run(self.experiment_id, tags=all_tags, run_name=name)
        return str(run.info.run_id)

    def reopen_run(self, run_id: str, tags: Mapping[str, str], session: str) -> None:
        """Go on with a run that ended, with other tags."""
        with self.reaching():
            for tag, value in {**tags, self.tags.session: session}.items():
                self.client.set_tag(run_id, tag, value)
            if self.tags.error in self.client.get_run(run_id).data.tags:
                self.client.delete_tag(run_id, self.tags.error)
            self.client.update_run(run_id, status="RUNNING")

    def rename_run(self, run_id: str, name: str) -> None:
        """Call a run something else."""
        with self.reaching():
            self.client.update_run(run_id, name=name)

    def running(self, session: str = "") -> list[Run]:
        """List the runs that are marked as running, of one session or of all."""
        wanted = f"tags.`{self.tags.session}` = '{session}' and " if session else ""
        return self.search(f"{wanted}attributes.status = 'RUNNING'")

    def search(self, wanted: str, most: int | None = None) -> list[Run]:
        """List the runs that fit, the newest first; see MLflow's `search_runs`."""
        search = partial(
            self.client.search_runs,
            [self.experiment_id],
            wanted,
            max_results=min(most or 1000, 1000),
            order_by=["attributes.start_time DESC"],
        )
        return self.pages(lambda token: search(page_token=token), most)

    def pages(self, read: Callable[[str | None], Any], most: int | None = None) -> list[Any]:
        """Read the pages of a listing, all of them or until `most` are found."""
        found: list[Any] = []
        token = None
        with self.reaching():
            while True:
                page = read(token)
                found += page
                token = page.token
                if not token or (most and len(found) >= most):
                    return found[:most]

    def is_there(self, ask: Callable[[], object]) -> bool:
        """Ask MLflow for something; tell whether it knows of it."""
        return self.known(lambda: (ask(),)) is not None

    def known(self, ask: Callable[[], Known]) -> Known | None:
        """Ask MLflow for something; nothing if it does not know of it."""
        with self.reaching():
            try:
                return ask()
            except MlflowException as error:
                if error.error_code not in _UNKNOWN:
                    raise
                return None

    def metrics_by_stage(self, parent: str) -> dict[str, dict[str, float]]:
        """Read what the stages of a pipeline's run measured: the last value of each metric."""
        runs = self.search(f"tags.`{PARENT_TAG}` = '{parent}'")
        stage = self.tags.stage
        return {run.data.tags[stage]: run.data.metrics for run in runs if stage in run.data.tags}

    def metrics_of(self, run_id: str) -> dict[str, float]:
        """Read what a run measured; nothing if the run is gone."""
        run = self.known(lambda: self.client.get_run(run_id))
        metrics: dict[str, float] = run.data.metrics if run else {}
        return metrics

    def finish_run(self, run_id: str, status: Status, reason: str = "") -> None:
        """End a run; a reason becomes a tag and the run's description."""
        with self.reaching():
            if reason:
                self.client.set_tag(run_id, self.tags.error, reason[:_MAX_VALUE])
                self.client.set_tag(run_id, NOTE_TAG, reason[:_MAX_VALUE])
            self.client.set_terminated(run_id, status)

    def log_params(self, run_id: str, params: Mapping[str, object]) -> None:
        """Record parameters of a run, in batches."""
        entries = [Param(name, param_text(value)) for name, value in params.items()]
        with self.reaching():
            for start in range(0, len(entries), _MAX_PARAMS):
                self.client.log_batch(run_id, params=entries[start : start + _MAX_PARAMS])

    def keep(self, artifact: Artifact) -> Kept:
        """Say where an artifact lies: on this machine, or else on a server."""
        return Kept(**artifact.model_dump(), place=self.place(artifact.uri))

    def fetch(self, artifact: Kept) -> Path:
        """Bring an artifact from a server to this machine, once: it does not change under its address.

        Raises:
            ArtifactError: it is gone.
            TrackingError: it can't be told whether it is.
        """
        name = artifact.uri.partition(":")[2].lstrip("/")
        try:
            return self._fetched(artifact.place, inside(self.home.downloads, name))
        except TrackingError as error:
            if self.lists(artifact.place):
                raise
            raise ArtifactError(f"expected {artifact.uri} at {artifact.place}: {error}") from error

    def lists(self, place: str) -> bool:
        """Tell whether a server lists an artifact in its folder."""
        folder, _, name = place.rpartition("/")
        with self.reaching():
            listed = mlflow.artifacts.list_artifacts(artifact_uri=folder, tracking_uri=self.uri)
        return any(PurePosixPath(file.path).name == name for file in listed)

    def local_path(self, artifact: Artifact) -> Path:
        """Find the file behind an address, fetching it if it is not on this machine.

        Raises:
            ArtifactError: it is missing, or its content is not what the address says.
        """
        path = self._open(artifact.uri)
        found = sha256_of(path)
        if found != artifact.sha256:
            raise ArtifactError(
                f"expected SHA-256 {artifact.sha256} for {artifact.uri}, got {found} at {path};"
                " run its stage again"
            )
        return path

    def input_of(self, run_id: str, name: str) -> str:
        """Return the address that a stage's run was given under a name, or an empty string."""
        with self.reaching():
            return str(self.client.get_run(run_id).data.tags.get(f"{self.tags.input}.{name}", ""))

    def open_uri(self, uri: str) -> Path:
        """Find the file behind a bare address, which must be one of MLflow's: nothing tells what it holds.

        Raises:
            ArtifactError: it is missing, or lies elsewhere.
        """
        if not uri.startswith(("runs:/", "models:/")):
            raise ArtifactError(f"expected the address of an artifact in MLflow, got {uri!r}")
        return self._open(uri)

    def _open(self, uri: str) -> Path:
        path = self._resolve(uri)
        if not path.is_file():
            raise ArtifactError(f"expected {uri} at {path}, got nothing; run its stage again")
        return path

    def open_model(self, model_id: str) -> Path:
        """Find the folder of a logged model, fetching it if it is not on this machine."""
        return self._folder(f"models:/{model_id}/")

    def artifact_folder(self) -> Path | None:
        """Find the folder of all artifacts; None if they do not lie on this machine."""
        with self.reaching():
            parts = urlsplit(self.client.get_experiment(self.experiment_id).artifact_location)
        return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None

    def _folder(self, uri: str) -> Path:
        """Find a folder, fetching it whole if it is not on this machine."""
        place = self.place(uri)
        if not urlsplit(place).scheme:
            return Path(place)
        # Apart from the single files of it that may have been fetched before.
        return self._fetched(place, inside(self.home.downloads / "folders", uri.partition(":")[2].strip("/")))

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
        place = self.place(uri)
        if urlsplit(place).scheme:
            return self._fetched(place, inside(self.home.downloads, uri.partition(":")[2].lstrip("/")))
        return Path(place)

    def place(self, uri: str) -> str:
        """Turn an address into a path on this machine, or into an address on a server.

        Raises:
            ArtifactError: it leads out of what its run or model owns.
        """
        scheme, _, rest = uri.partition(":")
        if scheme == "file":
            return unquote(urlsplit(uri).path)
        owner, _, path = rest.strip("/").partition("/")
        root = self._root(scheme, owner)
        local = inside(Path(unquote(urlsplit(root).path)), path)
        if urlsplit(root).scheme in ("", "file"):
            return str(local)
        return f"{root}/{path}"

    def _root(self, scheme: str, owner: str) -> str:
        """Find where the artifacts of a run or of a logged model lie; that does not change."""
        if owner not in self._roots:
            with self.reaching():
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
            with tempfile.TemporaryDirectory(dir=target.parent) as folder, self.reaching():
                fetched = Path(
                    mlflow.artifacts.download_artifacts(uri, dst_path=folder, tracking_uri=self.uri)
                )
                try:
                    fetched.replace(target)
                except OSError:  # a folder does not replace the same one that another stage put there
                    if not target.is_dir():
                        raise
        return target


def _client(uri: str) -> MlflowClient:
    try:
        return MlflowClient(uri)
    except UnsupportedModelRegistryStoreURIException as error:
        known = ", ".join(sorted(filter(None, error.supported_uri_schemes)))
        raise UsageError(
            f"expected MLFLOW_TRACKING_URI to start with one of {known}, got {redact(uri)};"
            " unset it to use the store in the home"
        ) from None


def _make_database(home: Home) -> None:
    """Make MLflow's tables under another name: a database that is half-made could not be used."""
    part = home.private / f"mlflow.db{PART}"
    with closing(Session(home)):  # else a run that starts would sweep it away
        part.unlink(missing_ok=True)
        MlflowClient(f"sqlite:///{part}").search_experiments()
        part.replace(home.database)


def param_text(value: object) -> str:
    """Write a parameter's value in a way that two runs can be compared by."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text[:_MAX_VALUE]
