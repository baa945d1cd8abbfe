"""What a recurrent training does with one minibatch after the other.

A GPU does most of a minibatch's many small products and sums in less time than Python takes to launch one. So
all that they read and write stays in one place, and on a GPU they are captured once, as a graph, and
replayed as one. What a model keeps from pass to pass must stay too: between two minibatches nothing else may
take gradients through it in another shape.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.models.language import HiddenState, LanguageModel
from seqstep.settings.config import RNNConfig
from seqstep.text.document_windows import IGNORED
from seqstep.training import cuda_graph
from seqstep.training.cuda_graph import Work
from seqstep.training.gradients import differentiate
from seqstep.training.optimizers import SGD

Capture = Callable[[Work, Sequence[Tensor]], Work]


class Minibatches:
    """Trains a model in place on minibatches of one shape, and adds up their losses.

    Args:
        model: on the device where it is trained.
        optimizer: of all its parameters.
        config: batch, steps and clip.
        capture: makes a graph of work; is given the tensors that the work changes. None: there is no graph.
        notice: is told why there is none, if it can't be captured; the training goes on without.
    """

    def __init__(
        self,
        model: LanguageModel,
        optimizer: SGD,
        config: RNNConfig,
        capture: Capture | None = None,
        notice: Callable[[str], object] = lambda _text: None,
    ) -> None:
        self._model, self._optimizer, self._clip = model, optimizer, config.clip
        shape = (2, config.batch, config.steps)
        self._tokens = torch.zeros(shape, dtype=torch.int64, device=model.device)
        begin = model.begin_state(config.batch)
        self._state = tuple(part.detach().clone() for part in begin)
        #: what a model that learns its first state begins with, until the next minibatch has read it
        self._begin: HiddenState | None = None
        self._loss = torch.zeros((), device=model.device)
        self._count = torch.zeros((), dtype=torch.int64, device=model.device)
        # A graph would go back to a first state that is learned in every minibatch, or in none.
        self._capture = None if any(part.requires_grad for part in begin) else capture
        self._notice = notice
        self._replay: Work | None = None

    def begin(self) -> None:
        """Start an epoch: no loss so far, and the state of before any token."""
        self._loss.zero_()
        self._count.zero_()
        self.forget()

    def forget(self) -> None:
        """Set the state back to that of before any token."""
        begin = self._model.begin_state(self._tokens.shape[1])
        for kept, part in zip(self._state, begin, strict=True):
            kept.copy_(part.detach())
        self._begin = begin if any(part.requires_grad for part in begin) else None

    def train(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        """Take a step on one minibatch, from the state that the one before left, cut off from its past.

        Args:
            inputs, labels: indices, shape (batch, steps); a label may be IGNORED, but not all of them.
        """
        self._tokens.copy_(torch.from_numpy(np.stack((inputs, labels))), non_blocking=True)
        if self._capture:
            self._replay, self._capture = self._captured(self._capture), None
        (self._replay or self._train)()

    def mean_loss(self) -> tuple[float, int]:
        """Return the epoch's mean loss per token so far, in nats, and the number of tokens."""
        count = int(self._count.item())
        return self._loss.item() / count, count

    def _train(self) -> None:
        inputs, labels = self._tokens
        before, self._begin = self._begin or self._state, None
        logits, state = self._model(inputs, before)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        differentiate(loss, self._model)
        nn.utils.clip_grad_norm_(self._model.parameters(), self._clip)
        self._optimizer.step()
        for kept, after in zip(self._state, state, strict=True):
            kept.copy_(after.detach())
        count = (labels != IGNORED).sum()
        self._loss += loss.detach() * count
        self._count += count

    def _captured(self, capture: Capture) -> Work | None:
        try:
            own = (*self._model.parameters(), *self._model.buffers())
            return capture(self._train, [*own, *self._state, self._loss, self._count])
        except RuntimeError as error:
            self._notice(f"each of its kernels is launched by itself, for there is no CUDA graph: {error}")
            return None


def on_device(
    model: LanguageModel, optimizer: SGD, config: RNNConfig, notice: Callable[[str], object]
) -> Minibatches:
    """Make the minibatches of a training, with a graph where there is a GPU for it."""
    capture = cuda_graph.capture if model.device.type == "cuda" else None
    return Minibatches(model, optimizer, config, capture, notice)
