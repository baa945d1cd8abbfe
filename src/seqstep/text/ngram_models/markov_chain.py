"""The notes' Markov chain as a language model: only the token before counts.

P(w | v) = (n(v w) + a) / (n(v ·) + a m), with m the size of the vocabulary.

With a = 0 this is `seqstep.text.markov.fit_transitions`, to which a pair that never occurred is impossible:
one such pair in a text makes its perplexity infinite. Only pairs that occur are kept, so that a vocabulary of
words needs no matrix.

Source: the notes, "Markov Models"; a = 1 is Laplace's rule of succession.
"""

import numpy as np

from seqstep.text.ngram_models.trie import count_trie
from seqstep.text.ngram_models.trie_model import Interpolation


class MarkovChain(Interpolation):
    """Probabilities of the next token from the one before it; without one all are equally likely.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices, at least 2 tokens.
        vocab: size of the vocabulary (m).
        pseudo_count: added to the count of every pair (a), >= 0.

    Raises:
        TextError: fewer than 2 tokens, or one outside the vocabulary.
    """

    def __init__(self, ids: np.ndarray, vocab: int, pseudo_count: float = 1.0) -> None:
        trie, (_, pairs) = count_trie(ids, vocab, 2)
        contexts = trie.levels[1].contexts
        seen = np.bincount(contexts, pairs, minlength=vocab)
        total = seen + pseudo_count * vocab
        # After a token that has nothing after it all are equally likely.
        weights = np.where(seen > 0, pseudo_count * vocab / np.where(total > 0, total, 1), 1.0)
        super().__init__(trie, [np.zeros(vocab), pairs / total[contexts]], [np.ones(1), weights])
