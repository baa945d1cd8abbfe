"""A text of words to compare models on, in a vocabulary without the rare ones.

What remains between its bits per character and those of a text of characters is a space at the end of each
line, which words have and characters, joined as in the notes, have not (1.7 % of *The Time Machine*).
"""

from seqstep.errors import TextError
from seqstep.evaluation.texts import ComparedText, as_text
from seqstep.settings.config import ComparisonConfig
from seqstep.text.splits import cut, split_by_share
from seqstep.text.tokens import Tokens
from seqstep.text.vocab import UNKNOWN, Vocab


def word_text(words: Tokens, config: ComparisonConfig) -> ComparedText:
    """Take a whole text but for its end, and its end, in the vocabulary of the first part alone.

    Raises:
        TextError: a part is empty or too short, or `word_min_freq` leaves no word.
    """
    split = split_by_share(len(words), 0, config.test_share)
    known = cut(words, split.train)
    check_frequent(known, config)
    return as_text(words, split, Vocab.of(known, config.word_min_freq), config)


def check_frequent(known: Tokens, config: ComparisonConfig) -> None:
    """Make sure that a training part has words that are frequent enough to be known.

    Raises:
        TextError: `word_min_freq` leaves none.
    """
    if (most := int(known.counts().max())) < config.word_min_freq:
        raise TextError(
            f"comparison.word_min_freq={config.word_min_freq} leaves no word but {UNKNOWN}: the most frequent"
            f" one of the training part occurs {most} times; lower it"
        )
