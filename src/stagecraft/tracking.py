"""The MLflow room: runs, what is recorded on them, registered models, and the way back to files."""

import logging
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import mlflow
import mlflow.pyfunc
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from stagecraft.artifact import Artifact, address, sha256_of
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.home import Home

PARENT_TAG, STAGE_TAG, ERROR_TAG = "mlflow.parentRunId", "seqstep.stage", "seqstep.error"
INPUT_TAG, INFINITE_TAG = "seqstep.input", "seqstep.infinite"

# What it logs with a traceback it also raises, and then it is told in a sentence.
logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

_MAX_METRICS, _MAX_PARAMS, _MAX_VALUE = 1000, 100, 6000
_FLUSH_S = 3.0

Status = Literal["FINISHED", "FAILED", "KILLED"]
Row = TypeVar("Row", bound=tuple[Any, ...])


class Savable(Protocol):
    """A figure, as matplotlib makes it."""

    def savefig(self, fname: Path, /) -> None:
        """Write it as a picture."""


class ModelFiles(NamedTuple):
    """A model that was logged: its address in MLflow, and those of its own files."""

    uri: str
    files: dict[str, Artifact]


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
        path = self._resolve(artifact.uri)
        if not path.is_file():
            raise ArtifactError(f"expected {artifact.uri} at {path}, got nothing; run its stage again")
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
        target = self.home.downloads / owner
        with reaching(self.uri):
            return Path(
                mlflow.artifacts.download_artifacts(
                    f"{root}/{path}", dst_path=str(target / Path(path).parent), tracking_uri=self.uri
                )
            )


