"""Minibatches of a text: sequences of equal length and, as labels, the same one token later.

Source: the notes, "Random Sampling" and the sequential partitioning after it.
"""

from collections.abc import Iterator

import numpy as np

from seqstep.errors import TextError

Batch = tuple[np.ndarray, np.ndarray]


def check_length(tokens: int, batch: int, steps: int, section: str = "rnn") -> None:
    """Make sure that a text fills a minibatch at every offset.

    Args:
        section: of the settings that batch and steps stand in.

    Raises:
        TextError: too few tokens.
    """
    needed = batch * steps + steps
    if tokens < needed:
        raise TextError(
            f"expected at least {needed} tokens for minibatches of {batch} sequences × {steps} steps,"
            f" got {tokens}; take a longer text, or lower {section}.batch or {section}.steps"
        )


def random_batches(ids: np.ndarray, batch: int, steps: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Cut a text, from a random offset on, into sequences and deal them out in random order.

    Args:
        ids: shape (tokens,).
        batch: sequences per minibatch.
        steps: tokens per sequence.
        rng: draws the offset (0 to steps - 1) and the order.

    Yields:
        inputs and labels, each of shape (batch, steps); a label is the token after its input.

    Raises:
        TextError: too few tokens for one minibatch.
    """
    check_length(len(ids), batch, steps)
    ids = ids[int(rng.integers(steps)) :]
    sequences = (len(ids) - 1) // steps
    inputs = ids[: sequences * steps].reshape(sequences, steps)
    labels = ids[1 : sequences * steps + 1].reshape(sequences, steps)
    order = rng.permutation(sequences)
    for start in range(0, sequences - batch + 1, batch):
        chosen = order[start : start + batch]
        yield inputs[chosen], labels[chosen]


def sequential_batches(
    ids: np.ndarray, batch: int, steps: int, rng: np.random.Generator, section: str = "rnn"
) -> Iterator[Batch]:
    """Cut a text, from a random offset on, into `batch` long rows and walk along them.

    Sequence i of a minibatch goes on where sequence i of the minibatch before ended, so that a
    state can be carried over.

    Args:
        ids: shape (tokens,).
        batch: sequences per minibatch.
        steps: tokens per sequence.
        rng: draws the offset (0 to steps - 1).
        section: of the settings that batch and steps stand in, for messages.

    Yields:
        inputs and labels, each of shape (batch, steps); a label is the token after its input.

    Raises:
        TextError: too few tokens for one minibatch.
    """
    check_length(len(ids), batch, steps, section)
    ids = ids[int(rng.integers(steps)) :]
    columns = (len(ids) - 1) // batch
    inputs = ids[: columns * batch].reshape(batch, columns)
    labels = ids[1 : columns * batch + 1].reshape(batch, columns)
    for start in range(0, columns - steps + 1, steps):
        yield inputs[:, start : start + steps], labels[:, start : start + steps]
