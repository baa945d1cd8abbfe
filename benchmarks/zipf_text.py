"""A text of any size with a language's statistics, from a seed: Zipf's law for words and for phrases.

A text is a row of phrases. The number of a phrase is drawn by Zipf's law; its words follow from that number
alone, by Zipf's law too, so a phrase that comes again has the same words. A text of 28 MB has about as many
types of words, bigrams and trigrams as a real one.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

_PHRASES = 4096  # drawn at a time
_LONGEST = 6  # words of a phrase
_ALL_PHRASES, _PHRASE_SKEW = 1e9, 1.0
_ALL_WORDS, _WORD_SKEW = 1e6, 1.27
_SYLLABLES = (
    "the",
    "no",
    "sir",
    "ra",
    "lem",
    "ma",
    "tor",
    "di",
    "sha",
    "ve",
    "lun",
    "per",
    "gi",
    "kos",
    "wa",
    "fy",
)
_ENDS = [" "] * 40 + [", "] * 4 + ["\n"] * 4 + [".\n", "; ", " -- "]


def write(path: Path, size_bytes: int, seed: int = 0) -> Path:
    """Write a text of a size, or up to some hundred kilobytes more; return its path."""
    written = 0
    with path.open("w", encoding="ascii", newline="") as file:
        for part in _parts(seed):
            written += file.write(part)
            if written >= size_bytes:
                break
    return path


def _parts(seed: int) -> Iterator[str]:
    """Write phrases without an end, some thousands at a time."""
    rng = np.random.default_rng(seed)
    spelled: dict[int, str] = {}
    while True:
        phrases = _zipf(rng.random(_PHRASES), _ALL_PHRASES, _PHRASE_SKEW)
        places = phrases[:, None] * np.uint64(_LONGEST) + np.arange(_LONGEST, dtype=np.uint64)
        words = _zipf(_shuffled(places), _ALL_WORDS, _WORD_SKEW)
        lengths = rng.integers(1, _LONGEST + 1, _PHRASES)
        kept = words[np.arange(_LONGEST) < lengths[:, None]].tolist()
        ends = rng.integers(len(_ENDS), size=len(kept)).tolist()
        for word in set(kept).difference(spelled):
            spelled[word] = _spell(word)
        yield "".join([spelled[word] + _ENDS[end] for word, end in zip(kept, ends, strict=True)])


def _zipf(uniform: np.ndarray, ranks: float, skew: float) -> np.ndarray:
    """Turn uniform numbers from 0 to 1 into ranks from 1 on whose frequency falls with rank^-skew."""
    rest = 1 - skew
    drawn = ranks**uniform if rest == 0 else ((ranks**rest - 1) * uniform + 1) ** (1 / rest)
    return drawn.astype(np.uint64)


def _shuffled(numbers: np.ndarray) -> np.ndarray:
    """Turn each number into one from 0 to 1 that looks drawn by chance (a step of SplitMix64)."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> 30) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> 27) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ mixed >> 31) / 2.0**64


def _spell(number: int) -> str:
    """Spell a word's rank in syllables: the smaller, the shorter."""
    word = ""
    while number:
        number, syllable = divmod(number - 1, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word
