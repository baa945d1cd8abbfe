r"""Cleaning: only letters are kept, in lower case, or everything is.

A clean line has no white space at its ends, and single spaces inside, if only letters are kept.

Source: the notes, "Text Preprocessing", `read_time_machine`.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from seqstep.settings.config import Clean, LineEnds, Locale
from seqstep.text.letters import Letters, lower_case
from seqstep.text.reading import read_parts

_SPACE = ord(" ")


def clean_parts(
    parts: Iterable[str],
    clean: Clean = "ascii_letters",
    lines: LineEnds = "join",
    locale: Locale = "",
    marks: str = "",
) -> Iterator[str]:
    r"""Clean a text that comes in parts.

    With `ascii_letters` and `unicode_letters` every run of anything else within a line becomes one space,
    or nothing at the line's ends, and the letters become lower case. With `none` everything stays.

    Args:
        parts: the text; a part may end anywhere, also inside a line or a word.
        lines: with `join` and `keep` a \n stays that ends a line, and `join` ends the last one too; with
            `space` a line's end is white space like any other.
        locale: whose rules make lower case; see `lower_case`.
        marks: characters that stay, such as those at the ends of documents; control characters.

    Yields:
        parts of the clean text; none ends inside a word.
    """
    last = "\n" if lines == "join" else ""
    if clean == "none":
        plain = (part.replace("\n", " ") for part in parts) if lines == "space" else parts
        return _in_whole_words(plain, str, str, last, marks)
    letters = Letters(clean, marks if lines == "space" else f"{marks}\n")

    def squeeze(text: str) -> str:
        return _squeeze(letters.drop_loose_joiners(text))

    translated = (part.translate(letters) for part in parts)
    return _in_whole_words(translated, squeeze, lower_case(clean, locale), last, marks)


def clean_line(line: str, clean: Clean = "ascii_letters", locale: Locale = "") -> str:
    """Clean one line; see `clean_parts`."""
    line = line.rstrip("\r\n")
    whole = [line if clean == "none" else line.replace("\n", " ")]
    return "".join(clean_parts(whole, clean, locale=locale)).rstrip("\n")


def clean_lines(path: Path, clean: Clean = "ascii_letters", locale: Locale = "") -> list[str]:
    """Read the lines of a text and clean each; see `read_parts` and `clean_parts`."""
    return "".join(clean_parts(read_parts(path), clean, locale=locale)).split("\n")[:-1]


def _in_whole_words(
    parts: Iterable[str], squeeze: Callable[[str], str], finish: Callable[[str], str], end: str, marks: str
) -> Iterator[str]:
    r"""Cut a text anew where words end.

    Args:
        squeeze: is given text from white space on, which may end anywhere.
        finish: is given text of whole words.
        end: what ends the last line, if nothing does; \n or nothing.
        marks: a character that parts words like white space, if there is one.
    """
    # What is held back starts with what parts words, so that it is known what stands before the next part.
    held, passed_over, last = ["\n"], 1, "\n"
    for part in parts:
        last = part[-1:] or " "
        held.append(part)
        if part.split(None, 1) == [part] and not (marks and marks in part):
            continue  # A word goes on; a huge one is joined once.
        text = squeeze("".join(held))
        place = _last_border(text, marks)
        yield finish(text[passed_over:place])
        held, passed_over = [text[place:]], 0 if place else passed_over
    held.append("\n")
    yield finish(squeeze("".join(held))[passed_over:-1]) + ("" if last == "\n" else end)


def _last_border(text: str, marks: str) -> int:
    """Find the last white space, or mark, of a text that has some."""
    space = len(text) - 1 if text[-1].isspace() else len(text) - len(text.rsplit(None, 1)[-1]) - 1
    return max(space, text.rfind(marks)) if marks else space


def _squeeze(text: str) -> str:
    """Take spaces away at the ends of lines and of documents, and after other spaces."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    kept = data != _SPACE
    kept[1:] |= data[:-1] > _SPACE  # Above it are letters, also as the bytes of UTF-8; below it ends.
    kept[0] = True
    data = data[kept]
    kept = data != _SPACE
    kept[:-1] |= data[1:] >= _SPACE
    kept[-1] = True
    return data[kept].tobytes().decode()
