"""Scripts: which writing a letter belongs to."""

from collections.abc import Iterable

import regex

#: what letters are called that belong to none of the scripts below
OTHER = "other"

_NAMES = (
    "Latin",
    "Greek",
    "Cyrillic",
    "Armenian",
    "Hebrew",
    "Arabic",
    "Syriac",
    "Thaana",
    "Devanagari",
    "Bengali",
    "Gurmukhi",
    "Gujarati",
    "Oriya",
    "Tamil",
    "Telugu",
    "Kannada",
    "Malayalam",
    "Sinhala",
    "Thai",
    "Lao",
    "Tibetan",
    "Myanmar",
    "Georgian",
    "Hangul",
    "Ethiopic",
    "Cherokee",
    "Khmer",
    "Mongolian",
    "Hiragana",
    "Katakana",
    "Bopomofo",
    "Han",
)
_SCRIPT = regex.compile("|".join(rf"(?P<{name}>\p{{Script_Extensions={name}}})" for name in _NAMES))


def script_of(letter: str) -> str:
    """Name the script of a letter or of a mark on one, or `OTHER`."""
    found = _SCRIPT.match(letter)
    return (found.lastgroup if found else None) or OTHER


def count_scripts(letters: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up how often letters occur by script, the most frequent script first.

    Args:
        letters: each with its count.
    """
    counts: dict[str, int] = {}
    for letter, count in letters:
        script = script_of(letter)
        counts[script] = counts.get(script, 0) + count
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
