"""Models as an ARPA file holds them: n-grams with their probability, contexts with a weight for the rest."""

from collections.abc import Sequence

import numpy as np

from seqstep.text.ngram_models.trie import ABSENT, NgramTrie
from seqstep.text.ngram_models.trie_model import TrieModel


class Backoff(TrieModel):
    """P(token | context) as listed, or else weight(context) P(token | context without its first).

    A context that is not listed has a weight of 1.

    Args:
        trie: the n-grams that are listed, each token of the vocabulary among them.
        listed: probabilities; for n = 1 … order, shape (n-grams of the level,).
        weights: for n = 1 … order, shape (n-grams of the level above,); for n = 1 of the empty context.
    """

    def __init__(self, trie: NgramTrie, listed: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        super().__init__(trie)
        # ABSENT, -1, finds the value at the end.
        self.listed = [np.append(part, 0.0) for part in listed]
        self.weights = [np.append(part, 1.0) for part in weights]

    def lengthen(self, n: int, grams: np.ndarray, contexts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """See `TrieModel`."""
        rest = self.weights[n - 1][contexts] * shorter
        return np.where(grams == ABSENT, rest, self.listed[n - 1][grams])
