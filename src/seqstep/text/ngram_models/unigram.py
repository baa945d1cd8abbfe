"""How frequent each token is, whatever stands before it.

P(w) = (n(w) + e / m) / (n + e), with m the size of the vocabulary.

Source: the notes, "Language Models", the first of the smoothed estimates.
"""

import numpy as np

from seqstep.text.ngram_models.trie import count_trie
from seqstep.text.ngram_models.trie_model import Interpolation


class Unigram(Interpolation):
    """Probabilities of tokens by their frequency.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices, at least 1 token.
        vocab: size of the vocabulary (m).
        epsilon: weight of the uniform distribution, as a count (e).
        end: the token that ends documents, if there are several; see `count_trie`.

    Raises:
        TextError: no token, or one outside the vocabulary.
    """

    def __init__(self, ids: np.ndarray, vocab: int, epsilon: float = 1.0, end: int | None = None) -> None:
        trie, (counts,) = count_trie(ids, vocab, 1, end)
        total = int(counts.sum()) + epsilon
        super().__init__(trie, [counts / total], [np.array([epsilon / total])])
