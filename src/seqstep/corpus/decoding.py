"""Bytes as text, in the encoding that the user says; a wrong one is refused, and another is suggested."""

import codecs
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from secrecy import quote

#: reads the bytes of a text from their start
Reread = Callable[[], Iterable[bytes]]

_BOM, _UTF_8 = "\ufeff", "utf-8"
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# By whether zeros are rather at odd places than at even ones.
_WIDE = ("utf-16-be", "utf-16-le")
_SAMPLE, _EXCERPT = 1 << 15, 40
#: of encodings that read a text alike the most common is named
_COMMON = "cp1252"


class _UndecodableError(Exception):
    """What stands where the encoding has no character."""


def decoded(blocks: Iterable[bytes], encoding: str, refuse: Callable[[str], Exception]) -> Iterator[str]:
    r"""Decode a text that comes in blocks; a byte order mark at its start is passed over.

    Args:
        refuse: makes the error of what was found and does not fit the encoding.

    Yields:
        parts that are the text if they are joined; all its lines end with \n, whatever they ended with.
    """
    try:
        yield from _without_mark(_decode(blocks, encoding))
    except _UndecodableError as error:
        raise refuse(str(error)) from None


def _decode(blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    try:
        for block in blocks:
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _UndecodableError(f"the byte 0x{error.object[error.start]:02x}") from None
    except UnicodeError:  # a mark that utf-16 asks for is not there
        raise _UndecodableError("bytes without a mark of their order") from None


def _without_mark(parts: Iterator[str]) -> Iterator[str]:
    first = next(filter(None, parts), "")
    return chain([first.removeprefix(_BOM)], parts)


class Suggestion:
    """Another encoding that a text may have, as charset-normalizer guesses it.

    Attributes:
        encoding: one in which all of the text can be read; empty if none was recognised.
        excerpt: how some of it reads then.
    """

    def __init__(self, reread: Reread) -> None:
        sample = _sample(reread())
        self._is_rather_utf_8 = _is_rather_utf_8(sample)
        guesses = (name for name in _guesses(sample) if _reads(reread(), name))
        self.encoding = next(guesses, "")
        self.excerpt = _excerpt(sample, self.encoding) if self.encoding else ""

    def words(self, command: Callable[[str], str]) -> str:
        """Say what to do next.

        Args:
            command: makes the command that reads the text in an encoding.
        """
        if self._is_rather_utf_8 and self.encoding != _UTF_8:
            return (
                "most of it is UTF-8; correct it where it is not, or name another encoding with"
                " corpus.encoding"
            )
        if not self.encoding:
            return "name its encoding with corpus.encoding; charset-normalizer recognises none"
        return (
            f"charset-normalizer takes it for {self.encoding}, in which it reads {quote(self.excerpt)};"
            f" if that is right, add corpus.encoding={self.encoding}, as in: {command(self.encoding)}"
        )


def _sample(blocks: Iterable[bytes]) -> bytes:
    """Take the lines that are not ASCII, for others tell nothing; wide characters have no such lines."""
    sample = b""
    for block in blocks:
        if b"\0" in block or block.startswith(_MARKS):
            return block[:_SAMPLE]
        telling = (line for line in block.splitlines(keepends=True) if not line.isascii())
        sample += b"".join(telling)[:_SAMPLE]
        if len(sample) >= _SAMPLE:
            break
    return sample


def _is_rather_utf_8(sample: bytes) -> bool:
    """Tell whether most lines that are not ASCII are UTF-8, so that some bytes of a text are wrong."""
    lines = [line for line in sample.splitlines() if not line.isascii()]
    return sum(_reads([line], _UTF_8) for line in lines) * 2 > len(lines)


def _guesses(sample: bytes) -> Iterator[str]:
    from charset_normalizer import from_bytes

    if b"\0" in sample and not sample.startswith(_MARKS):
        yield _WIDE[int(sample[::2].count(0) < sample[1::2].count(0))]
    for match in from_bytes(sample):
        yield _COMMON if _COMMON in match.could_be_from_charset else codecs.lookup(match.encoding).name


def _reads(blocks: Iterable[bytes], encoding: str) -> bool:
    try:
        return all("\0" not in part for part in _decode(blocks, encoding))
    except _UndecodableError:
        return False


def _excerpt(sample: bytes, encoding: str) -> str:
    """Show some of a text from before its first character that is not ASCII."""
    text = sample.decode(encoding, errors="replace").removeprefix(_BOM)
    at = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    start = max(0, at - _EXCERPT // 2)
    return " ".join(text[start : start + _EXCERPT].split())
