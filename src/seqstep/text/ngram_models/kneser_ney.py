"""Kneser–Ney smoothing: each count is lowered by a discount, and short contexts count what they follow.

P(w | c) = (a(c w) - D(a(c w))) / a(c ·) + (sum of the discounts after c) / a(c ·) × P(w | c')

a(c w) is n(c w) at the highest order; below it is the number of different tokens seen before c w, so that a
token that occurs often but only after one other is no good guess after others. a(c ·) is its sum over w,
c' is c without its first token, and after the empty context comes the uniform distribution.

Source: Kneser and Ney (1995); Chen and Goodman, "An Empirical Study of Smoothing Techniques" (1998), for
the interpolation and the three discounts of the modified form.
"""

from typing import NamedTuple

import numpy as np

from seqstep.errors import TextError
from seqstep.text.ngram_models.trie import NgramTrie, count_trie
from seqstep.text.ngram_models.trie_model import Interpolation


class Discounts(NamedTuple):
    """What is taken from the counts of one order.

    Attributes:
        one, two, more: from counts of 1, of 2, and of 3 or more; the same without the modification.
        estimated: from the text; otherwise they are the usual ones or those that were given.
    """

    one: float
    two: float
    more: float
    estimated: bool = False

    def of(self, counts: np.ndarray) -> np.ndarray:
        """Discount of each count, 0 for a count of 0; same shape."""
        return np.array([0.0, self.one, self.two, self.more])[np.minimum(counts, 3)]


#: taken where a text is too small or too regular for the estimates
USUAL = Discounts(0.75, 0.75, 0.75)
USUAL_MODIFIED = Discounts(0.5, 1.0, 1.5)


class KneserNey(Interpolation):
    """Probabilities of the next token from up to `order - 1` before it.

    Args:
        ids: shape (tokens,), the training text in the vocabulary's indices.
        vocab: size of the vocabulary.
        order: length of the longest n-grams that are counted.
        modified: three discounts an order instead of one.
        end: the token that ends documents, if there are several; see `count_trie`.
        discounts: for each order, shortest n-grams first; estimated from the text if not given.

    Attributes:
        discounts: those in force, and whether the text yielded them.

    Raises:
        TextError: no order from 1 to the number of tokens, a token outside the vocabulary, or given
            discounts that are not one an order or that exceed their counts.
    """

    def __init__(
        self,
        ids: np.ndarray,
        vocab: int,
        order: int,
        modified: bool = False,
        end: int | None = None,
        discounts: tuple[Discounts, ...] | None = None,
    ) -> None:
        trie, occurrences = count_trie(ids, vocab, order, end)
        counts = [*_preceding(trie), occurrences[-1]]
        if end is not None:
            # Nothing precedes what begins a document.
            first = trie.levels[0].tokens
            for level, count, occurred in zip(trie.levels[1:], counts[1:], occurrences[1:], strict=True):
                first = first[level.contexts]
                count[first == end] = occurred[first == end]
        estimate = estimate_modified if modified else estimate_single
        self.discounts = _checked(discounts, order) if discounts else tuple(map(estimate, counts))
        direct, weights = [], []
        for contexts, level, count, discount in zip(
            trie.contexts(), trie.levels, counts, self.discounts, strict=True
        ):
            taken = discount.of(count)
            total = np.bincount(level.contexts, count, minlength=contexts)
            # Of a context that only begins or only ends the text nothing is known: no part of it is direct.
            known, total = total > 0, np.maximum(total, 1)
            direct.append((count - taken) / total[level.contexts])
            freed = np.bincount(level.contexts, taken, minlength=contexts)
            weights.append(np.where(known, freed / total, 1.0))
        super().__init__(trie, direct, weights)


def estimate_single(counts: np.ndarray) -> Discounts:
    """Estimate one discount, n1 / (n1 + 2 n2), of how many n-grams occur once and twice.

    Args:
        counts: shape (types,), of the n-grams of one order.

    Returns:
        the usual 0.75 where no n-gram occurs once, or none twice.
    """
    once, twice = (int(np.count_nonzero(counts == n)) for n in (1, 2))
    if not (once and twice):
        return USUAL
    discount = once / (once + 2 * twice)
    return Discounts(discount, discount, discount, estimated=True)


def estimate_modified(counts: np.ndarray) -> Discounts:
    """Estimate the three discounts, j - (j + 1) Y n[j+1] / n[j] with Y = n1 / (n1 + 2 n2).

    Args:
        counts: shape (types,), of the n-grams of one order.

    Returns:
        the usual 0.5, 1, 1.5 where no n-gram occurs once, twice or three times, or a discount would not be
        above 0: then nothing might be left for tokens that a context has not had after it.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == n)) for n in range(1, 5))
    if not (n1 and n2 and n3):
        return USUAL_MODIFIED
    # The formula over one denominator: whole numbers, so that 0 is 0.
    parts = n1 + 2 * n2
    above = (parts * n1 - 2 * n1 * n2, 2 * parts * n2 - 3 * n1 * n3, 3 * parts * n3 - 4 * n1 * n4)
    if min(above) <= 0:
        return USUAL_MODIFIED
    one, two, more = (value / (parts * n) for value, n in zip(above, (n1, n2, n3), strict=True))
    return Discounts(one, two, more, estimated=True)


def _preceding(trie: NgramTrie) -> list[np.ndarray]:
    """Count, for all n-grams but the longest, how many different tokens precede each."""
    longer = trie.shorter()[1:]
    return [np.bincount(of, minlength=types) for of, types in zip(longer, trie.contexts()[1:], strict=True)]


def _checked(discounts: tuple[Discounts, ...], order: int) -> tuple[Discounts, ...]:
    for given in discounts:
        if not (0 < given.one <= 1 and 0 < given.two <= 2 and 0 < given.more <= 3):
            raise TextError(f"expected discounts above 0 and of at most 1, 2 and 3, got {tuple(given[:3])}")
    if len(discounts) != order:
        raise TextError(f"expected discounts for each of {order} orders, got {len(discounts)}")
    return discounts
