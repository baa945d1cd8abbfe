"""What both trainings share: running epoch by epoch, and going on in another process."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import pandas as pd
from torch import nn

from seqstep.errors import ModelError
from seqstep.training.checkpoint import (
    Generator,
    TrainingState,
    collect_state,
    read_checkpoint,
    restore_state,
    write_checkpoint,
)
from seqstep.training.definition import LaterCheck
from seqstep.training.optimizers import Optimizer

Model = TypeVar("Model", bound=nn.Module)
Row = TypeVar("Row", bound=NamedTuple)


class ResumableTraining(ABC, Generic[Model, Row]):
    """A training that can stop after any epoch and go on in another process to the very same end.

    It is saved at the end of an epoch only. Minibatches begin anew there, so the generator's state and the
    number of epochs say where in the data it is. On a processor the weights and losses are the same bit for
    bit, given the same number of threads.

    Args:
        model: trained in place, on its own device.
        optimizer: of all the model's parameters, in their order.
        generator: draws everything random in an epoch.
        epochs: when to stop, counted from the very start.

    Attributes:
        history: a row for each epoch so far, restored or trained here.
        restored: how many epochs `load` brought.
    """

    #: the settings' section, which also tells the saved trainings apart
    section: ClassVar[str]
    row: type[Row]
    #: columns that say how fast it went, which no two trainings share
    speeds: ClassVar[tuple[str, ...]] = ()
    _later: LaterCheck[Model] | None = None

    def __init__(self, model: Model, optimizer: Optimizer, generator: Generator, epochs: int) -> None:
        self.model, self.optimizer, self.generator, self.epochs = model, optimizer, generator, epochs
        self.history: list[Row] = []
        self.restored = 0
        self._between_epochs = True

    def run(self) -> Iterator[Row]:
        """Yield the rows of the epochs that there are, then train the others and yield theirs.

        Where a pass is written by hand, it is held against the model's definition after epochs 1, 2, 4, 8, …
        and at the end.

        Raises:
            DivergenceError: the loss is no number any more.
            ModelError: the pass by hand parts from the definition.
        """
        yield from tuple(self.history)
        while len(self.history) < self.epochs and not self.is_over():
            self._between_epochs = False
            epoch = len(self.history) + 1
            row = self._train_epoch(epoch)
            if epoch.bit_count() == 1:
                self._check(epoch)
            self.history.append(row)
            self._between_epochs = True
            yield row
        self._check(len(self.history))

    def _check(self, epoch: int) -> None:
        if self._later:
            self._later.check(self.model, epoch)

    def is_over(self) -> bool:
        """Tell whether the training ends before its last epoch."""
        return False

    def finish(self) -> None:
        """Leave in the model what the training was for; it has the last weights, which may be it."""

    def history_table(self) -> pd.DataFrame:
        """List what came out by epoch, but not how fast it went."""
        return pd.DataFrame(self.history, columns=self.row._fields).drop(columns=list(self.speeds))

    def save(self, folder: Path) -> None:
        """Write all that it takes to go on, into an existing folder; the training itself is not disturbed.

        Raises:
            RuntimeError: an epoch was broken off, by an error or an interrupt.
        """
        if not self._between_epochs:
            raise RuntimeError(f"epoch {len(self.history) + 1} was broken off; save before it or not at all")
        state = collect_state(self.model, self.optimizer, self.generator) | self._more_state()
        write_checkpoint(TrainingState(self._kind, [list(row) for row in self.history], state), folder)

    def load(self, folder: Path) -> None:
        """Go on from what `save` wrote, whatever number of epochs that training was to have.

        Raises:
            ModelError: nothing whole is there, it is of another training, or it is too far; nothing has
                changed then.
        """
        kind, history, state = read_checkpoint(folder)
        if kind != self._kind:
            raise ModelError(
                f"expected a saved training of {self._kind} in {folder}, got one of {kind};"
                " go on from another one, or train from the start"
            )
        if len(history) > self.epochs:
            raise ModelError(
                f"expected a saved training of at most {self.epochs} epochs in {folder}, got one of"
                f" {len(history)}; set {self.section}.epochs to {len(history)} or more, or train from"
                " the start"
            )
        restore_state(state, self.model, self.optimizer, self.generator)
        self._restore_more(state)
        self.history = [self.row._make(values) for values in history]
        self.restored = len(history)
        self._between_epochs = True

    def _more_state(self) -> dict[str, Any]:
        """Name what else changes along the training, as tensors and what JSON can hold."""
        return {}

    def _restore_more(self, state: Mapping[str, Any]) -> None:
        """Take over what `_more_state` named, out of all that was saved."""

    @property
    def _kind(self) -> str:
        columns = ", ".join(self.row._fields)
        return f"{self.section} by {type(self.optimizer).__name__} with {columns}"

    @abstractmethod
    def _train_epoch(self, epoch: int) -> Row:
        """Go once over the data."""
