"""The vocabulary: tokens as numbers in order of frequency, and back.

Source: the notes, "Vocabulary".
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from seqstep.errors import ModelError, TextError
from seqstep.settings.config import TextConfig
from seqstep.text.documents import END
from seqstep.text.tokens import Tokens

UNKNOWN = "<unk>"


@dataclass(frozen=True)
class Encoded:
    """A text in the indices of a vocabulary, of which parts can be taken into memory, as of an array.

    Attributes:
        tokens: the text.
        index_of_type: shape (types,).
    """

    tokens: Tokens
    index_of_type: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, key: slice | np.ndarray) -> np.ndarray:
        return self.index_of_type[self.tokens.read(key)]


class Vocab:
    """Maps tokens to indices: `<unk>` is 0, then the reserved tokens, then the others by frequency.

    Tokens of equal frequency keep the order in which they first appear.

    Args:
        frequencies: each distinct token with its count, in order of first appearance.
        min_freq: tokens that occur less often are unknown.
        reserved: tokens that get an index even if they do not occur.
    """

    unknown = 0

    def __init__(
        self, frequencies: Iterable[tuple[str, int]], min_freq: int = 0, reserved: Sequence[str] = ()
    ) -> None:
        #: every distinct token with its count, the most frequent first, rare ones included
        self.frequencies = sorted(frequencies, key=lambda item: -item[1])
        self.min_freq, self.reserved = min_freq, tuple(reserved)
        kept = (token for token, count in self.frequencies if count >= min_freq)
        #: the token of each index
        self.tokens = tuple(dict.fromkeys((UNKNOWN, *reserved, *kept)))
        self._indices = {token: index for index, token in enumerate(self.tokens)}

    @property
    def seen(self) -> list[str]:
        """The distinct tokens of the text, rare ones too that have no index; without what ends documents."""
        return [token for token, _ in self.frequencies if token != END]

    @property
    def end(self) -> int | None:
        """The index of what ends documents; none of a text that is one."""
        return self._indices[END] if END in self.reserved else None

    @classmethod
    def of(cls, tokens: Tokens, min_freq: int = 0, reserved: Sequence[str] = ()) -> Self:
        """Build the vocabulary of a text.

        Raises:
            TextError: `min_freq` leaves no token.
        """
        counts = tokens.counts().tolist()
        vocab = cls(zip(tokens.types, counts, strict=True), min_freq, reserved)
        if vocab.frequencies[0][1] < min_freq:
            raise TextError(
                f"text.min_freq={min_freq} leaves no {tokens.kind} but {UNKNOWN}: the most frequent"
                f" one, {vocab.frequencies[0][0]!r}, occurs {vocab.frequencies[0][1]} times; lower it"
            )
        return vocab

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._indices

    def __getitem__(self, tokens: Any) -> Any:
        """Look up the index of one token, or of every token in lists nested to any depth."""
        if isinstance(tokens, list | tuple):
            return [self[token] for token in tokens]
        return self._indices.get(tokens, self.unknown)

    def to_tokens(self, indices: Any) -> Any:
        """Look up the token of one index, or of every index in lists nested to any depth."""
        if isinstance(indices, list | tuple | np.ndarray):
            return [self.to_tokens(index) for index in indices]
        return self.tokens[indices]

    def encode(self, tokens: Tokens, max_tokens: int | None = None) -> np.ndarray:
        """Write a text, or its first `max_tokens` tokens, in this vocabulary's indices.

        Returns:
            shape (tokens,), the smallest unsigned integer that fits the vocabulary.
        """
        return self.reader(tokens)[:max_tokens]

    def reader(self, tokens: Tokens) -> "Encoded":
        """Write the parts of a text that are asked for in this vocabulary's indices; see `encode`."""
        return Encoded(tokens, np.array(self[list(tokens.types)], dtype=np.min_scalar_type(len(self) - 1)))

    def to_json(self) -> str:
        """Write the vocabulary as JSON; `from_json` reads it back."""
        content = {
            "min_freq": self.min_freq,
            "reserved": self.reserved,
            "frequencies": self.frequencies,
        }
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ModelError: the text is not a vocabulary.
        """
        try:
            content = json.loads(text)
            pairs = [(str(token), int(count)) for token, count in content["frequencies"]]
            return cls(pairs, content["min_freq"], content["reserved"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"expected a vocabulary as JSON, got something else ({error})") from None


def reserved_tokens(config: TextConfig) -> tuple[str, ...]:
    """List the tokens that stand in a vocabulary, found in the text or not; the end of documents is one."""
    return config.reserved if config.documents == "none" else (*config.reserved, END)
