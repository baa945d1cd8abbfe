"""Counts of n-grams and Zipf's law.

Source: the notes, "Natural Language Statistics" (unigrams, bigrams, trigrams on log-log axes).
"""

from dataclasses import dataclass

import numpy as np

from seqstep.errors import TextError
from seqstep.text.counting import Text, count_chunks
from seqstep.text.merging import Runs

_HALF, _LOWER = 32, 2**32 - 1


@dataclass(frozen=True)
class NgramCounts:
    """How often each sequence of n neighbouring tokens occurs, the most frequent first.

    Sequences of equal count keep the order in which they first appear.

    Attributes:
        order: n, the number of tokens in a sequence.
        text: the indices of all tokens; a sequence is kept as the place where it first appears.
        ranked: shape (types,), uint64: the length of the text less the count; in the lower half that place.
    """

    order: int
    text: Text
    ranked: np.ndarray

    def __len__(self) -> int:
        return len(self.ranked)

    @property
    def counts(self) -> np.ndarray:
        """Shape (types,), int64."""
        return np.subtract(len(self.text), self.ranked >> _HALF, dtype=np.int64, casting="unsafe")

    @property
    def grams(self) -> np.ndarray:
        """Shape (types, n), the indices of the tokens."""
        return self._grams(len(self))

    def top(self, rows: int) -> list[tuple[tuple[int, ...], int]]:
        """List the most common n-grams with their counts."""
        counts = NgramCounts(self.order, self.text, self.ranked[:rows]).counts
        pairs = zip(self._grams(rows).tolist(), counts.tolist(), strict=True)
        return [(tuple(gram), count) for gram, count in pairs]

    def share_once(self) -> float:
        """Share of the types that occur exactly once."""
        return float(np.mean(self.counts == 1))

    def _grams(self, rows: int) -> np.ndarray:
        first = self.ranked[:rows] & _LOWER
        return np.stack([self.text[first + place] for place in range(self.order)], axis=1)


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


def count_ngrams(text: Text, n: int, end: int | None = None) -> NgramCounts:
    """Count the n-grams of a text; see `count_ngrams_up_to`."""
    return count_ngrams_up_to(text, n, end)[-1]


def count_ngrams_up_to(text: Text, n: int, end: int | None = None) -> list[NgramCounts]:
    """Count the n-grams of 1 to n tokens, a text's chunk after the other.

    Args:
        text: indices of tokens, shape (tokens,), at least n and fewer than 2^32.
        end: the token that ends documents, if there are several; it stands inside of no n-gram.

    Raises:
        TextError: n is below 1, or there are fewer than n tokens, or too many.
    """
    if not 1 <= n <= len(text):
        raise TextError(f"expected n-grams of 1 to {len(text)} tokens (the text's length), got n = {n}")
    if len(text) >> 32:
        raise TextError(f"expected fewer than 2^32 tokens to count n-grams of, got {len(text)}; cut the text")
    runs = [Runs() for _ in range(n)]
    for chunk in count_chunks(text, n, end):
        for run, counted in zip(runs, chunk, strict=False):
            run.add(counted)
    return [NgramCounts(order, text, _rank(run, len(text))) for order, run in enumerate(runs, start=1)]


def count_ngrams_there_are(text: Text, n: int, end: int | None = None) -> list[NgramCounts]:
    """Count the n-grams of 1 to n tokens, but for lengths of which a text has none.

    Args:
        text, end: see `count_ngrams_up_to`; the text may be shorter than n.
    """
    counted = count_ngrams_up_to(text, min(n, len(text)), end) if len(text) else []
    return [counts for counts in counted if len(counts)]


def _rank(runs: Runs, tokens: int) -> np.ndarray:
    """Bring n-grams into the order of `NgramCounts`."""
    once, ranked = np.zeros(tokens, dtype=bool), [np.zeros(0, dtype=np.uint64)]
    for _, first, counts in runs.merged():
        # Most occur once; for these a mark at their place is quicker than to sort them.
        single = counts == 1
        once[first[single]] = True
        ranked.append(tokens - counts[~single] << _HALF | first[~single])
    singles = np.flatnonzero(once).astype(np.uint64) | tokens - 1 << _HALF
    return np.concatenate([np.sort(np.concatenate(ranked)), singles])


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
