"""Counts of n-grams and Zipf's law.

Source: the notes, "Natural Language Statistics" (unigrams, bigrams, trigrams on log-log axes).
"""

from dataclasses import dataclass

import numpy as np

from seqstep.errors import TextError


@dataclass(frozen=True)
class NgramCounts:
    """How often each sequence of n neighbouring tokens occurs, the most frequent first.

    Sequences of equal count keep the order in which they first appear.

    Attributes:
        grams: shape (types, n), the indices of the tokens.
        counts: shape (types,), int64.
    """

    grams: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def order(self) -> int:
        """n, the number of tokens in a sequence."""
        return int(self.grams.shape[1])

    def top(self, rows: int) -> list[tuple[tuple[int, ...], int]]:
        """List the most common n-grams with their counts."""
        pairs = zip(self.grams[:rows].tolist(), self.counts[:rows].tolist(), strict=True)
        return [(tuple(gram), count) for gram, count in pairs]

    def share_once(self) -> float:
        """Share of the types that occur exactly once."""
        return float(np.mean(self.counts == 1))


@dataclass(frozen=True)
class ZipfFit:
    """The line log n = slope · log rank + intercept, and the ranks that it was fitted on."""

    slope: float
    intercept: float
    first_rank: int
    last_rank: int

    def frequency(self, rank: np.ndarray) -> np.ndarray:
        """Frequency that the line gives to each rank."""
        return np.asarray(np.exp(self.intercept) * rank**self.slope)


def count_ngrams(ids: np.ndarray, n: int) -> NgramCounts:
    """Count the n-grams of a sequence.

    Args:
        ids: shape (tokens,), indices of tokens.
        n: length of the sequences, >= 1.

    Raises:
        TextError: n is below 1, or there are fewer than n tokens.
    """
    if not 1 <= n <= len(ids):
        raise TextError(f"expected n-grams of 1 to {len(ids)} tokens (the text's length), got n = {n}")
    windows = np.lib.stride_tricks.sliding_window_view(ids.astype(np.int64), n)
    keys = pack(windows, int(ids.max()) + 1)
    axis = None if keys.ndim == 1 else 0
    _, first, counts = np.unique(keys, return_index=True, return_counts=True, axis=axis)
    order = np.lexsort((first, -counts))
    return NgramCounts(windows[first[order]], counts[order])


def pack(grams: np.ndarray, base: int) -> np.ndarray:
    """Write each n-gram as one number in a base where that fits in 63 bits, else leave it.

    Args:
        grams: shape (grams, n), each entry below `base`.

    Returns:
        shape (grams,), int64; or `grams` itself.
    """
    n = grams.shape[1]
    if base**n >= 2**63:
        return grams
    powers = np.array([base**power for power in reversed(range(n))], dtype=np.int64)
    return np.asarray(grams @ powers)


def fit_zipf(counts: np.ndarray, first_rank: int = 10) -> ZipfFit:
    """Fit Zipf's line by least squares on the logarithms.

    The line starts at `first_rank`, for the first few words are exceptions, and ends at the last rank
    that occurs more than once, for the long tail of single ones is a step and not a slope. Where that
    leaves fewer than two ranks, all are taken.

    Args:
        counts: shape (types,), descending.

    Returns:
        a slope of nan where there is only one rank.
    """
    first, last = first_rank, int(np.count_nonzero(counts > 1))
    if last - first < 1:
        first, last = 1, len(counts)
    ranks = np.arange(first, last + 1)
    if len(ranks) < 2:
        return ZipfFit(float("nan"), float("nan"), first, last)
    slope, intercept = np.polyfit(np.log(ranks), np.log(counts[first - 1 : last]), deg=1)
    return ZipfFit(float(slope), float(intercept), first, last)
