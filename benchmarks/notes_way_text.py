"""The notes' way with a text, plainly: lists of lines and of words, a counter, and sorting by count.

Source: the notes, "Text Preprocessing", "Vocabulary" and "Natural Language Statistics".
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any


def read_lines(path: Path) -> list[str]:
    """Read a text, and keep its letters in lower case, line by line."""
    with path.open(encoding="utf-8") as file:
        lines = file.readlines()
    return [re.sub("[^A-Za-z]+", " ", line).strip().lower() for line in lines]


def read_words(path: Path) -> list[str]:
    """Read a text, and split it into words, line by line."""
    tokens = [line.split() for line in read_lines(path)]
    return [token for line in tokens for token in line]


def number(words: list[str]) -> tuple[list[int], list[str]]:
    """Write words as numbers, the most frequent first; return the numbers and what each stands for."""
    types = ["<unk>", *(word for word, _ in count(words))]
    numbers = {word: index for index, word in enumerate(types)}
    return [numbers[word] for word in words], types


def count(grams: Iterable[Any]) -> list[tuple[Any, int]]:
    """Count what occurs, the most frequent first."""
    return sorted(Counter(grams).items(), key=lambda item: item[1], reverse=True)


def count_ngrams(words: list[str]) -> list[list[tuple[Any, int]]]:
    """Count words, pairs and triples of neighbours, the most frequent first."""
    pairs = list(pairwise(words))
    triples = list(zip(words[:-2], words[1:-1], words[2:], strict=True))
    return [count(words), count(pairs), count(triples)]
