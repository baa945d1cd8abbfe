"""What a recurrent training does with one minibatch after the other.

A GPU does most of a minibatch's two hundred small products and sums in less time than Python takes to launch
one. So all that they read and write stays in one place, and on a GPU they are captured once, as a graph, and
replayed as one.
"""

import logging
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.config import RNNConfig
from seqstep.models.language import LanguageModel
from seqstep.training.cuda_graph import Work, capture
from seqstep.training.optimizers import SGD

logger = logging.getLogger(__name__)

Capture = Callable[[Work, Sequence[Tensor]], Work]


class Minibatches:
    """Trains a model in place on minibatches of one shape, and adds up their losses.

    Args:
        model: on the device where it is trained.
        optimizer: of all its parameters.
        config: batch, steps and clip.
        capture: makes of work and the tensors that it changes what is to be done instead; None does the work
            itself, which a GPU's graph stands in for.
    """

    def __init__(
        self, model: LanguageModel, optimizer: SGD, config: RNNConfig, capture: Capture | None = None
    ) -> None:
        self._model, self._optimizer, self._clip = model, optimizer, config.clip
        shape = (config.batch, config.steps)
        self._inputs = torch.zeros(shape, dtype=torch.int64, device=model.device)
        self._labels = torch.zeros_like(self._inputs)
        self._state = tuple(part.clone() for part in model.begin_state(config.batch))
        self._loss = torch.zeros((), device=model.device)
        self._count = 0
        self._capture, self._do = capture, self._train

    def begin(self) -> None:
        """Start an epoch: no loss so far, and the state of before any token."""
        self._loss.zero_()
        self._count = 0
        self.forget()

    def forget(self) -> None:
        """Set the state back to zeros, as before any token."""
        for part in self._state:
            part.zero_()

    def train(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        """Take a step on one minibatch, from the state that the one before left, cut off from its past.

        Args:
            inputs, labels: indices, shape (batch, steps).
        """
        self._inputs.copy_(torch.tensor(inputs, dtype=torch.int64))
        self._labels.copy_(torch.tensor(labels, dtype=torch.int64))
        if self._capture:
            self._do, self._capture = self._captured(self._capture), None
        self._do()
        self._count += labels.size

    def mean_loss(self) -> tuple[float, int]:
        """Return the epoch's mean loss per token so far, in nats, and the number of tokens."""
        return self._loss.item() / self._count, self._count

    def _train(self) -> None:
        logits, state = self._model(self._inputs, self._state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self._labels.flatten())
        self._model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._optimizer.step()
        for kept, after in zip(self._state, state, strict=True):
            kept.copy_(after.detach())
        self._loss += loss.detach() * self._labels.numel()

    def _captured(self, capture: Capture) -> Work:
        try:
            return capture(self._train, [*self._model.parameters(), *self._state, self._loss])
        except RuntimeError as error:
            logger.warning("no CUDA graph of this training, so each of its kernels is launched: %s", error)
            return self._train


def on_device(model: LanguageModel, optimizer: SGD, config: RNNConfig) -> Minibatches:
    """Make the minibatches of a training as its device takes them fastest."""
    return Minibatches(model, optimizer, config, capture if model.device.type == "cuda" else None)
