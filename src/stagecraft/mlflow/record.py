"""What a stage writes about its run: parameters, metrics, files and models."""

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from mlflow.entities import Dataset, DatasetInput, Metric, RunTag
from mlflow.exceptions import MlflowException

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.files.artifact import Artifact, address, sha256_of
from stagecraft.mlflow.machine import watched
from stagecraft.mlflow.packaging import modules_behind
from stagecraft.mlflow.registry import code_of, content_of
from stagecraft.mlflow.run_model import RunModel
from stagecraft.mlflow.sending import Sending
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import NOTE_TAG

_Row = TypeVar("_Row", bound=tuple[Any, ...])


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
        notices: what the user was told so far.
        checkpoints: where a training can be resumed.
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
        #: names of figures that were no numbers
        self.left_out: set[str] = set()
        self.logged: list[Artifact] = []
        self.notices: list[str] = []
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
        """Resume a training of an earlier run, if there is one; return its number of epochs.

        Args:
            epochs: how far the training is to go; none that is further is resumed.
            load: is given the folder with the state after an epoch.
        """
        found = self.checkpoints.resume(epochs, load, self._passed_over)
        if found is None:
            return 0
        self.tag({self.tracker.tags.resumed_from: found.run_id})
        self.notice(f"goes on after epoch {found.epoch} of {epochs}, as run {found.run_id[:8]} left it")
        return found.epoch

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record figures; one that is not a number is left out.

        One that is infinite is marked by a tag too, for MLflow shows it as 1.8e308.
        """
        known = {name: value for name, value in metrics.items() if not math.isnan(value)}
        self.metrics.update(known)
        self.left_out |= metrics.keys() - known.keys()
        self._send([_metric(name, value, 0) for name, value in known.items()])
        for name, value in known.items():
            if math.isinf(value):
                self.tag({f"{self.tracker.tags.infinite}.{name.replace('/', '.')}": str(value)})

    def follow(self, rows: Iterable[_Row], total: int, metrics: Mapping[str, str]) -> Iterator[_Row]:
        """Hand on rows one by one, recording some of their columns as metrics by step; see `Sending`.

        Args:
            rows: named tuples, one a step.
            total: steps to expect.
            metrics: metric name -> column.
        """
        with Sending(self._send) as sending:
            for step, row in enumerate(rows, start=1):
                figures = {name: float(getattr(row, column)) for name, column in metrics.items()}
                sending.add([_metric(name, value, step) for name, value in figures.items()])
                self.metrics.update(figures)
                self.progress(step, total, figures)
                yield row

    def notice(self, text: str) -> None:
        """Tell the user something that is no error; it stays with the run, below its description."""
        self.notices.append(text)
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
        with self.tracker.reaching():
            entries = [RunTag(name, value) for name, value in tags.items()]
            self.tracker.client.log_batch(self.run_id, tags=entries)

    def log_dataset(self, name: str, artifact: Artifact, source: str) -> None:
        """Record what data the stage was given."""
        dataset = Dataset(name, artifact.sha256[:36], "http" if "://" in source else "local", source)
        log = partial(self.tracker.client.log_inputs, self.run_id, [DatasetInput(dataset)])
        with self.tracker.reaching():
            try:
                log()
            except MlflowException as error:
                # MLflow looks the dataset up, then adds it; another run may have done so in between.
                if "unique constraint" not in str(error).lower():
                    raise
                log()

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
            with self.tracker.reaching():
                where = str(place.parent) if place.parent.name else None
                self.tracker.client.log_artifact(self.run_id, str(local), where)
            self.logged.append(address(local, f"runs:/{self.run_id}/{path}", kind))
            return self.logged[-1]

    def hold(self) -> None:
        """Note what the files so far must be, at a run that has no result which would tell."""
        start = f"runs:/{self.run_id}/"
        names = {file.uri.removeprefix(start): file.sha256 for file in self.logged}
        self.tag({f"{self.tracker.tags.digest}.{name}": sha256 for name, sha256 in names.items()})

    def hand_on(self, path: Path, kind: str) -> Artifact:
        """Hand on a file of this machine: as it is, or as an artifact if machines share the store."""
        if self.tracker.artifact_folder() is not None:
            return address(path, path.as_uri(), kind)
        return self.log_file(path.name, lambda local: shutil.copyfile(path, local), kind)

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
        """Record a model from code and files, without pickle, and register it as `<project>-<name>`.

        What is registered already, with the same code, is neither recorded nor registered again: that version
        is this run's too.

        Args:
            name: such as rnn-scratch.
            code: a Python file that sets an MLflow model.
            files: what the model loads, by name; handed to the code as its artifacts.
            packages: that hold what the code imports and is not installed elsewhere; of them the model takes
                what is behind the code.
            needs: distributions that the code imports, pinned to the versions in use.
            example: an input, and every parameter with its default; MLflow drops parameters that it has
                not been shown.
        """
        model = RunModel(self.tracker, self.run_id, self.tracker.home.names.model(name))
        content = content_of({path.name: sha256_of(path) for path in files.values()})
        modules = modules_behind(code, packages)
        packaged = code_of(code, modules)
        if known := model.registered(content, packaged):
            version, there = known
            uri = f"models:/{version.model_id}"
            self.notice(f"these weights are registered already, as {version}")
        else:
            uri, there = model.log(name, code, files, modules, needs, example)
            model.register(uri, content, packaged, there)
        self.logged += there.values()
        parts = {part: there[f"artifacts/{path.name}"] for part, path in files.items()}
        return ModelFiles(uri, parts)

    def _passed_over(self, epoch: int) -> None:
        self.notice(f"the checkpoint after epoch {epoch} is damaged, so nothing goes on from there")

    def _send(self, metrics: Sequence[Metric]) -> None:
        if metrics:
            with self.tracker.reaching():
                self.tracker.client.log_batch(self.run_id, metrics=metrics)


def _metric(name: str, value: float, step: int) -> Metric:
    return Metric(name, value, int(time.time() * 1000), step)
