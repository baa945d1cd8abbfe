"""Witten–Bell smoothing: the more kinds of tokens follow a context, the less its counts are trusted.

P(w | c) = (n(c w) + t(c) P(w | c')) / (n(c ·) + t(c))

n(c ·) counts c with something after it, t(c) how many different tokens follow, c' is c without its
first token; after the empty context comes the uniform distribution over the vocabulary.

Source: Witten and Bell, "The Zero-Frequency Problem" (1991), method C, as Chen and Goodman (1998)
interpolate it.
"""

import numpy as np

from seqstep.text.ngram_models.trie import count_trie
from seqstep.text.ngram_models.trie_model import Interpolation


class WittenBell(Interpolation):
    """Probabilities of the next token from up to `order - 1` before it.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices.
        vocab: size of the vocabulary.
        order: length of the longest n-grams that are counted.
        end: the token that ends documents, if there are several; see `count_trie`.

    Raises:
        TextError: no order from 1 to the number of tokens, or a token outside the vocabulary.
    """

    def __init__(self, ids: np.ndarray, vocab: int, order: int, end: int | None = None) -> None:
        trie, counted = count_trie(ids, vocab, order, end)
        direct, weights = [], []
        for contexts, level, counts in zip(trie.contexts(), trie.levels, counted, strict=True):
            seen = np.bincount(level.contexts, counts, minlength=contexts)
            kinds = np.bincount(level.contexts, counts > 0, minlength=contexts)
            direct.append(counts / (seen + kinds)[level.contexts])
            # What ends the text has nothing after it and is no context: all goes to the shorter one.
            weights.append(np.where(kinds > 0, kinds / np.maximum(seen + kinds, 1), 1.0))
        super().__init__(trie, direct, weights)
