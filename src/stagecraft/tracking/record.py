"""What a stage writes about its run: parameters, metrics, files and models."""

import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import mlflow.pyfunc
from mlflow.entities import Dataset, DatasetInput, Metric, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from stagecraft.artifact import Artifact, address
from stagecraft.checkpoints import Checkpoints
from stagecraft.tracking.machine import watched
from stagecraft.tracking.store import NOTE_TAG, RESUMED_TAG, Tracker, reaching

INFINITE_TAG = "seqstep.infinite"

_logging_model = threading.Lock()
_MAX_METRICS = 1000
_KINDS, _ANY = {".json": "application/json", ".py": "text/x-python"}, "application/octet-stream"
_FLUSH_S = 3.0

Row = TypeVar("Row", bound=tuple[Any, ...])


class Savable(Protocol):
    """A figure, as matplotlib makes it."""

    def savefig(self, fname: Path, /) -> None:
        """Write it as a picture."""


class Tabular(Protocol):
    """A table, as pandas makes it."""

    def to_dict(self, orient: Literal["records"], /) -> list[dict[Any, Any]]:
        """List its rows."""


class ModelFiles(NamedTuple):
    """A model that was logged: its address in MLflow, and those of its own files."""

    uri: str
    files: dict[str, Artifact]


class Record:
    """What one stage writes about its run: parameters, metrics, files, models.

    Attributes:
        run_id: the stage's run.
        metrics: the last value of every metric so far.
        logged: every file so far.
        checkpoints: where a training can be gone on with.
    """

    def __init__(
        self,
        tracker: Tracker,
        run_id: str,
        on_progress: Callable[[int, int | None, Mapping[str, float]], None] = lambda _done, _all, _now: None,
        on_notice: Callable[[str], None] = lambda _text: None,
        checkpoints: Checkpoints | None = None,
        on_table: Callable[[str, Sequence[Mapping[str, object]]], None] = lambda _title, _rows: None,
        description: str = "",
    ) -> None:
        self.tracker, self.run_id = tracker, run_id
        self.metrics: dict[str, float] = {}
        self.logged: list[Artifact] = []
        self.checkpoints = checkpoints or Checkpoints(None, run_id)
        #: tells whoever watches how far the stage is: steps done, steps in all, figures
        self.progress = on_progress
        self._on_notice, self._on_table = on_notice, on_table
        self._notes = [description] if description else []

    def open(self, artifact: Artifact) -> Path:
        """Find the file behind an address; see `Tracker.local_path`."""
        return self.tracker.local_path(artifact)

    def on(self, run_id: str) -> "Record":
        """Make a record of another run, for what belongs to both."""
        other = Record(self.tracker, run_id, self.progress, self._on_notice)
        other.logged = self.logged
        return other

    def resume(self, epochs: int, load: Callable[[Path], object]) -> int:
        """Go on with a training of an earlier run, if there is one; return its number of epochs.

        Args:
            epochs: how far the training is to go; none that is further is gone on with.
            load: is given the folder with the state after an epoch.
        """
        found = self.checkpoints.furthest(epochs)
        if found is None:
            return 0
        load(found.folder)
        self.tag({RESUMED_TAG: found.run_id})
        self.notice(f"goes on after epoch {found.epoch} of {epochs}, as run {found.run_id[:8]} left it")
        return found.epoch

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
        """Tell the user something that is no error; it stays with the run, below its description."""
        self._notes.append(text)
        self.tag({NOTE_TAG: "\n\n".join(self._notes)})
        self._on_notice(text)

    def show_table(self, title: str, table: Tabular) -> None:
        """Show a small table to whoever watches the run."""
        self._on_table(title, table.to_dict("records"))

    @contextmanager
    def watching_the_machine(self) -> Iterator[None]:
        """Record, as `system/…`, what the machine is busy with meanwhile."""
        with watched(self.run_id, self.tracker.uri):
            yield

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
            self.logged.append(address(local, f"runs:/{self.run_id}/{path}", kind))
            return self.logged[-1]

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
        packages: Iterable[ModuleType],
        needs: Iterable[str],
        example: tuple[Any, Mapping[str, Any]],
    ) -> ModelFiles:
        """Record a model from code and files, without pickle, and register it as `seqstep-<name>`.

        Args:
            name: such as rnn-scratch.
            code: a Python file that sets an MLflow model.
            files: what the model loads, by name; handed to the code as its artifacts.
            packages: what the code imports and is not installed elsewhere.
            needs: distributions that the code imports, pinned to the versions in use.
            example: an input, and every parameter with its default; MLflow drops parameters that it has
                not been shown.
        """
        # MLflow hands the code's model over in a global variable, so one at a time.
        with reaching(self.tracker.uri), _logging_model:
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
                code_paths=[str(Path(str(package.__file__)).parent) for package in packages],
                pip_requirements=[f"{need}=={version(need)}" for need in needs],
                input_example=(example[0], dict(example[1])),
            )
            self._register(f"seqstep-{name}", info.model_id)
        there = self._model_files(info.model_id)
        self.logged += there.values()
        parts = {part: there[f"artifacts/{path.name}"] for part, path in files.items()}
        return ModelFiles(info.model_uri, parts)

    def _model_files(self, model_id: str) -> dict[str, Artifact]:
        """Describe every file of a logged model, by its path in it."""
        root = self.tracker.open_model(model_id)
        return {
            str(path.relative_to(root)): address(
                path, f"models:/{model_id}/{path.relative_to(root)}", _KINDS.get(path.suffix, _ANY)
            )
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.suffix != ".pyc"
        }

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


def _metric(name: str, value: float, step: int) -> Metric:
    return Metric(name, value, int(time.time() * 1000), step)
