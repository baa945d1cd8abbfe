"""What unknown tokens cost, so that bits per character are comparable between vocabularies.

A token that the vocabulary lacks is read as `<unk>`, which is likely and cheap to predict: the fewer tokens a
vocabulary holds, the lower the perplexity, though nothing is predicted better. So perplexities are comparable
only within one vocabulary. Bits per character are comparable throughout, between words and characters too,
for here the letters of each unknown token are paid for as well.
"""

import math
from collections.abc import Iterable, Sequence

from seqstep.errors import TextError
from seqstep.settings.config import ComparisonConfig, TokenKind
from seqstep.text.ngram_models.choice import fit_chosen
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.splits import Split, cut
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import Vocab

#: models how tokens are spelled
_SPELLER = "witten_bell"


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
    return spell(tokens.kind, known.types, unknown, config) if unknown else 0.0


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


def spell(kind: TokenKind, known: Sequence[str], unknown: Sequence[str], config: ComparisonConfig) -> float:
    """Log-probability of the letters of tokens one after the other, a word's with the space that ends it.

    Args:
        known: tokens by which a Witten–Bell model of letters learns how tokens are spelled. Each stands there
            once, for unknown ones are like the rare ones.
        unknown: at least one.

    Returns:
        natural logarithm.

    Raises:
        TextError: the known words have too few letters.
    """
    learned = _letters(kind, known)
    letters = Vocab.of(learned)
    ids = letters.encode(learned)
    if kind == "char":  # one letter follows from no other
        model = fit_counts(_SPELLER, ids, len(letters), 1)
    else:
        model = fit_chosen(_SPELLER, ids, len(letters), config.orders, config.valid_share)
    return float(model.log_probabilities(letters.encode(_letters(kind, unknown)), before=ids).sum())


def _letters(kind: TokenKind, tokens: Iterable[str]) -> Tokens:
    end = " " if kind == "word" else ""
    return tokenize(["".join(f"{token}{end}" for token in tokens)], "char")
