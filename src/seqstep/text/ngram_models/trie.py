"""The n-grams of a text as a trie in sorted arrays: many are looked up at once, of any length.

An n-gram is a node: its number is its place among the n-grams of its length. It is written as

    key = number of its first n - 1 tokens × vocab + its last token,

so keys fit into 63 bits whatever n is, and what follows a context stands side by side.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from seqstep.errors import TextError

#: the number of an n-gram that the trie does not hold
ABSENT = -1


@dataclass(frozen=True)
class Level:
    """The distinct n-grams of one length.

    Attributes:
        keys: shape (types,), int64, ascending.
        vocab: size of the vocabulary.
    """

    keys: np.ndarray
    vocab: int

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def contexts(self) -> np.ndarray:
        """Number, one level up, of each n-gram without its last token; shape (types,)."""
        return np.asarray(self.keys // self.vocab)

    @cached_property
    def tokens(self) -> np.ndarray:
        """Last token of each n-gram, shape (types,)."""
        return np.asarray(self.keys % self.vocab)

    def find(self, contexts: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Number of each n-gram, from the number of its context and its last token.

        Args:
            contexts: shape (grams,); ABSENT for one that the trie does not hold.
            tokens: shape (grams,).

        Returns:
            shape (grams,), int64; ABSENT where there is no such n-gram.
        """
        if not len(self):
            return np.full(len(tokens), ABSENT)
        asked = contexts * self.vocab + tokens  # below 0 for a context that is ABSENT
        place = np.minimum(np.searchsorted(self.keys, asked), len(self) - 1)
        return np.where(self.keys[place] == asked, place, ABSENT)

    def following(self, context: int) -> slice:
        """Where the n-grams stand that continue a context."""
        start, stop = np.searchsorted(self.keys, [context * self.vocab, (context + 1) * self.vocab])
        return slice(int(start), int(stop))


@dataclass(frozen=True)
class NgramTrie:
    """The n-grams of lengths 1 to `order`; above them stands the empty one, with the number 0.

    Attributes:
        levels: of lengths 1, 2, … order; each n-gram's context is on the level above. The first holds the
            whole vocabulary, so a token's number is its index.
        vocab: size of the vocabulary.
    """

    levels: tuple[Level, ...]
    vocab: int

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.levels)

    def contexts(self) -> list[int]:
        """How many contexts each level has: the n-grams of lengths 0, 1, … order - 1."""
        return [1, *map(len, self.levels[:-1])]

    def shorter(self) -> list[np.ndarray]:
        """Find each n-gram without its first token, one level up.

        Returns:
            for n = 1 … order, shape (types,); ABSENT where it is not in the trie.
        """
        found = [np.zeros(len(self.levels[0]), dtype=np.int64)]
        for above, level in pairwise(self.levels):
            found.append(above.find(found[-1][level.contexts], level.tokens))
        return found

    def follow(self, ids: np.ndarray) -> list[np.ndarray]:
        """Find the n-grams that end at each token of a text.

        Args:
            ids: shape (tokens,), each below `vocab`.

        Returns:
            for n = 0 … order, shape (1 + tokens,): entry i is the number of the n-gram that ends before
            token i, ABSENT if it is not in the trie or would begin before the text.
        """
        ended = [np.zeros(len(ids) + 1, dtype=np.int64)]
        for level in self.levels:
            found = level.find(ended[-1][:-1], ids)
            ended.append(np.concatenate([[ABSENT], found]))
        return ended


def count_trie(
    ids: np.ndarray, vocab: int, order: int, end: int | None = None
) -> tuple[NgramTrie, list[np.ndarray]]:
    """Count all n-grams of a text up to a length.

    Args:
        ids: shape (tokens,), each below `vocab`.
        order: length of the longest n-grams.
        end: the token that ends documents, if it has several. It ends n-grams and begins them, and stands
            inside of none; one that begins the text ends nothing.

    Returns:
        the n-grams, and for n = 1 … order how often each occurs, shape (types,); 0 only for single tokens.

    Raises:
        TextError: no order from 1 to the number of tokens, or a token outside the vocabulary.
    """
    if not 1 <= order <= len(ids):
        raise TextError(
            f"expected an order of 1 to {len(ids)}, the number of tokens that are counted,"
            f" got {order}; choose a lower order or a longer text"
        )
    ids = checked(ids, vocab)
    levels = [Level(np.arange(vocab), vocab)]
    counted = [np.bincount(ids[1:] if ids[0] == end else ids, minlength=vocab)]
    starts, numbers = np.arange(len(ids)), ids  # where (n - 1)-grams start, and their numbers
    for n in range(2, order + 1):
        fits = slice(0, int(np.searchsorted(starts, len(ids) - n, side="right")))
        starts, numbers = starts[fits], numbers[fits]
        if end is not None and n > 2:
            goes_on = ids[starts + n - 2] != end
            starts, numbers = starts[goes_on], numbers[goes_on]
        written = numbers * vocab + ids[starts + n - 1]
        keys, numbers, counts = np.unique(written, return_inverse=True, return_counts=True)
        levels.append(Level(keys, vocab))
        counted.append(counts)
    return NgramTrie(tuple(levels), vocab), counted


def checked(ids: np.ndarray, vocab: int) -> np.ndarray:
    """Widen the indices of a text to int64.

    Raises:
        TextError: an index outside the vocabulary.
    """
    ids = np.asarray(ids, dtype=np.int64)
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocab:
        raise TextError(
            f"expected tokens between 0 and {vocab - 1}, got some between {ids.min()} and {ids.max()};"
            " encode the text with the vocabulary that the model was made with"
        )
    return ids
