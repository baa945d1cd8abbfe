"""A text in three parts, one after the other: to train on, to choose by, to be tested on.

Nothing of the later parts shapes the earlier ones: the vocabulary is that of the training part, and each
part is an array of its own, so no window of a minibatch reaches over a border.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.errors import TextError
from seqstep.text.tokens import Tokens
from seqstep.text.vocab import Vocab


class Split(NamedTuple):
    """Where the parts of a text end; each begins where the one before it ends, the first at 0."""

    train_end: int
    valid_end: int
    test_end: int

    @property
    def train(self) -> slice:
        """Tokens that models learn from."""
        return slice(0, self.train_end)

    @property
    def valid(self) -> slice:
        """Tokens that a training is stopped by and models are chosen by; there may be none."""
        return slice(self.train_end, self.valid_end)

    @property
    def test(self) -> slice:
        """Tokens that nothing depends on but the figures at the end."""
        return slice(self.valid_end, self.test_end)

    def check(self, train: int = 1, valid: int = 0, test: int = 1) -> "Split":
        """Make sure that each part has as many tokens as it must, such as a minibatch; return the split.

        Raises:
            TextError: a part is too short.
        """
        starts = (0, self.train_end, self.valid_end)
        needed = {"training": train, "validation": valid, "test": test}
        for start, end, (part, tokens) in zip(starts, self, needed.items(), strict=True):
            if end - start < tokens:
                raise TextError(
                    f"expected at least {tokens} tokens in the {part} part, got {end - start}"
                    f" (tokens {start} to {end}); take a longer text or other parts"
                )
        return self


def split_by_length(tokens: int, train: int, valid: int, test: int) -> Split:
    """Take so many tokens for each part, from the text's start on.

    Args:
        tokens: of the text.

    Raises:
        TextError: the text is shorter than its parts, or the training or the test part is empty.
    """
    if min(train, valid, test) < 0 or train + valid + test > tokens:
        raise TextError(
            f"expected parts of 0 or more tokens, together at most the {tokens} of the text,"
            f" got {train} + {valid} + {test}; take a longer text or shorter parts"
        )
    return Split(train, train + valid, train + valid + test).check()


def split_by_share(tokens: int, valid: float, test: float) -> Split:
    """Take shares of the whole text for validation and test, at its end; the rest trains.

    Args:
        tokens: of the text.
        valid, test: shares of it, 0 to 1; lengths are rounded to whole tokens.

    Raises:
        TextError: the training or the test part is empty, or there is no such share.
    """
    if min(valid, test) < 0 or not valid + test <= 1:
        raise TextError(f"expected shares of 0 or more, together at most 1, got {valid} and {test}")
    test_start = tokens - round(tokens * test)
    return Split(test_start - round(tokens * valid), test_start, tokens).check()


class Part(NamedTuple):
    """One part of a text in the vocabulary of its training part.

    Attributes:
        ids: shape (tokens,).
        chars: characters that the tokens stand for, by which bits per character are counted.
    """

    ids: np.ndarray
    chars: int

    def unknown_share(self) -> float:
        """Share of tokens that the vocabulary does not hold, the out-of-vocabulary rate; nan for none."""
        return float(np.mean(self.ids == Vocab.unknown)) if len(self.ids) else float("nan")


@dataclass(frozen=True)
class DividedText:
    """The parts of a text, all in the vocabulary of the first."""

    vocab: Vocab
    train: Part
    valid: Part
    test: Part

    @property
    def split(self) -> Split:
        """Where they end in the text."""
        return Split(*itertools.accumulate(len(part.ids) for part in (self.train, self.valid, self.test)))

    @property
    def before_test(self) -> np.ndarray:
        """Training and validation part together: what a model reads before it is tested, shape (tokens,).

        A model that is neither stopped nor chosen by the validation part may learn from all of it.
        """
        return np.concatenate([self.train.ids, self.valid.ids])


def divide(tokens: Tokens, split: Split, min_freq: int = 0, reserved: Sequence[str] = ()) -> DividedText:
    """Cut a text and write its parts in the vocabulary of the training part.

    Args:
        min_freq: tokens that occur less often in the training part are unknown.
        reserved: see `Vocab`.

    Raises:
        TextError: the text ends before its parts, or `min_freq` leaves no token.
    """
    if split.test_end > len(tokens):
        raise TextError(f"expected a text of at least {split.test_end} tokens, got {len(tokens)}")
    vocab = Vocab.of(cut(tokens, split.train), min_freq, reserved)
    ids, lengths = vocab.encode(tokens), tokens.lengths()
    parts = (Part(ids[where], int(lengths[where].sum())) for where in (split.train, split.valid, split.test))
    return DividedText(vocab, *parts)


def cut(tokens: Tokens, where: slice) -> Tokens:
    """Take a part of a text on its own: with the types that occur there, in the order in which they do."""
    ids, types = pd.factorize(np.asarray(tokens.ids[where]))
    kept = tuple(tokens.types[type_] for type_ in types)
    return Tokens(tokens.kind, kept, ids.astype(tokens.ids.dtype))
