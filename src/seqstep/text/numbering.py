"""Numbering: each token becomes the number of its type; types are numbered as they first appear."""

from typing import Any

import numpy as np

from seqstep.errors import TextError
from seqstep.settings.config import TokenKind
from seqstep.text.id_file import IdFile

_SPACE = np.array([byte < 128 and chr(byte).isspace() for byte in range(256)])


class Numbering:
    """Numbers the tokens of a text that comes in parts.

    Args:
        kind: char or word.

    Raises:
        TextError: an unknown kind of token.
    """

    def __init__(self, kind: TokenKind) -> None:
        if kind not in {"char", "word"}:
            raise TextError(f"expected tokens of the kind char or word, got {kind!r}")
        self.kind = kind
        self._numbers: dict[str | int, int] = {}
        self._file = IdFile()

    def add(self, tokens: Any) -> None:
        """Number the tokens of the next part, as `encode` returns them."""
        known = self._numbers
        numbers = [known.setdefault(type_, len(known)) for type_ in tokens.dictionary.to_pylist()]
        self._file.append(np.array(numbers, dtype=np.int64)[np.from_dlpack(tokens.indices)], len(known))

    def types(self) -> tuple[str, ...]:
        """List the types by number."""
        return tuple(chr(type_) if isinstance(type_, int) else type_ for type_ in self._numbers)

    def ids(self) -> np.ndarray:
        """Map the number of each token; see `IdFile.mapped`."""
        return self._file.mapped()


def encode(part: str, kind: TokenKind) -> Any:
    """Split a part of a text, in which words are whole, and number its own types as they first appear.

    Returns:
        a dictionary array of Arrow, with words, or the numbers that characters have in Unicode.
    """
    return (_characters if kind == "char" else _words)(part).dictionary_encode()


def _characters(part: str) -> Any:
    import pyarrow as pa

    # From buffers, as `array` would import pandas.
    return pa.UInt32Array.from_buffers(pa.uint32(), len(part), [None, pa.py_buffer(part.encode("utf-32-le"))])


def _words(part: str) -> Any:
    """Split at white space, as `str.split` does."""
    import pyarrow as pa

    # In other alphabets white space may take several bytes.
    text = part if part.isascii() else " ".join(part.split())
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    space = np.ones(len(data) + 2, dtype=bool)
    space[1:-1] = _SPACE[data]
    borders = np.flatnonzero(space[1:] != space[:-1])
    ends = np.cumsum(borders[1::2] - borders[::2])
    buffers = [np.concatenate([[0], ends]), data[~space[1:-1]]]
    return pa.LargeStringArray.from_buffers(len(ends), *map(pa.py_buffer, buffers))
