r"""Where words part: at white space, and by the rules of Unicode in scripts that are written without spaces.

By these rules (UAX 29), which need no dictionary, a Chinese or Japanese character is a word of its own, and
so is a letter of Thai, Lao, Khmer or Burmese with its marks. The end of a line that is kept is a word too.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import regex

from seqstep.text.documents import END

LINE_END = "\n"

_UNSPACED = r"[\p{L}--[\p{WB=ALetter}\p{WB=Hebrew_Letter}]]"
_LETTER = regex.compile(_UNSPACED, regex.VERSION1)
_LAST = regex.compile(rf"{_UNSPACED}\p{{M}}*\Z", regex.VERSION1)
# Of control characters Python takes four for white space that `\s` does not.
_WORD = regex.compile(r"[^\s\x1c-\x1f]+")
_BORDER = regex.compile(r"(?<=\S)\b(?=\S)", regex.WORD)
#: bytes of UTF-8 from here on begin characters of three bytes and more, among which all these scripts are
_FIRST_BYTE = 0xE0


def part_words(text: str) -> str:
    """Put a space where words part that have none between them."""
    if text.isascii() or not is_unspaced(text):
        return text
    return _WORD.sub(lambda word: _BORDER.sub(" ", word[0]) if _LETTER.search(word[0]) else word[0], text)


def is_unspaced(text: str) -> bool:
    """Tell whether a text has letters of scripts that are written without spaces."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    return bool((data >= _FIRST_BYTE).any()) and bool(_LETTER.search(text))


def show_lines(text: str) -> str:
    """Write a text in one line, with ↵ where its lines end."""
    return text.replace(LINE_END, "↵")


def join_words(words: Sequence[str]) -> str:
    """Write words with the spaces that parted them, as far as that is known."""
    gaps = (" " if _spaces(left)[1] and _spaces(right)[0] else "" for left, right in pairwise(words))
    return "".join(part for pair in zip(words, [*gaps, ""], strict=False) for part in pair)


def spaced_lengths(types: Iterable[str], ids: np.ndarray) -> np.ndarray:
    """Characters of each word of a text, with the space after it where there is one.

    Args:
        types: the distinct words.
        ids: shape (words,), the text.

    Returns:
        shape (words,); the last has a space after it.
    """
    kinds = [(*_spaces(type_), token_length(type_)) for type_ in types]
    before, after, lengths = (np.array(column) for column in zip(*kinds, strict=True))
    spaces = after[ids]
    spaces[:-1] &= before[ids[1:]]
    return np.asarray(lengths[ids] + spaces)


def token_length(token: str) -> int:
    """Characters that a token stands for; the end of a document for one."""
    return 1 if token == END else len(token)


def _spaces(word: str) -> tuple[bool, bool]:
    """Tell whether a space stands before a word, and after it, if the neighbour has one there too."""
    if word in (LINE_END, END):
        return False, False
    return not _LETTER.match(word), not _LAST.search(word)
