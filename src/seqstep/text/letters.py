"""Letters: what a cleaning keeps of a text's characters, and how it writes them."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import partial

import regex

from seqstep.settings.config import Clean, Locale

_KEPT = {
    "ascii_letters": regex.compile(r"[A-Za-z]"),
    "unicode_letters": regex.compile(
        r"[\p{L}\p{Mn}\p{Mc}\u200c\u200d--\p{Variation_Selector}]", regex.VERSION1
    ),
}
#: what unicode_letters leaves out without parting a word: soft hyphens, marks of direction and of variants
_INVISIBLE = regex.compile(r"[\p{WB=Format}\p{Variation_Selector}]")
_JOINERS = (0x200C, 0x200D)
#: joiners that do not stand between letters, as far as that is known
_LOOSE = regex.compile(
    r"(?<![\p{L}\p{M}\u200c\u200d])[\u200c\u200d]+|[\u200c\u200d]+(?![\p{L}\p{M}\u200c\u200d]|\Z)"
)


class Letters(dict[int, str]):
    """What each character becomes, by its number, as `str.translate` takes it: itself, a space or nothing.

    Args:
        clean: ascii_letters or unicode_letters.
        marks: other characters that are kept.
    """

    def __init__(self, clean: Clean, marks: str) -> None:
        super().__init__()
        self._kept, self._marks = _KEPT[clean], marks
        self._passes_over = clean == "unicode_letters"

    def __missing__(self, number: int) -> str:
        character = chr(number)
        self[number] = self._write(character)
        return self[number]

    def drop_loose_joiners(self, text: str) -> str:
        """Drop joiners that are in no word, of a text that starts with white space and may end anywhere."""
        return _LOOSE.sub("", text) if any(joiner in self for joiner in _JOINERS) else text

    def _write(self, character: str) -> str:
        if character in self._marks or self._kept.match(character):
            return character
        return "" if self._passes_over and _INVISIBLE.match(character) else " "


def lower_case(clean: Clean, locale: Locale) -> Callable[[str], str]:
    """Choose how letters become lower case: by the rules of Unicode, in its composed form (NFC).

    ß and the last sigma of a word stay, which case folding would change into what no text has.
    """
    return str.lower if clean == "ascii_letters" else partial(_lower_composed, _LOCALES[locale])


def _lower_composed(before: Mapping[str, str], text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    for upper, lower in before.items():
        text = text.replace(upper, lower)
    text = text.lower()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_TURKIC = {"İ": "i", "I": "ı"}
_LOCALES: Mapping[Locale, Mapping[str, str]] = {"": {}, "tr": _TURKIC, "az": _TURKIC}
