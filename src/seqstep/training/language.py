"""Training a recurrent language model: SGD, cross-entropy and clipped gradients.

Source: the notes, `train_epoch`, `grad_clipping` and `train_rnn`.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from seqstep.metrics import perplexity
from seqstep.models.language import LanguageModel
from seqstep.models.precision import precision_name
from seqstep.settings.config import RNNConfig
from seqstep.text.batches import random_batches, sequential_batches
from seqstep.training.forecaster import check_finite
from seqstep.training.minibatch import on_device
from seqstep.training.optimizers import SGD
from seqstep.training.resumable import ResumableTraining


class LanguageEpoch(NamedTuple):
    """What one epoch came to.

    Attributes:
        epoch: 1, 2, 3, …
        loss: mean negative log-probability per token, in nats, each batch before its own step.
        perplexity: exp(loss).
        tokens_per_s: tokens trained on per second of wall time.
    """

    epoch: int
    loss: float
    perplexity: float
    tokens_per_s: float


class LanguageTraining(ResumableTraining[LanguageModel, LanguageEpoch]):
    """Trains a model in place.

    Sequential minibatches carry the state on, cut off from its past; random ones start from zeros. Either
    way an epoch starts from zeros, so a saved training holds no state of the network.

    Args:
        model: on the device where it is trained.
        ids: the training text in the vocabulary's indices, shape (tokens,).
        config: batch, steps, epochs, learning rate, clip, precision and the way of the minibatches.
        seed: of the minibatches' offsets and order.
        notice: is told what the user should know.

    Raises:
        TextError: in an epoch; the text does not fill a minibatch.
        DivergenceError: in an epoch; the loss is no number any more.
    """

    section = "rnn"
    row = LanguageEpoch
    speeds = ("tokens_per_s",)

    def __init__(
        self,
        model: LanguageModel,
        ids: np.ndarray,
        config: RNNConfig,
        seed: int,
        notice: Callable[[str], object] = lambda _text: None,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        model.products = torch.bfloat16 if precision_name(config.precision) == "bfloat16" else None
        optimizer = SGD(model.parameters(), config.learning_rate)
        super().__init__(model, optimizer, self._rng, config.epochs)
        self._ids, self._config = ids, config
        self._minibatches = on_device(model, optimizer, config, notice)

    def _train_epoch(self, epoch: int) -> LanguageEpoch:
        start = time.perf_counter()
        loss, tokens = self._walk_text()
        seconds = time.perf_counter() - start
        check_finite(loss, epoch, "rnn.learning_rate or rnn.clip")
        return LanguageEpoch(epoch, loss, perplexity(loss), tokens / seconds)

    def _walk_text(self) -> tuple[float, int]:
        """Go once over the text; return the mean loss per token, in nats, and the number of tokens."""
        config, minibatches = self._config, self._minibatches
        draw = random_batches if config.random_batches else sequential_batches
        self.model.train()
        minibatches.begin()
        for inputs, labels in draw(self._ids, config.batch, config.steps, self._rng):
            if config.random_batches:
                minibatches.forget()
            minibatches.train(inputs, labels)
        return minibatches.mean_loss()