class Record:
    """What one stage writes about its run: parameters, metrics, files, models.

    Attributes:
        run_id: the stage's run.
        metrics: the last value of every metric so far.
    """

    def __init__(
        self,
        tracker: Tracker,
        run_id: str,
        on_progress: Callable[[int, int | None, Mapping[str, float]], None],
        on_notice: Callable[[str], None],
    ) -> None:
        self.tracker, self.run_id = tracker, run_id
        self.metrics: dict[str, float] = {}
        #: tells whoever watches how far the stage is: steps done, steps in all, figures
        self.progress = on_progress
        self._on_notice = on_notice
        self._notices: list[str] = []

    def open(self, artifact: Artifact) -> Path:
        """Find the file behind an address; see `Tracker.local_path`."""
        return self.tracker.local_path(artifact)

    def on(self, run_id: str) -> "Record":
        """Make a record of another run, for what belongs to both."""
        return Record(self.tracker, run_id, self.progress, self._on_notice)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record figures; one that is not a number is left out.

        One that is infinite is marked by a tag too, for MLflow shows it as 1.8e308.
        """
        known = {name: value for name, value in metrics.items() if not math.isnan(value)}
        self.metrics.update(known)
        self._send([_metric(name, value, 0) for name, value in known.items()])
        for name, value in known.items():
            if math.isinf(value):
                self.tag({f"{INFINITE_TAG}.{name.replace('/', '.')}": str(value)})

    def follow(self, rows: Iterable[Row], total: int, metrics: Mapping[str, str]) -> Iterator[Row]:
        """Hand on rows one by one, recording some of their columns as metrics by step, in batches.

        Args:
            rows: named tuples, one a step.
            total: steps to expect.
            metrics: metric name -> column.
        """
        waiting: list[Metric] = []
        flushed = time.monotonic()
        try:
            for step, row in enumerate(rows, start=1):
                figures = {name: float(getattr(row, column)) for name, column in metrics.items()}
                waiting += [_metric(name, value, step) for name, value in figures.items()]
                self.metrics.update(figures)
                if len(waiting) + len(figures) > _MAX_METRICS or time.monotonic() - flushed > _FLUSH_S:
                    self._send(waiting)
                    waiting, flushed = [], time.monotonic()
                self.progress(step, total, figures)
                yield row
        finally:
            self._send(waiting)

    def notice(self, text: str) -> None:
        """Tell the user something that is no error; it stays with the run as its description."""
        self._notices.append(text)
        self.tag({"mlflow.note.content": "\n\n".join(self._notices)})
        self._on_notice(text)

    def tag(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        with reaching(self.tracker.uri):
            entries = [RunTag(name, value) for name, value in tags.items()]
            self.tracker.client.log_batch(self.run_id, tags=entries)

    def log_dataset(self, name: str, artifact: Artifact, source: str) -> None:
        """Record what data the stage was given."""
        dataset = Dataset(name, artifact.sha256[:36], "http" if "://" in source else "local", source)
        with reaching(self.tracker.uri):
            self.tracker.client.log_inputs(self.run_id, [DatasetInput(dataset)])

    def log_file(self, path: str, write: Callable[[Path], object], kind: str) -> Artifact:
        """Record a file.

        Args:
            path: where it belongs among the run's artifacts, such as plots/loss.png.
            write: is given a local path and writes the file there.
            kind: media type.
        """
        place = Path(path)
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / place.name
            write(local)
            with reaching(self.tracker.uri):
                where = str(place.parent) if place.parent.name else None
                self.tracker.client.log_artifact(self.run_id, str(local), where)
            return address(local, f"runs:/{self.run_id}/{path}", kind)

    def log_text(self, path: str, text: str, kind: str = "text/plain") -> Artifact:
        """Record a text file."""
        return self.log_file(path, lambda local: local.write_text(text, encoding="utf-8"), kind)

    def log_figure(self, path: str, figure: Savable) -> Artifact:
        """Record a figure as a picture."""
        return self.log_file(path, figure.savefig, "image/png")

    def log_model(
        self,
        name: str,
        code: Path,
        files: Mapping[str, Path],
        code_paths: Iterable[Path],
        needs: Iterable[str],
    ) -> ModelFiles:
        """Record a model from code and files, without pickle, and register it as `seqstep-<name>`.

        Args:
            name: such as rnn-scratch.
            code: a Python file that sets an MLflow model.
            files: what the model loads, by name; handed to the code as its artifacts.
            code_paths: packages that the code imports and that are not installed elsewhere.
            needs: distributions that the code imports, pinned to the versions in use.
        """
        with reaching(self.tracker.uri):
            # Left to `Model.log`, the model would land in MLflow's default experiment.
            logged = self.tracker.client.create_logged_model(
                self.tracker.experiment_id, name=name, source_run_id=self.run_id
            )
            info = Model.log(
                artifact_path=None,
                model_id=logged.model_id,
                flavor=mlflow.pyfunc,
                run_id=self.run_id,
                python_model=str(code),
                artifacts={part: str(path) for part, path in files.items()},
                code_paths=[str(path) for path in code_paths],
                pip_requirements=[f"{need}=={version(need)}" for need in needs],
            )
            self._register(f"seqstep-{name}", info.model_id)
        kinds = {".json": "application/json"}
        return ModelFiles(
            info.model_uri,
            {
                part: address(
                    path,
                    f"models:/{info.model_id}/artifacts/{path.name}",
                    kinds.get(path.suffix, "application/octet-stream"),
                )
                for part, path in files.items()
            },
        )

    def _register(self, name: str, model_id: str) -> None:
        """Make a logged model a version of a registered one, quietly."""
        client = self.tracker.client
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        client.create_model_version(name, f"models:/{model_id}", run_id=self.run_id, model_id=model_id)

    def _send(self, metrics: list[Metric]) -> None:
        if metrics:
            with reaching(self.tracker.uri):
                self.tracker.client.log_batch(self.run_id, metrics=metrics)


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


def _metric(name: str, value: float, step: int) -> Metric:
    return Metric(name, value, int(time.time() * 1000), step)


def _text(value: object) -> str:
    """Write a parameter's value in a way that two runs can be compared by."""
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return text[:_MAX_VALUE]
