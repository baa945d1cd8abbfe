"""How far a figure on a text may be off by chance: the bootstrap over blocks of the text.

Neighbouring tokens are easy or hard together (a rare name, a quotation), so it is blocks that are drawn, not
tokens. An interval says how the figure would vary over other texts of the same kind; it knows nothing of how
other trainings of the same model would differ.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), percentile intervals.
"""

from typing import NamedTuple

import numpy as np

from seqstep.errors import ConfigError, TextError
from seqstep.metrics import perplexity


class Interval(NamedTuple):
    """The ends of an interval, in the unit of the figure."""

    low: float
    high: float


def perplexity_interval(
    log_probabilities: np.ndarray, block: int = 100, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Find between which values a perplexity lies when blocks of the text are drawn anew.

    For two models on the same text, a's log-probabilities minus b's give the interval of
    perplexity(a) / perplexity(b); all of it below 1 means that a is better by more than chance.

    Args and errors: see `loss_interval`.
    """
    low, high = loss_interval(log_probabilities, block, level, resamples, seed)
    return Interval(perplexity(low), perplexity(high))


def loss_interval(
    log_probabilities: np.ndarray, block: int = 100, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Find between which values the mean loss lies when blocks of the text are drawn anew.

    The text is cut into blocks; as many as there are are drawn with replacement, and the loss of what was
    drawn is weighted by tokens. The ends are percentiles of that. With few blocks (fewer than about 20) the
    interval is too narrow.

    Args:
        log_probabilities: natural logarithms, shape (tokens,), in the order of the text.
        block: tokens of a block; the last one may be shorter.
        level: share of the draws that lie between the ends.
        resamples: how many texts are drawn.
        seed: of the draws; the same one draws the same blocks of texts of equal length.

    Returns:
        in nats per token; infinite ends where tokens had the probability 0.

    Raises:
        TextError: fewer than two blocks, or a value that is not a number.
        ConfigError: a block, a level or a number of resamples that can't be.
    """
    if block < 1 or resamples < 1 or not 0 < level < 1:
        raise ConfigError(
            "expected a block and resamples of at least 1 and a level between 0 and 1,"
            f" got {block}, {resamples} and {level}"
        )
    check_blocks(len(log_probabilities), block)
    starts = np.arange(0, len(log_probabilities), block)
    if np.isnan(log_probabilities).any():
        raise TextError(f"expected log-probabilities, got nan among {len(log_probabilities)}")
    losses = np.add.reduceat(-log_probabilities, starts)
    lengths = np.diff(starts, append=len(log_probabilities))
    rng = np.random.default_rng(seed)
    draws = (rng.integers(len(starts), size=len(starts)) for _ in range(resamples))
    means = [losses[drawn].sum() / lengths[drawn].sum() for drawn in draws]
    # An observed value each, so that the ends of a perplexity are those of its loss.
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return Interval(float(low), float(high))


def check_blocks(tokens: int, block: int) -> None:
    """See that a text has two blocks at least, the last one of which may be shorter.

    Raises:
        TextError: it has one or none.
    """
    if tokens <= block:
        raise TextError(
            f"expected a test part of at least two blocks of {block} tokens, got {tokens} tokens; lower"
            " comparison.block (of words comparison.word_block), take a longer text, or test on more of it:"
            " comparison.test_share, for the start of the text language.test_tokens"
        )
