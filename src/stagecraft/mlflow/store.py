"""The store: runs, and the way from an address back to a file."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Experiment, Param, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking.registry import UnsupportedModelRegistryStoreURIException

from secrecy import quote, show_url
from stagecraft.cache.database import own_database
from stagecraft.cache.result import Kept
from stagecraft.cache.sessions import Session
from stagecraft.errors import ArtifactError, TrackingError, UsageError
from stagecraft.files.artifact import Artifact, sha256_of
from stagecraft.files.home import Home
from stagecraft.files.identity import here, name_home, settle
from stagecraft.files.whole import PART, inside
from stagecraft.mlflow.address import check_address
from stagecraft.mlflow.reaching import reaching
from stagecraft.mlflow.tags import NOTE_TAG, PARENT_TAG, Tags

# What it logs with a traceback it also raises, and then it is told in a sentence.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

_MAX_PARAMS, _MAX_VALUE = 100, 6000

_Known = TypeVar("_Known")
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
        is_deleted: the experiment was deleted in MLflow's pages.
        known_as: what it is called there, by which it may have been renamed.

    Raises:
        TrackingError: the store can't be reached.
        UsageError: that is no address of a store.
    """

    def __init__(self, home: Home, tracking_uri: str = "", experiment: str = "") -> None:
        self.home, self.experiment = home, experiment or home.names.project
        self.tags = Tags.of(home.names)
        self._roots: dict[str, str] = {}
        self.is_deleted, self.known_as = False, self.experiment
        self.uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or home.store
        self.name_to_mlflow()
        # Two processes that create a fresh database at once would get in each other's way.
        with self.reaching(), FileLock(home.private / "mlflow.lock"):
            if self.uri == home.store:
                _settle(home)
            else:
                check_address(self.uri)
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
        return reaching(self.uri, self.home.names)

    def check_there(self) -> None:
        """See that the experiment was not deleted.

        Raises:
            UsageError: it was.
        """
        if self.is_deleted:
            raise UsageError(
                f"expected the experiment {self.experiment} in MLflow, got one that was deleted in its pages;"
                f" `{self.home.names.project} doctor --fix` restores it with its runs"
            )

    def restore(self) -> bool:
        """Bring back the experiment with its runs."""
        with self.reaching():
            self.client.restore_experiment(self.experiment_id)
        self.is_deleted = False
        return True

    def rename_back(self) -> bool:
        """Give the experiment its own name again."""
        with self.reaching():
            self.client.rename_experiment(self.experiment_id, self.experiment)
        self.known_as = self.experiment
        return True

    def start_run(
        self, name: str, tags: Mapping[str, str], parent: str | None = None, session: str = ""
    ) -> str:
        """Start a run, below another one if that is given; return its id.

        Args:
            session: the run in progress (see `stagecraft.cache.sessions`) that it belongs to.
        """
        self.check_there()
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
        self.check_there()
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

    def known(self, ask: Callable[[], _Known]) -> _Known | None:
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

    def finish_run(self, run_id: str, status: Status, reason: str = "", ended: int | None = None) -> None:
        """End a run; a reason becomes a tag and the run's description.

        Args:
            ended: when, in milliseconds since 1970; now, unless it is given.
        """
        with self.reaching():
            if reason:
                self.client.set_tag(run_id, self.tags.error, reason[:_MAX_VALUE])
                self.client.set_tag(run_id, NOTE_TAG, reason[:_MAX_VALUE])
            self.client.set_terminated(run_id, status, ended)

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
        return _checked(self._open(artifact.uri), artifact.uri, artifact.sha256)

    def open_input(self, run_id: str, name: str) -> Path:
        """Find the file that a stage's run was given under a name.

        Raises:
            ArtifactError: there is none, or its content is not what the run was given, if that was noted.
        """
        tags = self._tags_of(run_id)
        uri = tags.get(f"{self.tags.input}.{name}", "")
        return _checked(self.open_uri(uri), uri, tags.get(f"{self.tags.digest}.{name}", ""))

    def open_held(self, run_id: str, path: str) -> Path:
        """Find a file of a run that has no result; see `Record.hold`.

        Raises:
            ArtifactError: it is missing, or its content is not what was recorded, if that was noted.
        """
        uri = f"runs:/{run_id}/{path}"
        return _checked(self._open(uri), uri, self._tags_of(run_id).get(f"{self.tags.digest}.{path}", ""))

    def held(self, run_id: str) -> list[str]:
        """List the files of a run that has no result, by their paths in it; see `Record.hold`."""
        mark = f"{self.tags.digest}."
        return [tag.removeprefix(mark) for tag in self._tags_of(run_id) if tag.startswith(mark)]

    def _tags_of(self, run_id: str) -> dict[str, str]:
        with self.reaching():
            return dict(self.client.get_run(run_id).data.tags)

    def open_uri(self, uri: str) -> Path:
        """Find the file behind a bare address, which must be one of MLflow's: nothing tells what it holds.

        Raises:
            ArtifactError: it is missing, or lies elsewhere.
        """
        if not uri.startswith(("runs:/", "models:/")):
            raise ArtifactError(f"expected the address of an artifact in MLflow, got {quote(uri)}")
        return self._open(uri)

    def _open(self, uri: str) -> Path:
        path = self._resolve(uri)
        if not path.is_file():
            raise ArtifactError(f"expected {uri} at {path}, got nothing; run its stage again")
        return path

    def open_model(self, model_id: str) -> Path:
        """Find the folder of a logged model, fetching it if it is not on this machine."""
        return self._folder(f"models:/{model_id}/")

    def drop_copy(self, model_id: str) -> bool:
        """Remove this machine's copy of a logged model that lies on a server; tell whether it is one."""
        if not urlsplit(self.place(f"models:/{model_id}/")).scheme:
            return False
        shutil.rmtree(self._copy(f"models:/{model_id}/"), ignore_errors=True)
        return True

    def _copy(self, uri: str) -> Path:
        """Tell where a folder is copied to, apart from the single files of it that may have been fetched."""
        return inside(self.home.downloads / "folders", uri.partition(":")[2].strip("/"))

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
        return self._fetched(place, self._copy(uri))

    def _open_experiment(self) -> str:
        """Find or create the experiment, with artifacts in the home if the database is there."""
        search = partial(self.client.search_experiments, view_type=ViewType.ALL)
        found = search(filter_string=f"name = '{self.experiment}'") or self._renamed(search())
        if found:
            self.is_deleted = found[0].lifecycle_stage == "deleted"
            self.known_as = str(found[0].name)
            return str(found[0].experiment_id)
        location = self.home.artifacts.as_uri() if self.uri == self.home.store else None
        return str(self.client.create_experiment(self.experiment, artifact_location=location))

    def _renamed(self, experiments: Iterable[Experiment]) -> list[Experiment]:
        """Find the project's own experiment under another name: its artifacts lie in the home."""
        place = self.home.artifacts.as_uri() if self.experiment == self.home.names.project else None
        own = [each for each in experiments if each.artifact_location == place]
        return sorted(own, key=lambda each: int(each.experiment_id))[:1]

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
            return here(self.home, unquote(urlsplit(uri).path))
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


