"""Training a recurrent language model: SGD, cross-entropy and clipped gradients.

Source: the notes, `train_epoch`, `grad_clipping` and `train_rnn`.
"""

import copy
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqstep.metrics import perplexity
from seqstep.models.language import LanguageModel
from seqstep.models.precision import precision_name
from seqstep.settings.config import RNNConfig
from seqstep.text.batches import Batch, random_batches, sequential_batches
from seqstep.text.document_windows import DocumentWindows
from seqstep.training.definition import LaterCheck, find_difference
from seqstep.training.forecaster import check_finite
from seqstep.training.language_ways import language_probes, language_ways, later_ways, random_tokens
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

    Sequential minibatches carry the state on, cut off from its past; random ones start from zeros, and so do
    those of a text of documents, which are windows on these in random order. In every case an epoch starts
    from zeros, so a saved training holds no state of the network. Gradients are those of the pass written by
    hand, if the model has one and it does what the model's definition says; else of that.

    Args:
        model: on the device where it is trained.
        ids: the training text in the vocabulary's indices, shape (tokens,).
        config: batch, steps, epochs, learning rate, clip, precision and the way of the minibatches.
        seed: of the minibatches' offsets and order.
        notice: is told what the user should know.
        end: the token that ends documents, if there are several.

    Raises:
        TextError: the text does not fill a minibatch.
        DivergenceError: in an epoch; the loss is no number any more.
        ModelError: along the way; the pass by hand parts from the model's definition.
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
        end: int | None = None,
    ) -> None:
        self._rng, self._ids, self._config = np.random.default_rng(seed), ids, config
        self._windows = None if end is None else DocumentWindows(ids, end, config.steps)
        model.products = torch.bfloat16 if precision_name(config.precision) == "bfloat16" else None
        self._later = None
        if model.by_hand:
            tokens = self._first_minibatch()
            trained = language_ways(random_tokens(model, config.batch, config.steps), 1.0, model.products)
            difference = find_difference(model, language_probes(model, tokens), trained)
            if difference:
                model.by_hand = False
                notice(difference)
            else:
                self._later = LaterCheck(model, later_ways(tokens))
        if not model.by_hand:
            # To round the factors of each step's product again takes longer than it saves.
            model.products = None
        optimizer = SGD(model.parameters(), config.learning_rate)
        super().__init__(model, optimizer, self._rng, config.epochs)
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
        self.model.train()
        minibatches.begin()
        for inputs, labels in self._draw(self._rng):
            if config.random_batches or self._windows:
                minibatches.forget()
            minibatches.train(inputs, labels)
        return minibatches.mean_loss()

    def _draw(self, rng: np.random.Generator) -> Iterator[Batch]:
        config = self._config
        if self._windows:
            return map(self._windows.read, self._windows.deal(config.batch, rng))
        draw = random_batches if config.random_batches else sequential_batches
        return draw(self._ids, config.batch, config.steps, rng)

    def _first_minibatch(self) -> Tensor:
        """Return the inputs and labels with which the training will begin, shape (2, batch, steps)."""
        inputs, labels = next(self._draw(copy.deepcopy(self._rng)))
        return torch.from_numpy(np.stack((inputs, labels)).astype(np.int64))
