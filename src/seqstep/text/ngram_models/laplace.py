"""The notes' smoothed trigram, asked as the other models are."""

import numpy as np

from seqstep.text.ngram_models.ngram_model import Ids
from seqstep.text.ngram_models.trie import checked
from seqstep.text.smoothing import LaplaceTrigram


class Laplace:
    """Probabilities of the next token from the two before it.

    Its trigrams go straight back to the unigrams, so it is no chain from short contexts to long ones, and
    there is no ARPA file of it.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices, at least 3 tokens.
        vocab: size of the vocabulary.
        epsilon: weights of the shorter model for uni-, bi- and trigrams, as counts.
        end: the token that ends documents, if there are several.

    Raises:
        TextError: fewer than 3 tokens, or one outside the vocabulary.
    """

    def __init__(
        self,
        ids: np.ndarray,
        vocab: int,
        epsilon: tuple[float, float, float] = (1.0, 1.0, 1.0),
        end: int | None = None,
    ) -> None:
        self.vocab = vocab
        self._trigram = LaplaceTrigram(checked(ids, vocab), vocab, epsilon, end)

    @property
    def parameters(self) -> int:
        """How many n-grams it keeps, of all lengths."""
        return self._trigram.types

    def probabilities(self, context: Ids) -> np.ndarray:
        """See `Predictor`."""
        near = checked(np.asarray(context, dtype=np.int64), self.vocab)[-2:]
        every = np.arange(self.vocab)[:, None]
        return self._trigram.probability(np.hstack([np.tile(near, (self.vocab, 1)), every]))

    def log_probabilities(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """See `Predictor`."""
        context = np.asarray(before, dtype=np.int64)[-2:]
        text = checked(np.concatenate([context, ids]), self.vocab)
        first = np.log(self._trigram.probability(text[None, :1])) if len(text) else np.empty(0)
        later = self._trigram.log_probabilities(text) if len(text) > 1 else np.empty(0)
        return np.concatenate([first, later])[len(context) :]
