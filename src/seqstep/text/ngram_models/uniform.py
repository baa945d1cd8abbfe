"""Every token equally likely: what a model must beat to have learnt anything."""

import math
from dataclasses import dataclass

import numpy as np

from seqstep.text.ngram_models.ngram_model import Ids
from seqstep.text.ngram_models.trie import checked


@dataclass(frozen=True)
class Uniform:
    """P(w) = 1 / vocab.

    Args:
        vocab: size of the vocabulary.
    """

    vocab: int
    parameters = 0

    def probabilities(self, context: Ids) -> np.ndarray:
        """See `Predictor`."""
        checked(np.asarray(context, dtype=np.int64), self.vocab)
        return np.full(self.vocab, 1 / self.vocab)

    def log_probabilities(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """See `Predictor`."""
        checked(np.concatenate([np.asarray(before, dtype=np.int64), ids]), self.vocab)
        return np.full(len(ids), -math.log(self.vocab))
