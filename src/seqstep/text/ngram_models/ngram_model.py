"""What every language model made of counts can be asked."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

#: tokens as indices: an array of shape (tokens,), or a plain sequence
Ids = np.ndarray | Sequence[int]


class NgramModel(Protocol):
    """A model of the next token; one vocabulary, `<unk>` included, over which it sums to 1."""

    @property
    def vocab(self) -> int:
        """Size of the vocabulary."""

    @property
    def parameters(self) -> int:
        """How many n-grams it keeps."""

    def probabilities(self, context: Ids) -> np.ndarray:
        """Probability of each token after a context, of which a model reads as much as it can use.

        Args:
            context: shape (tokens,), the nearest token last; may be empty.

        Returns:
            shape (vocab,), float64, sums to 1.
        """

    def log_probabilities(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """Log-probability of every token of a text after all that came before it.

        Args:
            ids: shape (tokens,).
            before: the text that `ids` goes on from; it is context only.

        Returns:
            shape (tokens,), natural logarithms; entry i belongs to `ids[i]`, -inf for probability 0.
        """
