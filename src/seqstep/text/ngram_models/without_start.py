"""Models whose file gives a share to the start of a sentence, which never is next."""

from collections.abc import Sequence

import numpy as np

from seqstep.text.ngram_models.backoff import Backoff
from seqstep.text.ngram_models.ngram_model import Ids
from seqstep.text.ngram_models.trie import NgramTrie

_CERTAIN = 0.999


class WithoutStart(Backoff):
    """A backed-off model in which one token is context only: the others share what it has.

    P'(token | context) = P(token | context) / (1 - P(start | context)), and P'(start | context) = 0. After
    what is always followed by the start, such as the end of a sentence, holds what is known without its first
    token.

    Args:
        start: index of that token.
        trie, listed, weights: see `Backoff`.
    """

    def __init__(
        self, trie: NgramTrie, listed: Sequence[np.ndarray], weights: Sequence[np.ndarray], start: int
    ) -> None:
        listed, weights = [part.copy() for part in listed], [part.copy() for part in weights]
        for level, shares, rests in list(zip(trie.levels, listed, weights, strict=True))[1:]:
            is_certain = (level.tokens == start) & (shares > _CERTAIN)
            shares[is_certain] = listed[0][start]
            rests[level.contexts[is_certain]] = 1
        super().__init__(trie, listed, weights)
        self.start = start

    def probabilities(self, context: Ids) -> np.ndarray:
        """See `Predictor`."""
        return self._shared(super().probabilities(context))

    def distributions(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """See `TrieModel`."""
        return self._shared(super().distributions(ids, before))

    def log_probabilities(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """See `Predictor`."""
        whole = super().log_probabilities(ids, before)
        with np.errstate(divide="ignore"):
            return np.where(
                np.asarray(ids) == self.start, -np.inf, whole - np.log1p(-self._share(ids, before))
            )

    def _shared(self, probabilities: np.ndarray) -> np.ndarray:
        """Give the start's share to the others; shape (…, vocab)."""
        others = np.where(np.arange(self.vocab) == self.start, 0.0, probabilities)
        rest = 1 - probabilities[..., self.start, np.newaxis]
        return np.asarray(others / rest, dtype=probabilities.dtype)

    def _share(self, ids: np.ndarray, before: Ids) -> np.ndarray:
        """Find what the start has in each place of a text; shape (tokens,)."""
        start, result = np.full(len(ids), self.start), np.full(len(ids), 1 / self.vocab)
        contexts = [numbers[:-1] for numbers in self._ended(ids, before)]
        for n, (level, numbers) in enumerate(zip(self.trie.levels, contexts, strict=False), start=1):
            result = self.lengthen(n, level.find(numbers, start), numbers, result)
        return result
