"""A file of a table as what is in it: its text, in the encoding that it says or that is set, or its bytes."""

import codecs
import io
from pathlib import Path

from secrecy import quote
from seqstep.corpus import looks
from seqstep.corpus.decoding import Suggestion, decoded
from seqstep.corpus.unpacking import packing, read_blocks
from seqstep.errors import CorpusError, SeriesError
from seqstep.settings.config import SeriesConfig

_HEAD = 1 << 12
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# The longer marks first: that of utf-16 begins one of utf-32.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_bytes(path: Path, config: SeriesConfig) -> bytes:
    """Read what is in a file, unpacked if it is compressed; a workbook is no .zip of files here.

    Raises:
        SeriesError: it can't be read, is damaged or too large, or it is not clear what of it is meant.
    """
    try:
        with path.open("rb") as file:
            _check_size(file.seek(0, io.SEEK_END), path, config)
            file.seek(0)
            head = file.read(_HEAD)
            if packing(head) == "zip" and is_workbook(whole := head + file.read()):
                return whole
        content = bytearray()
        for block in read_blocks(path, str(path), config.member, config.section):
            content += block
            _check_size(len(content), path, config)
    except OSError as error:
        raise SeriesError(f"the series {path} can't be read: {error.strerror}") from None
    except CorpusError as error:
        raise SeriesError(str(error)) from None
    return bytes(content)


def is_workbook(content: bytes) -> bool:
    """Tell whether a file is a workbook of a spreadsheet, as Excel writes them."""
    return packing(content[:_HEAD]) == "zip" and b"xl/workbook.xml" in content


def text_of(content: bytes, path: Path, encoding: str) -> tuple[str, str]:
    """Decode a text; a byte order mark tells the encoding, if none is set.

    Returns:
        the text, and what it is encoded in.

    Raises:
        SeriesError: it is in another encoding, or no text.
    """
    kind = looks.what_else(content[:_HEAD]) or "an old workbook" * content.startswith(_OLD_WORKBOOK)
    if kind or looks.is_html(content[:_HEAD].decode("latin-1")):
        raise SeriesError(f"expected a table in {path}, got {kind or 'an HTML page'}; save it as CSV")
    if encoding == "utf-8":
        encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), encoding)

    def refuse(found: str) -> SeriesError:
        suggestion = Suggestion(lambda: [content])
        advice = "set series.encoding to the one that it has"
        if suggestion.encoding:
            advice = (
                f"charset-normalizer takes it for {suggestion.encoding}, in which it reads"
                f" {quote(suggestion.excerpt)}; if that is right, set series.encoding={suggestion.encoding}"
            )
        return SeriesError(f"expected a table in {encoding} at {path}, got {found} in it; {advice}")

    text = "".join(decoded([content], encoding, refuse))
    if "\0" in text:
        raise refuse("characters of number 0")
    return text, encoding


def _check_size(size: int, path: Path, config: SeriesConfig) -> None:
    if size > config.max_bytes:
        raise SeriesError(
            f"expected at most {config.max_bytes} bytes in {path}, got more; raise series.max_bytes"
        )
