"""Training a recurrent language model: SGD, cross-entropy and clipped gradients.

Source: the notes, `train_epoch`, `grad_clipping` and `train_rnn`.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from seqstep.config import RNNConfig
from seqstep.metrics import perplexity
from seqstep.models.language import LanguageModel, State, detach
from seqstep.text.batches import random_batches, sequential_batches
from seqstep.training.forecaster import check_finite


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


def fit(model: LanguageModel, ids: np.ndarray, config: RNNConfig, seed: int) -> Iterator[LanguageEpoch]:
    """Train a model in place.

    Sequential minibatches carry the state on, cut off from its past; random ones start from zeros.

    Args:
        model: on the device where it is trained.
        ids: the training text in the vocabulary's indices, shape (tokens,).
        config: batch, steps, epochs, learning rate, clip and the way of the minibatches.
        seed: of the minibatches' offsets and order.

    Raises:
        TextError: the text does not fill a minibatch.
        DivergenceError: the loss is no number any more.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(model.parameters(), config.learning_rate)
    for epoch in range(1, config.epochs + 1):
        start = time.perf_counter()
        loss, tokens = _train_epoch(model, ids, config, rng, optimizer)
        seconds = time.perf_counter() - start
        check_finite(loss, epoch, "rnn.learning_rate or rnn.clip")
        yield LanguageEpoch(epoch, loss, perplexity(loss), tokens / seconds)


def _train_epoch(
    model: LanguageModel,
    ids: np.ndarray,
    config: RNNConfig,
    rng: np.random.Generator,
    optimizer: torch.optim.Optimizer,
) -> tuple[float, int]:
    """Go once over the text; return the mean loss per token, in nats, and the number of tokens."""
    draw = random_batches if config.random_batches else sequential_batches
    model.train()
    state: State | None = None
    total, tokens = torch.zeros((), device=model.device), 0
    for inputs, labels in draw(ids, config.batch, config.steps, rng):
        if state is None or config.random_batches:
            state = model.begin_state(config.batch)
        logits, state = model(torch.tensor(inputs, dtype=torch.int64, device=model.device), detach(state))
        targets = torch.tensor(labels, dtype=torch.int64, device=model.device)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        total += loss.detach() * labels.size
        tokens += labels.size
    return total.item() / tokens, tokens
