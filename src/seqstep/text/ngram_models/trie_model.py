"""Models that go from short contexts to long ones: interpolated and backed off."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from seqstep.text.ngram_models.ngram_model import Ids
from seqstep.text.ngram_models.trie import ABSENT, NgramTrie, checked


class TrieModel(ABC):
    """A model whose P(token | n - 1 tokens) is made of P(token | n - 2 tokens); the first is uniform.

    Args:
        trie: the n-grams that it knows.
    """

    def __init__(self, trie: NgramTrie) -> None:
        self.trie = trie

    @property
    def vocab(self) -> int:
        """Size of the vocabulary."""
        return self.trie.vocab

    @property
    def parameters(self) -> int:
        """How many n-grams it keeps, of all lengths."""
        return sum(map(len, self.trie.levels))

    @property
    def order(self) -> int:
        """One more than the number of tokens that it looks back."""
        return self.trie.order

    @abstractmethod
    def lengthen(self, n: int, grams: np.ndarray, contexts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """Go from P(token | n - 2 tokens) to P(token | n - 1 tokens).

        Args:
            n: 1 to order.
            grams: shape (tokens,), numbers of context and token together, or ABSENT.
            contexts: shape (tokens,) or (1,), numbers of the n - 1 tokens, or ABSENT.
            shorter: shape (tokens,), P(token | n - 2 tokens).

        Returns:
            shape (tokens,).
        """

    def probabilities(self, context: Ids) -> np.ndarray:
        """See `Predictor`."""
        context = checked(np.asarray(context, dtype=np.int64), self.vocab)
        ended = self.trie.follow(_last(context, self.order - 1))
        result = np.full(self.vocab, 1 / self.vocab)
        for n, level in enumerate(self.trie.levels, start=1):
            node = ended[n - 1][-1:]
            if node[0] == ABSENT:
                break
            continuing = level.following(int(node[0]))
            grams = np.full(self.vocab, ABSENT)
            grams[level.tokens[continuing]] = np.arange(continuing.start, continuing.stop)
            result = self.lengthen(n, grams, node, result)
        return result

    def log_probabilities(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """See `Predictor`."""
        ended = self._ended(ids, before)
        result = np.full(len(ids), 1 / self.vocab)
        for n in range(1, self.order + 1):
            result = self.lengthen(n, ended[n][1:], ended[n - 1][:-1], result)
        with np.errstate(divide="ignore"):
            return np.log(result)

    def distributions(self, ids: np.ndarray, before: Ids = ()) -> np.ndarray:
        """Find the probability of every token in every place of a text, after all that came before it there.

        Args:
            ids, before: see `log_probabilities`.

        Returns:
            shape (tokens, vocab), float32; each row sums to 1.
        """
        contexts = [numbers[:-1] for numbers in self._ended(ids, before)]
        result = np.empty((len(ids), self.vocab), dtype=np.float32)
        for token in range(self.vocab):
            probabilities = np.full(len(ids), 1 / self.vocab)
            for n, (level, numbers) in enumerate(zip(self.trie.levels, contexts, strict=False), start=1):
                grams = level.find(numbers, np.full(len(ids), token))
                probabilities = self.lengthen(n, grams, numbers, probabilities)
            result[:, token] = probabilities
        return result

    def _ended(self, ids: np.ndarray, before: Ids) -> list[np.ndarray]:
        """Find the n-grams that end in each place of a text; see `NgramTrie.follow`."""
        context = _last(np.asarray(before, dtype=np.int64), self.order - 1)
        ended = self.trie.follow(checked(np.concatenate([context, ids]), self.vocab))
        return [numbers[len(context) :] for numbers in ended]


class Interpolation(TrieModel):
    """P(token | context) = direct(context token) + weight(context) P(token | context without its first).

    The n-grams of the trie have a direct part of their own, and its contexts a weight; an n-gram that it
    does not hold has a direct part of 0, a context that it does not hold a weight of 1.

    Args:
        trie: the n-grams that the model knows.
        direct: for n = 1 … order, shape (n-grams of the level,).
        weights: for n = 1 … order, shape (n-grams of the level above,); for n = 1 of the empty context.
    """

    def __init__(self, trie: NgramTrie, direct: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> None:
        super().__init__(trie)
        # ABSENT, -1, finds the value at the end.
        self.direct = [np.append(part, 0.0) for part in direct]
        self.weights = [np.append(part, 1.0) for part in weights]

    def lengthen(self, n: int, grams: np.ndarray, contexts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """See `TrieModel`."""
        return np.asarray(self.direct[n - 1][grams] + self.weights[n - 1][contexts] * shorter)


def _last(ids: np.ndarray, tokens: int) -> np.ndarray:
    return ids[max(0, len(ids) - tokens) :]
