"""The texts that language models are compared on: what trains them, and what follows."""

from typing import NamedTuple

import numpy as np

from seqstep.errors import TextError
from seqstep.evaluation.unknown import spelling
from seqstep.settings.config import ComparisonConfig, TextConfig, TokenKind
from seqstep.text.splits import DividedText, Split, divide, split_by_length
from seqstep.text.tokens import Tokens
from seqstep.text.vocab import Vocab, reserved_tokens


class ComparedText(NamedTuple):
    """A text in two parts, in one vocabulary.

    Attributes:
        kind: of its tokens.
        train: shape (tokens,), indices.
        test: shape (tokens,), indices of what follows at once.
        chars: characters that the test part stands for.
        unseen: share of the test tokens that the training part does not hold.
        spelling: log-probability of the letters of all test tokens that are `<unk>`, natural logarithm.
    """

    kind: TokenKind
    train: np.ndarray
    test: np.ndarray
    chars: int
    vocab: Vocab
    unseen: float
    spelling: float

    @property
    def unknown(self) -> float:
        """Share of the test tokens that are `<unk>`: unseen, or rarer in the training part than it takes."""
        return float(np.mean(self.test == Vocab.unknown))


def as_text(tokens: Tokens, split: Split, vocab: Vocab, config: ComparisonConfig) -> ComparedText:
    """Let the training and the validation part of a text stand before its test part.

    What is unseen, and how what is unknown is spelled, is by the training part alone.

    Args:
        vocab: whose indices the text is written in.

    Raises:
        TextError: unknown words are to be spelled, and the training part has too few letters.
    """
    ids, lengths = vocab.encode(tokens), tokens.lengths()
    return ComparedText(
        kind=tokens.kind,
        train=ids[: split.valid_end],
        test=ids[split.test],
        chars=int(lengths[split.test].sum()),
        vocab=vocab,
        unseen=float(np.mean(~np.isin(tokens.ids[split.test], tokens.ids[split.train]))),
        spelling=spelling(tokens, split, vocab, config),
    )


def text_after(
    tokens: Tokens, vocab: Vocab, train_tokens: int, test_tokens: int, config: ComparisonConfig
) -> ComparedText:
    """Take the start of a text and what follows, in the vocabulary of networks that are trained already.

    Args:
        train_tokens: that trained them.
        test_tokens: that follow; fewer if the text ends.

    Raises:
        TextError: nothing is left to test on.
    """
    split = split_after(len(tokens), train_tokens, test_tokens)
    return as_text(tokens.first(split.test_end), split, vocab, config)


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


def held_out_text(tokens: Tokens, config: TextConfig, shares: ComparisonConfig) -> DividedText:
    """Divide a whole text: its end tests, the end of what is before it validates, the rest trains.

    The validation part is the one that orders of counts are chosen by; the vocabulary is that of the training
    part alone.

    Raises:
        TextError: a part is empty, or `min_freq` leaves no token.
    """
    test = round(len(tokens) * shares.test_share)
    before = len(tokens) - test
    valid = round(before * shares.valid_share)
    split = split_by_length(len(tokens), before - valid, valid, test).check(valid=1)
    return divide(tokens, split, config.min_freq, reserved_tokens(config))


def before_and_after(tokens: Tokens, parts: DividedText, config: ComparisonConfig) -> ComparedText:
    """Let training and validation part together stand before the test part, as for models of counts.

    Args:
        tokens: of which these are the parts.
    """
    return as_text(tokens, parts.split, parts.vocab, config)
