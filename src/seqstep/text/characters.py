"""The characters of a text, counted while it is read: how many there are of each kind, and which letters.

Most texts are mostly ASCII, whose kinds are told by comparing bytes; other characters are counted one by one.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import regex

_LETTER = regex.compile(r"[\p{L}\p{Mn}\p{Mc}--\p{Variation_Selector}]", regex.VERSION1)
_DIGIT = regex.compile(r"\p{N}")
_SPACE = regex.compile(r"[\s\x00-\x20\u200b]")
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Variation_Selector}]")
_ASCII, _POINTS = 128, 0x110000


class Characters:
    """Counts the characters of a text that comes in parts.

    Attributes:
        total: characters.
        line_ends: ends of lines, whatever they were written as.
        ascii_letters: A to Z and a to z.
        digits: numbers of any script.
        spaces: white space within lines, and control characters.
        invisible: characters that are not seen, such as soft hyphens and joiners.
        beyond: shape (1,114,112,), how often each character occurs that is not ASCII; None for none so far.
    """

    def __init__(self) -> None:
        self.total = self.line_ends = self.ascii_letters = 0
        self._ascii_digits = self._ascii_spaces = 0
        self._last = "\n"
        self._beyond: np.ndarray | None = None

    def counted(self, parts: Iterable[str]) -> Iterator[str]:
        """Hand on the parts of a text as they are, and count what is in them."""
        for part in parts:
            self.add(part)
            yield part

    def add(self, part: str) -> None:
        """Count the next part."""
        self.total += len(part)
        self.line_ends += part.count("\n")
        self._last = part[-1:] or self._last
        data = np.frombuffer(part.encode(), dtype=np.uint8)
        # Numbers below 0 wrap around.
        self.ascii_letters += int(np.count_nonzero((data | 32) - np.uint8(97) < 26))
        self._ascii_digits += int(np.count_nonzero(data - np.uint8(48) < 10))
        self._ascii_spaces += int(np.count_nonzero(data <= 32))
        if len(data) > len(part):
            codes = np.frombuffer(part.encode("utf-32-le"), dtype="<u4")
            counts = np.bincount(codes[codes >= _ASCII], minlength=_POINTS)
            self._beyond = counts if self._beyond is None else self._beyond + counts

    @property
    def lines(self) -> int:
        """How many lines there are, the last one too if nothing ends it."""
        return self.line_ends + (self._last != "\n")

    @property
    def letters(self) -> int:
        """Letters and marks of all scripts."""
        return self.ascii_letters + sum(count for _, count in self.other_letters())

    @property
    def digits(self) -> int:
        """Digits and other numbers of all scripts."""
        return self._ascii_digits + self._others(_DIGIT)

    @property
    def spaces(self) -> int:
        """White space and control characters, without the ends of lines."""
        return self._ascii_spaces - self.line_ends + self._others(_SPACE)

    @property
    def invisible(self) -> int:
        """What is not seen: soft hyphens, joiners, marks of direction and of variants."""
        return self._others(_INVISIBLE) - self._others(_SPACE, _INVISIBLE)

    @property
    def punctuation(self) -> int:
        """All else: punctuation, signs, pictures."""
        known = self.letters + self.digits + self.spaces + self.line_ends + self.invisible
        return self.total - known

    def other_letters(self) -> list[tuple[str, int]]:
        """List the letters and marks that are not ASCII with their counts, the most frequent first."""
        found = [item for item in self._each() if _LETTER.match(item[0])]
        return sorted(found, key=lambda item: -item[1])

    def _others(self, *kinds: "regex.Pattern[str]") -> int:
        """Count the characters beyond ASCII that are of all these kinds."""
        return sum(count for character, count in self._each() if all(kind.match(character) for kind in kinds))

    def _each(self) -> Iterator[tuple[str, int]]:
        if self._beyond is not None:
            for code in np.flatnonzero(self._beyond).tolist():
                yield chr(code), int(self._beyond[code])
