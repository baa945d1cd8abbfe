"""The texts that language models are compared on: what trains them, and what follows."""

from typing import NamedTuple

import numpy as np

from seqstep.config import ComparisonConfig, TextConfig
from seqstep.errors import TextError
from seqstep.text.splits import DividedText, Split, divide, split_by_length, split_by_share
from seqstep.text.tokens import Tokens
from seqstep.text.vocab import Vocab


class Text(NamedTuple):
    """A text in two parts, in one vocabulary.

    Attributes:
        train: shape (tokens,), indices.
        test: shape (tokens,), indices of what follows at once.
        chars: characters that the test part stands for.
        unseen: share of the test tokens that the training part does not hold.
        spelling: log-probability of the letters of all test tokens that are `<unk>`, natural logarithm; 0
            where nothing spells them.
    """

    train: np.ndarray
    test: np.ndarray
    chars: int
    vocab: Vocab
    unseen: float
    spelling: float = 0.0

    @property
    def unknown(self) -> float:
        """Share of the test tokens that are `<unk>`: unseen, or rarer in the training part than it takes."""
        return float(np.mean(self.test == Vocab.unknown))


def text_after(tokens: Tokens, vocab: Vocab, train_tokens: int, test_tokens: int) -> Text:
    """Take the start of a text and what follows, in the vocabulary of networks that are trained already.

    Args:
        train_tokens: that trained them.
        test_tokens: that follow; fewer if the text ends.

    Raises:
        TextError: nothing is left to test on.
    """
    ids, lengths = vocab.encode(tokens), tokens.lengths()
    split = split_after(len(ids), train_tokens, test_tokens)
    train, test = ids[split.train], ids[split.test]
    unseen = float(np.mean(~np.isin(test, train)))
    return Text(train, test, int(lengths[split.test].sum()), vocab, unseen)


def split_after(tokens: int, train_tokens: int, test_tokens: int) -> Split:
    """Find where the start of a text ends, and what follows.

    Raises:
        TextError: nothing is left to test on.
    """
    end = min(train_tokens, tokens)
    split = Split(end, end, min(train_tokens + test_tokens, tokens))
    if split.test_end == end:
        raise TextError(
            f"expected text to test on after the first {train_tokens} tokens (rnn.max_tokens), at most"
            f" {test_tokens} of it (language.test_tokens), got a text of {tokens} tokens; take a longer text,"
            " lower rnn.max_tokens, or set language.test_tokens above 0"
        )
    return split.check()


def text_by_share(tokens: Tokens, config: TextConfig, test_share: float) -> Text:
    """Take a whole text but for its end, and its end, in the vocabulary of the first part alone.

    Raises:
        TextError: a part is empty, or `min_freq` leaves no token.
    """
    split = split_by_share(len(tokens), 0, test_share)
    parts = divide(tokens, split, config.min_freq, config.reserved)
    test = parts.test
    return Text(parts.train.ids, test.ids, test.chars, parts.vocab, unseen_share(tokens, split))


def unseen_share(tokens: Tokens, split: Split) -> float:
    """Find the share of a text's test tokens that its training part does not hold."""
    return float(np.mean(~np.isin(tokens.ids[split.test], tokens.ids[split.train])))


def held_out_text(tokens: Tokens, config: TextConfig, shares: ComparisonConfig) -> DividedText:
    """Divide a whole text: its end tests, the end of what is before it validates, the rest trains.

    Test and validation part are those of `text_by_share` and of the choice of orders; the vocabulary is that
    of the training part alone.

    Raises:
        TextError: a part is empty, or `min_freq` leaves no token.
    """
    test = round(len(tokens) * shares.test_share)
    before = len(tokens) - test
    valid = round(before * shares.valid_share)
    split = split_by_length(len(tokens), before - valid, valid, test).check(valid=1)
    return divide(tokens, split, config.min_freq, config.reserved)


def before_and_after(parts: DividedText) -> Text:
    """Let training and validation part together stand before the test part, as for models of counts."""
    test = parts.test
    return Text(parts.before_test, test.ids, test.chars, parts.vocab, test.unknown_share())
