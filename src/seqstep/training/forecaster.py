"""Training a forecaster: Adam and the squared error.

Source: the notes, `train_model`. The "loss" that they print is the batch's sum times the batch size over
the set, that is 20 × the mean squared error; here it is the mean squared error itself.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.errors import DivergenceError
from seqstep.models.mlp import MLP
from seqstep.models.mlp_gradient import squared_error
from seqstep.series.scaling import Scaling
from seqstep.series.windows import Windows, make_windows, split_windows, training_windows
from seqstep.settings.config import MLPConfig
from seqstep.training.definition import LaterCheck, find_difference
from seqstep.training.forecaster_ways import (
    WindowBatch,
    defined_squared_error,
    forecaster_probes,
    forecaster_ways,
)
from seqstep.training.optimizers import Adam
from seqstep.training.resumable import ResumableTraining


class ForecasterData(NamedTuple):
    """Scaled windows for training and validation, and the scaling that was fitted on the former."""

    train: Windows
    valid: Windows
    scaling: Scaling


def prepare(values: np.ndarray, config: MLPConfig, scale: Literal["none", "standard"]) -> ForecasterData:
    """Scale a series by what is known in its training part, cut it into windows, and split these.

    Args:
        values: observed values, shape (steps,).
        config: window and share of the training part.

    Raises:
        WindowError: the window or the split does not fit the series.
    """
    count = training_windows(len(values), config.window, config.train_share)
    scaling = Scaling.fit(values[: count + config.window], scale)
    train, valid = split_windows(make_windows(scaling.apply(values), config.window), count)
    return ForecasterData(train, valid, scaling)


class ForecasterEpoch(NamedTuple):
    """What one epoch came to.

    Attributes:
        epoch: 1, 2, 3, …
        train_mse: mean over the epoch's minibatches, each before its own step; scaled units, squared.
        valid_mse: after the epoch, over the validation windows; scaled units, squared.
    """

    epoch: int
    train_mse: float
    valid_mse: float


class ForecasterTraining(ResumableTraining[MLP, ForecasterEpoch]):
    """Trains a model in place, shuffling the windows anew in each epoch.

    Gradients are those of the pass written by hand, if it does what the model's definition says; else of
    that.

    Args:
        model: on the device where it is trained.
        train: scaled windows, float32.
        valid: scaled windows, float32.
        config: batch, epochs and learning rate.
        seed: of the shuffling.
        notice: is told what the user should know.

    Raises:
        DivergenceError: in an epoch; the loss is no number any more.
        ModelError: along the way; the pass by hand parts from the model's definition.
    """

    section = "mlp"
    row = ForecasterEpoch

    def __init__(
        self,
        model: MLP,
        train: Windows,
        valid: Windows,
        config: MLPConfig,
        seed: int,
        notice: Callable[[str], object] = lambda _text: None,
    ) -> None:
        self._shuffle = torch.Generator().manual_seed(seed)
        optimizer = Adam(model.parameters(), config.learning_rate)
        super().__init__(model, optimizer, self._shuffle, config.epochs)
        device = next(model.parameters()).device
        self._train, self._valid, self._batch = _to(device, train), _to(device, valid), config.batch
        self._squared_error, self._later = defined_squared_error, None
        if not model.by_hand:
            return
        batches = self._minibatches(self._shuffle.clone_state())
        own = [batches[0], batches[-1]]  # the last one may be smaller
        trained = forecaster_ways(*own[0], in_training=True)
        difference = find_difference(model, forecaster_probes(own), trained)
        if difference:
            notice(difference)
        else:
            self._squared_error = squared_error
            self._later = LaterCheck(model, [forecaster_ways(*batch) for batch in own])

    def _train_epoch(self, epoch: int) -> ForecasterEpoch:
        train_mse, valid_mse = self._walk_windows(), self._validate()
        check_finite(train_mse, epoch, "mlp.learning_rate")
        # The last step, or a value that only validates, shows here alone.
        check_finite(valid_mse, epoch, "mlp.learning_rate")
        return ForecasterEpoch(epoch, train_mse, valid_mse)

    def _walk_windows(self) -> float:
        """Go once over the training windows; return the mean squared error."""
        self.model.train()
        labels = self._train[1]
        total = torch.zeros((), device=labels.device)
        for windows, following in self._minibatches(self._shuffle):
            # The sum, not the mean, is what the notes differentiate; Adam hardly tells them apart.
            total += self._squared_error(self.model, windows, following)
            self.optimizer.step()
        return total.item() / len(labels)

    def _minibatches(self, shuffle: torch.Generator) -> list[WindowBatch]:
        """Cut the training windows, in an order that is drawn, into minibatches."""
        inputs, labels = self._train
        order = torch.randperm(len(labels), generator=shuffle).to(labels.device)
        return list(zip(inputs[order].split(self._batch), labels[order].split(self._batch), strict=True))

    def _validate(self) -> float:
        """Return the mean squared error over the validation windows."""
        inputs, labels = self._valid
        self.model.eval()
        with torch.inference_mode():
            return nn.functional.mse_loss(self.model(inputs), labels).item()


def check_finite(loss: float, epoch: int, setting: str) -> None:
    """Stop a training whose loss left the real numbers.

    Raises:
        DivergenceError: the loss is infinite or not a number.
    """
    if not loss - loss == 0:
        raise DivergenceError(
            f"the loss became {loss} at epoch {epoch}; try a smaller {setting}, or look for"
            " extreme values in the data"
        )


def _to(device: torch.device, windows: Windows) -> tuple[Tensor, Tensor]:
    """Copy windows to a device."""
    return (
        torch.tensor(windows.features, dtype=torch.float32, device=device),
        torch.tensor(windows.labels, dtype=torch.float32, device=device),
    )
