r"""Cleaning: only letters are kept, in lower case, or everything is.

A clean line has no white space at its ends, and single spaces inside, if only letters are kept.

Source: the notes, "Text Preprocessing", `read_time_machine`.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import regex

from seqstep.settings.config import Clean
from seqstep.text.reading import read_parts

_KEPT = {
    "ascii_letters": regex.compile(r"[A-Za-z\n]"),
    "unicode_letters": regex.compile(r"[\p{L}\p{M}\n]"),
}
_SPACE, _NEWLINE = b" \n"


def clean_parts(parts: Iterable[str], clean: Clean = "ascii_letters") -> Iterator[str]:
    r"""Clean a text that comes in parts.

    With `ascii_letters` and `unicode_letters` every run of anything else within a line becomes one space,
    or nothing at the line's ends, and the letters become lower case. With `none` everything stays.

    Args:
        parts: the text; a part may end anywhere, also inside a line or a word.

    Yields:
        parts that are, joined, the clean lines with one \n after each; no part ends inside a word.
    """
    if clean == "none":
        return _in_whole_words(parts, str, str)
    letters = _Letters(_KEPT[clean])
    return _in_whole_words((part.translate(letters) for part in parts), _squeeze, str.lower)


def clean_line(line: str, clean: Clean = "ascii_letters") -> str:
    """Clean one line; see `clean_parts`."""
    line = line.rstrip("\r\n")
    return "".join(clean_parts([line if clean == "none" else line.replace("\n", " ")], clean)).rstrip("\n")


def clean_lines(path: Path, clean: Clean = "ascii_letters") -> list[str]:
    """Read the lines of a text and clean each; see `read_parts` and `clean_parts`."""
    return "".join(clean_parts(read_parts(path), clean)).split("\n")[:-1]


class _Letters(dict[int, str]):
    """What each character becomes, by its number: itself, or a space."""

    def __init__(self, kept: regex.Pattern[str]) -> None:
        super().__init__()
        self.kept = kept

    def __missing__(self, number: int) -> str:
        character = chr(number)
        self[number] = character if self.kept.match(character) else " "
        return self[number]


def _in_whole_words(
    parts: Iterable[str], squeeze: Callable[[str], str], finish: Callable[[str], str]
) -> Iterator[str]:
    r"""Cut a text anew where words end, and end its last line with \n.

    Args:
        squeeze: is given text from white space on, which may end anywhere.
        finish: is given text of whole words.
    """
    # What is held back starts with white space, so that it is known what stands before the next part.
    held, passed_over, last = ["\n"], 1, "\n"
    for part in parts:
        last = part[-1:] or last
        held.append(part)
        if part.split(None, 1) == [part]:
            continue  # A word goes on; a huge one is joined once.
        text = squeeze("".join(held))
        end = _last_space(text)
        yield finish(text[passed_over:end])
        held, passed_over = [text[end:]], 0 if end else passed_over
    held.append("" if last == "\n" else "\n")
    yield finish(squeeze("".join(held))[passed_over:])


def _last_space(text: str) -> int:
    """Find the last white space of a text that has some."""
    return len(text) - 1 if text[-1].isspace() else len(text) - len(text.rsplit(None, 1)[-1]) - 1


def _squeeze(text: str) -> str:
    """Take spaces away at the ends of lines, and after other spaces."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    kept = data != _SPACE
    kept[1:] |= data[:-1] > _SPACE  # Above it are letters, also as the bytes of UTF-8.
    kept[0] = True
    data = data[kept]
    kept = data != _SPACE
    kept[:-1] |= data[1:] != _NEWLINE
    kept[-1] = True
    return data[kept].tobytes().decode()
