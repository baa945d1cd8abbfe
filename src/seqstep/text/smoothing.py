"""A trigram model with the notes' Laplace smoothing.

P(x)       = (n(x)       + e1 / m)    / (n + e1)
P(x'|x)    = (n(x,x')    + e2 P(x'))  / (n(x,·) + e2)
P(x''|x,x')= (n(x,x',x'')+ e3 P(x'')) / (n(x,x',·) + e3)

n(x,·) counts x as a context, with something after it, and m is the vocabulary's size with `<unk>`;
so each of the three sums to 1 over the vocabulary.

Source: the notes, "Language Models".
"""

from collections.abc import Sequence

import numpy as np

from seqstep.errors import TextError
from seqstep.text.ngrams import count_ngrams, pack


class LaplaceTrigram:
    """Probabilities of the next token from the two before it.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices, at least 3 tokens.
        vocab: size of the vocabulary (m).
        epsilon: the three weights e1, e2, e3, as counts.
        end: the token that ends documents, if there are several; of what is before it nothing is seen.

    Raises:
        TextError: fewer than 3 tokens.
    """

    def __init__(
        self,
        ids: np.ndarray,
        vocab: int,
        epsilon: tuple[float, float, float] = (1.0, 1.0, 1.0),
        end: int | None = None,
    ) -> None:
        if len(ids) < 3:
            raise TextError(f"expected at least 3 tokens to count trigrams of, got {len(ids)}")
        self.vocab, self.epsilon, self._end = vocab, epsilon, end
        self._counts = {n: _Lookup(ids, n, vocab, end) for n in (1, 2, 3)}
        # The last token (and pair) has nothing after it, so it is not a context.
        self._contexts = {n: _Lookup(ids[:-1], n, vocab, end) for n in (1, 2)}
        self._tokens = len(ids)

    @property
    def types(self) -> int:
        """How many different n-grams were counted, of all three lengths."""
        return sum(len(lookup.keys) for lookup in self._counts.values())

    def probability(self, grams: np.ndarray | Sequence[Sequence[int]]) -> np.ndarray:
        """Probability of the last token of each n-gram after the ones before it.

        Args:
            grams: shape (grams, n), indices below `vocab`; n = 1, 2 or 3.

        Returns:
            shape (grams,), float64.

        Raises:
            TextError: n is not 1, 2 or 3.
        """
        grams = np.asarray(grams, dtype=np.int64)
        n = grams.shape[1]
        if n == 1:
            e1 = self.epsilon[0]
            return np.asarray((self._counts[1](grams) + e1 / self.vocab) / (self._tokens + e1))
        if n not in (2, 3):
            raise TextError(f"a trigram model knows 1-, 2- and 3-grams, got n = {n}")
        if n == 3 and (ended := grams[:, 1] == self._end).any():
            result = np.empty(len(grams))
            result[ended], result[~ended] = self.probability(grams[ended, 1:]), self._longer(grams[~ended])
            return result
        return self._longer(grams)

    def _longer(self, grams: np.ndarray) -> np.ndarray:
        """Mix what was seen after the whole context of n-grams, n = 2 or 3, with the unigrams."""
        n = grams.shape[1]
        weight = self.epsilon[n - 1]
        prior = self.probability(grams[:, -1:])
        context = self._contexts[n - 1](grams[:, :-1])
        return np.asarray((self._counts[n](grams) + weight * prior) / (context + weight))

    def log_probabilities(self, ids: np.ndarray) -> np.ndarray:
        """Log-probability of every token after the first, from the one or two before it.

        Args:
            ids: shape (tokens,), at least 2 tokens.

        Returns:
            shape (tokens - 1,), natural logarithms; entry i belongs to `ids[i + 1]`.
        """
        pairs = self.probability(ids[None, :2])
        if len(ids) == 2:
            return np.log(pairs)
        triples = np.lib.stride_tricks.sliding_window_view(ids, 3)
        return np.log(np.concatenate([pairs, self.probability(triples)]))

    def log_probability(self, ids: np.ndarray) -> float:
        """Log-probability of a whole text by the chain rule: P(x1) P(x2|x1) P(x3|x1,x2) and so on."""
        first = float(np.log(self.probability(ids[None, :1])).sum())
        return first + (float(self.log_probabilities(ids).sum()) if len(ids) > 1 else 0.0)


class _Lookup:
    """Counts of the n-grams of a text, asked for many at once."""

    def __init__(self, ids: np.ndarray, n: int, vocab: int, end: int | None) -> None:
        counted = count_ngrams(ids, n, end)
        self.base = vocab
        self.keys, self.counts = _sorted_by_key(pack(counted.grams, vocab), counted.counts)

    def __call__(self, grams: np.ndarray) -> np.ndarray:
        """Counts of n-grams, 0 for those that never occurred.

        Args:
            grams: shape (grams, n).

        Returns:
            shape (grams,), int64.
        """
        if not len(self.keys):
            return np.zeros(len(grams), dtype=np.int64)
        asked = pack(grams, self.base)
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return np.where(self.keys[place] == asked, self.counts[place], 0)


def _sorted_by_key(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order counts by their packed n-gram, for a binary search.

    Raises:
        TextError: a vocabulary too large for its n-grams to be packed into 63 bits.
    """
    if keys.ndim != 1:
        raise TextError("the vocabulary is too large for a smoothed trigram model: at most 2^21 types")
    order = np.argsort(keys)
    return keys[order], counts[order]
