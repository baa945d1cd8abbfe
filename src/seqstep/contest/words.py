"""A text of words to compare models on, with what it takes to make the figures comparable.

A word that the vocabulary lacks is read as `<unk>`, which is likely and cheap to predict: the higher
`word_min_freq`, the lower the perplexity per word, though nothing is predicted better. So perplexities are
comparable only within one vocabulary. Bits per character are comparable throughout, with models of characters
too, for here the letters of each unknown word are paid for as well. What remains is a space at the end of
each line, which words have and characters, joined as in the notes, have not (1.7 % of *The Time Machine*).
"""

from collections.abc import Iterable, Sequence

from seqstep.config import ComparisonConfig
from seqstep.contest.texts import Text, unseen_share
from seqstep.errors import TextError
from seqstep.text.ngram_models.choice import fit_chosen
from seqstep.text.splits import cut, divide, split_by_share
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import UNKNOWN, Vocab


def word_text(words: Tokens, config: ComparisonConfig) -> Text:
    """Take a whole text but for its end, and its end, in the vocabulary of the first part alone.

    Raises:
        TextError: a part is empty or too short, or `word_min_freq` leaves no word.
    """
    split = split_by_share(len(words), 0, config.test_share)
    known, later = cut(words, split.train), cut(words, split.test)
    if (most := int(known.counts().max())) < config.word_min_freq:
        raise TextError(
            f"comparison.word_min_freq={config.word_min_freq} leaves no word but {UNKNOWN}: the most frequent"
            f" one of the training part occurs {most} times; lower it"
        )
    parts = divide(words, split, config.word_min_freq)
    unknown = [word for word in map(later.types.__getitem__, later.ids) if word not in parts.vocab]
    return Text(
        train=parts.train.ids,
        test=parts.test.ids,
        chars=parts.test.chars,
        vocab=parts.vocab,
        unseen=unseen_share(words, split),
        spelling=spell(known.types, unknown, config) if unknown else 0.0,
    )


def spell(known: Sequence[str], unknown: Sequence[str], config: ComparisonConfig) -> float:
    """Log-probability of the letters of words one after the other, each with the space that ends it.

    Args:
        known: words by which a Witten–Bell model of letters learns how words are spelled. Each stands there
            once, for unknown words are like the rare ones.
        unknown: at least one word.

    Returns:
        natural logarithm.

    Raises:
        TextError: the known words have too few letters.
    """
    learned = _letters(known)
    letters = Vocab.of(learned)
    ids = letters.encode(learned)
    model = fit_chosen("witten_bell", ids, len(letters), config.orders, config.valid_share)
    return float(model.log_probabilities(letters.encode(_letters(unknown)), before=ids).sum())


def _letters(words: Iterable[str]) -> Tokens:
    return tokenize(["".join(f"{word} " for word in words)], "char")
