"""Reading models in the ARPA format, ours and other tools'."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqstep.errors import ModelError
from seqstep.text.arpa.spelling import MARKERS, unspell
from seqstep.text.ngram_models.backoff import Backoff
from seqstep.text.ngram_models.trie import ABSENT, Level, NgramTrie

#: the format's logarithm of 0
ZERO = -99.0


class ArpaModel(NamedTuple):
    """What an ARPA file holds.

    Attributes:
        model: sums to 1 as closely as the file's decimals allow.
        tokens: the token of each index, in the order of the file.
    """

    model: Backoff
    tokens: tuple[str, ...]


class _Section(NamedTuple):
    """The n-grams of one length: spellings, shape (types, n), and two values each, shape (types,)."""

    grams: list[list[str]]
    probabilities: np.ndarray
    weights: np.ndarray


def read_arpa(path: Path) -> ArpaModel:
    """Read a model.

    A sentence marker that has the probability 0 and is in no longer n-gram is not taken into the vocabulary.

    Raises:
        ModelError: there is no such file, or it is no whole ARPA file.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"expected an ARPA file in UTF-8 at {path}, got {error}") from None
    try:
        sections = [_parse_section(n, rows) for n, rows in enumerate(_cut_sections(lines), start=1)]
        return _assemble(_without_idle_markers(sections))
    except _FormatError as error:
        raise ModelError(f"{path} is no whole ARPA file: {error}; write or fetch it again") from None


class _FormatError(Exception):
    """What was expected where, and what stands there."""


def _cut_sections(lines: Sequence[str]) -> list[list[str]]:
    """Find the lines of each order, and hold their number against the one that the file's head says."""
    declared: list[int] = []
    sections: list[list[str]] = []
    for number, raw in enumerate(lines, start=1):
        line = raw.strip(" \t\r")
        if line == "\\end\\":
            found = [len(section) for section in sections]
            if declared != found or not (found and all(found)):
                raise _FormatError(f"expected {declared} n-grams of lengths 1, 2, … and not 0, got {found}")
            return sections
        if line == f"\\{len(sections) + 1}-grams:":
            sections.append([])
        elif sections and line:
            sections[-1].append(line)
        elif line.startswith("ngram "):
            count = line.partition("=")[2].strip()
            if not count.isdecimal():
                raise _FormatError(f"expected `ngram N=COUNT` in line {number}, got {line!r}")
            declared.append(int(count))
    raise _FormatError(r"expected \end\ at the end, got none")


def _parse_section(n: int, rows: Sequence[str]) -> _Section:
    """Split the lines of the n-grams of length n into values and tokens."""
    fields = [row.replace("\t", " ").split(" ") for row in rows]
    logs = np.array([_logarithms(n, row) for row in fields]).reshape(-1, 2)
    values = np.where(logs > ZERO, 10.0**logs, 0.0)
    return _Section([row[1 : n + 1] for row in fields], values[:, 0], values[:, 1])


def _logarithms(n: int, row: Sequence[str]) -> tuple[float, float]:
    """Read the two logarithms of an n-gram; the second is 0 if it is left out."""
    try:
        log, weight = float(row[0]), float(row[n + 1]) if len(row) > n + 1 else 0.0
    except ValueError:
        log = weight = np.nan
    if not (n + 1 <= len(row) <= n + 2 and log <= 0 and weight < -ZERO):
        got = " ".join(row)
        raise _FormatError(f"expected a logarithm, {n} tokens and maybe another logarithm, got {got!r}")
    return log, weight


def _without_idle_markers(sections: list[_Section]) -> list[_Section]:
    first, *longer = sections
    used = {token for section in longer for gram in section.grams for token in gram}
    idle = set(MARKERS) - used
    kept = [probability > 0 or gram[0] not in idle for gram, probability in zip(*first[:2], strict=True)]
    grams = [gram for gram, keep in zip(first.grams, kept, strict=True) if keep]
    return [_Section(grams, first.probabilities[kept], first.weights[kept]), *longer]


def _assemble(sections: Sequence[_Section]) -> ArpaModel:
    """Number the tokens and put the n-grams into a trie."""
    tokens = [gram[0] for gram in sections[0].grams]
    indices = {token: index for index, token in enumerate(tokens)}
    levels: list[Level] = []
    listed, weights = [], [np.zeros(1)]
    for section in sections:
        keys = _keys(section.grams, indices, levels)
        order = np.argsort(keys)
        if len(again := np.flatnonzero(np.diff(keys[order]) == 0)):
            twice = " ".join(section.grams[order[again[0]]])
            raise _FormatError(f"expected each n-gram once, got {twice!r} twice")
        levels.append(Level(keys[order], len(tokens)))
        listed.append(section.probabilities[order])
        weights.append(section.weights[order])
    model = Backoff(NgramTrie(tuple(levels), len(tokens)), listed, weights[:-1])
    return ArpaModel(model, tuple(map(unspell, tokens)))


def _keys(grams: Sequence[Sequence[str]], indices: dict[str, int], shorter: Sequence[Level]) -> np.ndarray:
    """Keys of n-grams in the level below the shorter ones; see `Level`."""
    try:
        ids = np.array([[indices[token] for token in gram] for gram in grams])
    except KeyError as error:
        raise _FormatError(f"expected {error.args[0]!r} among the single tokens, got no such line") from None
    nodes = np.zeros(len(grams), dtype=np.int64)
    for level, column in zip(shorter, ids.T, strict=False):
        nodes = level.find(nodes, column)
    if len(missing := np.flatnonzero(nodes == ABSENT)):
        lonely = " ".join(grams[missing[0]])
        raise _FormatError(f"expected the context of {lonely!r} to be listed, got no such line")
    return np.asarray(nodes * len(indices) + ids[:, -1])
