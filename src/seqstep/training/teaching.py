"""What counts say of each token of a text that they have not counted: a second teacher of a network.

A network that sees a text of this size again and again learns it by heart. Counts of most of the text say of
each place in the rest how likely every token was there. A network that is to come near these probabilities
too learns what usually follows, not only what followed once.

Source: Hinton et al. (2015), "Distilling the knowledge in a neural network"; Breiman (1996), "Stacked
regressions", for asking only those who have not seen the answer.
"""

import itertools

import numpy as np

from seqstep.errors import TextError
from seqstep.text.ngram_models.kneser_ney import KneserNey

#: parts of the text, each of which is told of by the others
_PARTS = 10
#: probabilities that are kept in memory, four bytes each
_MOST = 2**28


def taught_probabilities(ids: np.ndarray, vocab: int, order: int, end: int | None = None) -> np.ndarray:
    """Find how likely every token is in every place of a text, by modified Kneser–Ney of the text's rest.

    Args:
        ids: the text in the vocabulary's indices, shape (tokens,).
        vocab: size of the vocabulary.
        order: length of the longest n-grams.
        end: the token that ends documents, if there are several.

    Returns:
        shape (tokens, vocab), float32; each row sums to 1.

    Raises:
        TextError: the text is shorter than an n-gram, or so many probabilities would fill the memory.
    """
    if len(ids) * vocab > _MOST:
        raise TextError(
            f"expected at most {_MOST:,} probabilities to teach a network by, got {len(ids):,} tokens of a"
            f" vocabulary of {vocab:,}; set held_out.teaching=0, or raise text.min_freq"
        )
    cuts = np.linspace(0, len(ids), _PARTS + 1).astype(int)
    found = []
    for start, stop in itertools.pairwise(cuts):
        rest = KneserNey(np.concatenate([ids[:start], ids[stop:]]), vocab, order, modified=True, end=end)
        found.append(rest.distributions(ids[start:stop], before=ids[:start]))
    return np.concatenate(found)