def _checked(path: Path, uri: str, sha256: str) -> Path:
    """Hold a file against its SHA-256, if that is known."""
    if sha256 and (found := sha256_of(path)) != sha256:
        raise ArtifactError(
            f"expected SHA-256 {sha256} for {uri}, got {found} at {path}; run its stage again"
        )
    return path


def _client(uri: str) -> MlflowClient:
    try:
        return MlflowClient(uri)
    except UnsupportedModelRegistryStoreURIException as error:
        known = ", ".join(sorted(filter(None, error.supported_uri_schemes)))
        raise UsageError(
            f"expected MLFLOW_TRACKING_URI to start with one of {known}, got {show_url(uri)};"
            " unset it to use the store in the home"
        ) from None


def _settle(home: Home) -> None:
    """Make sure that the home has a database of its own, whose addresses lead to where both are.

    Raises:
        DatabaseError: it has that of another home, a damaged one, or none although it had one.
    """
    if stamp := own_database(home):
        settle(home, stamp)
    else:
        _make_database(home)


def _make_database(home: Home) -> None:
    """Make MLflow's tables under another name: a database that is half-made could not be used."""
    part = home.private / f"mlflow.db{PART}"
    with closing(Session(home)):  # else a run that starts would sweep it away
        part.unlink(missing_ok=True)
        MlflowClient(f"sqlite:///{part}").search_experiments()
        name_home(home, part)
        part.replace(home.database)


def param_text(value: object) -> str:
    """Write a parameter's value in a way that two runs can be compared by."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text[:_MAX_VALUE]
