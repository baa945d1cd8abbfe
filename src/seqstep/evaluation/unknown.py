"""What unknown tokens cost, so that bits per character are comparable between vocabularies.

A token that the vocabulary lacks is read as `<unk>`, which is likely and cheap to predict: the fewer tokens a
vocabulary holds, the lower the perplexity, though nothing is predicted better. So perplexities are comparable
only within one vocabulary. Bits per character are comparable throughout, between words and characters too,
for here the letters of each unknown token are paid for as well.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from seqstep.errors import TextError
from seqstep.settings.config import ComparisonConfig, TokenKind
from seqstep.text.ngram_models.choice import fit_chosen
from seqstep.text.ngram_models.ngram_model import NgramModel
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.splits import Split, cut
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import Vocab

#: models how tokens are spelled
_SPELLER = "witten_bell"
#: that Unicode has numbers for
_CHARACTERS = 0x110000


def spelling(tokens: Tokens, split: Split, vocab: Vocab, config: ComparisonConfig) -> float:
    """Log-probability of the letters of all test tokens that a vocabulary lacks; 0 if there are none.

    They are spelled as the tokens of the training part are.

    Returns:
        natural logarithm.

    Raises:
        TextError: a word is to be spelled, and the training part has too few letters to learn that from.
    """
    known, later = cut(tokens, split.train), cut(tokens, split.test)
    unknown = [token for token in map(later.types.__getitem__, later.ids) if token not in vocab]
    return Speller(tokens.kind, known.types, config).log_probability(unknown)


def spelling_after(tokens: Tokens, train_tokens: int, vocab: Vocab) -> float:
    """Log-probability of the letters of all tokens after a training part that a vocabulary lacks.

    Returns:
        natural logarithm; 0 if there are none, nan if the training part has too few letters to learn from.
    """
    end = min(train_tokens, len(tokens))
    if end == len(tokens):
        return 0.0
    try:
        return spelling(tokens, Split(end, end, len(tokens)), vocab, ComparisonConfig())
    except TextError:
        return math.nan


class Speller:
    """Predicts the letters of tokens, as a Witten–Bell model of letters learns from known ones.

    A letter that none of these has may be any character of Unicode, all alike.

    Args:
        known: tokens; each stands there once, for unknown ones are like the rare ones.
    """

    def __init__(self, kind: TokenKind, known: Sequence[str], config: ComparisonConfig) -> None:
        self._kind, self._known, self._config = kind, known, config

    def log_probability(self, unknown: Sequence[str]) -> float:
        """Log-probability of the letters of tokens one after the other, a word's with the space that ends it.

        Returns:
            natural logarithm; 0 of no tokens.

        Raises:
            TextError: the known words have too few letters.
        """
        if not unknown:
            return 0.0
        letters, known, model = self._learned
        ids = letters.encode(_letters(self._kind, unknown))
        strange = np.count_nonzero(ids == Vocab.unknown)
        return float(model.log_probabilities(ids, before=known).sum() - strange * math.log(_CHARACTERS))

    @cached_property
    def _learned(self) -> tuple[Vocab, np.ndarray, NgramModel]:
        learned = _letters(self._kind, self._known)
        letters = Vocab.of(learned)
        ids = letters.encode(learned)
        if self._kind == "char":  # one letter follows from no other
            return letters, ids, fit_counts(_SPELLER, ids, len(letters), 1)
        orders, share = self._config.orders, self._config.valid_share
        return letters, ids, fit_chosen(_SPELLER, ids, len(letters), orders, share)


def _letters(kind: TokenKind, tokens: Iterable[str]) -> Tokens:
    end = " " if kind == "word" else ""
    return tokenize(["".join(f"{token}{end}" for token in tokens)], "char")
