"""How trainings are recorded: none of it is part of a key, so a change here retrains nothing."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

import seqstep
from seqstep.models.bundle import MLPSpec, Spec
from stagecraft.mlflow import ModelFiles, Record, content_of, evaluation_tags
from tasks.outputs import TrainedModel

FORECASTER_METRICS = {"train/mse": "train_mse", "valid/mse": "valid_mse"}
LANGUAGE_METRICS = {
    "train/loss": "loss",
    "train/perplexity": "perplexity",
    "train/tokens_per_s": "tokens_per_s",
}
HELD_OUT_METRICS = {
    **LANGUAGE_METRICS,
    "valid/perplexity": "valid_perplexity",
    "train/learning_rate": "learning_rate",
}

_SERVING = Path(__file__).parent / "serving"
_NEEDS = ("mlflow", "numpy", "pandas", "pydantic", "regex", "safetensors", "torch")

Row = TypeVar("Row", bound=tuple[Any, ...])


class Resumable(Protocol):
    """Something whose state can be written and read back."""

    def load(self, folder: Path) -> None:
        """Read the state."""

    def save(self, folder: Path) -> None:
        """Write the state."""


def follow(
    record: Record,
    rows: Iterable[Row],
    parts: Iterable[Resumable],
    epochs: int,
    every: int,
    metrics: Mapping[str, str],
) -> Iterator[Row]:
    """Resume a training where an earlier run was, record each epoch, and keep checkpoints.

    Args:
        rows: one an epoch, the number of the epoch first; taken up after the parts were loaded.
        parts: all that has a state.
        epochs: how far the training is to go.
        every: epochs between two checkpoints; the last epoch is always one, wherever the training ends.
        metrics: metric name -> column.
    """
    parts = list(parts)

    def load(folder: Path) -> None:
        for part in parts:
            part.load(folder)

    def save_all(folder: Path) -> None:
        for part in parts:
            part.save(folder)

    epoch = saved = record.resume(epochs, load)
    with record.watching_the_machine():
        for row in record.follow(rows, epochs, metrics):
            yield row
            epoch = row[0]
            if epoch > saved and epoch % every == 0:
                record.checkpoints.save(epoch, save_all)
                saved = epoch
        if epoch > saved:
            record.checkpoints.save(epoch, save_all)


def tag_evaluation(record: Record, name: str, trained: TrainedModel, data: str) -> None:
    """Tag a run that measured a model, so that its figures can be compared with others'.

    Args:
        data: digest of what it was measured on; nothing for no data.
    """
    content = content_of({file.name: file.sha256 for file in (trained.weights, trained.spec)})
    record.tag(evaluation_tags(record.tracker.tags, name, content, data))


def log_model(record: Record, name: str, saved: tuple[Path, Path], spec: Spec) -> ModelFiles:
    """Record and register a model with its own package, so that it loads where seqstep is not installed.

    Args:
        saved: its weights and its specification. They are results, so the stage itself writes them.
    """
    example: tuple[Any, dict[str, Any]]
    if isinstance(spec, MLPSpec):
        code, example = (
            "forecast.py",
            (np.full((1, spec.window), round(spec.scaling.mean, 3)), {"horizon": 1}),
        )
    else:
        parameters = {"length": 50, "temperature": 0.0, "top_k": 0, "seed": 0}
        code, example = "text.py", (["time traveller"], parameters)
    files = dict(zip(("weights", "spec"), saved, strict=True))
    return record.log_model(name, _SERVING / code, files, [seqstep], _NEEDS, example)
