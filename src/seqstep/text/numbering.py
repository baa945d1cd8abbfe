"""Numbering: each token becomes the number of its type; types are numbered as they first appear."""

from typing import Any

import numpy as np

from seqstep.errors import TextError
from seqstep.settings.config import TokenKind
from seqstep.text.documents import END, MARK
from seqstep.text.id_file import IdFile
from seqstep.text.spacing import LINE_END, part_words

#: by byte, whether it parts words
_SPACE = np.array([byte < 128 and chr(byte).isspace() for byte in range(256)])
_SPACE_BUT_LINE_ENDS = _SPACE & (np.arange(256) != ord(LINE_END))


class Numbering:
    """Numbers the tokens of a text that comes in parts.

    Args:
        kind: char or word.
        has_ends: marks stand where documents end.

    Raises:
        TextError: an unknown kind of token.
    """

    def __init__(self, kind: TokenKind, has_ends: bool = False) -> None:
        if kind not in {"char", "word"}:
            raise TextError(f"expected tokens of the kind char or word, got {kind!r}")
        self.kind, self._has_ends = kind, has_ends
        self._numbers: dict[str | int, int] = {}
        self._file = IdFile()

    def add(self, tokens: Any) -> None:
        """Number the tokens of the next part, as `encode` returns them."""
        known = self._numbers
        numbers = [known.setdefault(type_, len(known)) for type_ in tokens.dictionary.to_pylist()]
        self._file.append(np.array(numbers, dtype=np.int64)[np.from_dlpack(tokens.indices)], len(known))

    def types(self) -> tuple[str, ...]:
        """List the types by number.

        Raises:
            TextError: a word of the text is written like the end of a document.
        """
        types = tuple(chr(type_) if isinstance(type_, int) else type_ for type_ in self._numbers)
        if not self._has_ends:
            return types
        if END in types:
            raise TextError(
                f"expected a text without the word {END}, which ends documents, got one that holds it;"
                " take it out, or set text.documents=none"
            )
        return tuple(END if type_ == MARK else type_ for type_ in types)

    def ids(self) -> np.ndarray:
        """Map the number of each token; see `IdFile.mapped`."""
        return self._file.mapped()


def encode(part: str, kind: TokenKind, keeps_lines: bool = False, has_ends: bool = False) -> Any:
    """Split a part of a text, in which words are whole, and number its own types as they first appear.

    Args:
        keeps_lines: the end of a line is a token.
        has_ends: marks stand where documents end.

    Returns:
        a dictionary array of Arrow, with words, or the numbers that characters have in Unicode.
    """
    if kind == "char":
        return _characters(part if keeps_lines else part.replace("\n", "")).dictionary_encode()
    part = part_words(part.replace(MARK, f" {MARK} ") if has_ends else part)
    return (_words_and_lines if keeps_lines else _words)(part).dictionary_encode()


def _characters(part: str) -> Any:
    import pyarrow as pa

    # From buffers, as `array` would import pandas.
    return pa.UInt32Array.from_buffers(pa.uint32(), len(part), [None, pa.py_buffer(part.encode("utf-32-le"))])


def _words(part: str) -> Any:
    """Split at white space, as `str.split` does."""
    # In other alphabets white space may take several bytes.
    return _split(part if part.isascii() else " ".join(part.split()), _SPACE)


def _words_and_lines(part: str) -> Any:
    """Split at white space, and let the end of each line be a word."""
    lines = (" ".join(line.split()) for line in part.split(LINE_END))
    return _split(f" {LINE_END} ".join(lines), _SPACE_BUT_LINE_ENDS)


def _split(text: str, space_bytes: np.ndarray) -> Any:
    """Split at bytes of white space.

    Args:
        space_bytes: shape (256,), whether each is one.
    """
    import pyarrow as pa

    data = np.frombuffer(text.encode(), dtype=np.uint8)
    space = np.ones(len(data) + 2, dtype=bool)
    space[1:-1] = space_bytes[data]
    borders = np.flatnonzero(space[1:] != space[:-1])
    ends = np.cumsum(borders[1::2] - borders[::2])
    buffers = [np.concatenate([[0], ends]), data[~space[1:-1]]]
    return pa.LargeStringArray.from_buffers(len(ends), *map(pa.py_buffer, buffers))
