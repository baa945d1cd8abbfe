"""How trainings go on from where they were left: all of it is part of their keys.

What is loaded into a training decides its weights, and what is taken for its metrics how it is judged.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from stagecraft.mlflow import Record

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
