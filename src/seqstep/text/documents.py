r"""Documents: where a text ends and another begins, so that nothing is learnt across.

While a text is read, a mark stands where a document ends, instead of the ends of lines that told so; it
becomes the token `</s>`. A text begins with one too, for what begins a document follows an end.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import regex

from seqstep.errors import TextError
from seqstep.settings.config import Documents

#: the token that ends documents
END = "</s>"
#: what stands for it in a text that is read; a control character, which is no white space
MARK = "\x03"

_BLANK_LINES = regex.compile(r"\n(?:[^\S\n]*\n)+")
_MARKS = regex.compile(rf"{MARK}(?:\s*{MARK})+")


def mark_documents(parts: Iterable[str], documents: Documents) -> Iterator[str]:
    r"""Put a mark where a document ends.

    Args:
        parts: the text, which may be cut anywhere.
        documents: none; line for every end of a line; blank_line for every row of lines without text. For
            those of files see `mark_starts`.

    Raises:
        TextError: the text holds the mark itself.
    """
    if documents == "none":
        return iter(parts)
    safe = _without_marks(parts)
    if documents == "line":
        return (part.replace("\n", MARK) for part in safe)
    return (_BLANK_LINES.sub(MARK, part) for part in _ending_in_text(safe))


def mark_starts(parts: Iterable[str], starts: np.ndarray) -> Iterator[str]:
    """Put a mark before every document but the first.

    Args:
        parts: the text, which may be cut anywhere.
        starts: shape (documents,), characters of the text before each one, ascending.

    Raises:
        TextError: the text holds the mark itself.
    """
    passed = 0
    for part in _without_marks(parts):
        first, last = np.searchsorted(starts, [max(1, passed), passed + len(part)])
        cuts = [0, *(starts[first:last] - passed).tolist(), len(part)]
        passed += len(part)
        yield MARK.join(part[start:stop] for start, stop in pairwise(cuts))


def single_marks(parts: Iterable[str]) -> Iterator[str]:
    """Begin and end a clean text with a mark, and let only one stand between two documents.

    A document of white space alone is none.
    """
    held = MARK
    for part in parts:
        text = _MARKS.sub(MARK, held + part)
        whole = _length_of_text(text)
        yield text[:whole]
        held = text[whole:]
    yield _MARKS.sub(MARK, held + MARK)


def _without_marks(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if MARK in part:
            raise TextError(
                f"expected a text without the control character U+{ord(MARK):04X}, which stands for the ends"
                " of documents here, got one that holds it; take it out, or set text.documents=none"
            )
        yield part


def _ending_in_text(parts: Iterable[str]) -> Iterator[str]:
    """Cut a text anew, so that a row of blank lines stands in one part."""
    held = ""
    for part in parts:
        text = held + part
        whole = len(text.rstrip())
        yield text[:whole]
        held = text[whole:]
    yield held if "\n" not in held else MARK


def _length_of_text(text: str) -> int:
    """Find where the white space and the marks begin that end a text."""
    end = text.rstrip()
    while end.endswith(MARK):
        end = end.rstrip(MARK).rstrip()
    return len(end)
