"""Reading models in the ARPA format, ours and other tools'."""

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqstep.corpus.unpacking import read_blocks
from seqstep.errors import CorpusError, ModelError
from seqstep.text.arpa.spelling import MARKERS, START, unescape
from seqstep.text.ngram_models.backoff import Backoff
from seqstep.text.ngram_models.trie import ABSENT, Level, NgramTrie
from seqstep.text.ngram_models.without_start import WithoutStart
from seqstep.text.vocab import UNKNOWN

#: the format's logarithm of 0
ZERO = -99.0

_BLANKS = re.compile("[ \t]+")
_COUNT = re.compile(r"ngram\s+(\d+)\s*=\s*(\d+)")
# How others spell what is outside of a vocabulary.
_OTHERS_UNKNOWN = "<UNK>"
# What rounding may put above a probability of 1, as its logarithm.
_ROUNDED = 1e-4
_OTHER_FORMATS, _MOST_LINES = ("iARPA", "qARPA"), 3


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
    The start of a sentence never is next; see `seqstep.text.arpa`.

    Raises:
        ModelError: there is no such file, or it is no whole ARPA file.
    """
    try:
        lines = b"".join(read_blocks(path, str(path))).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ModelError(
            f"expected an ARPA file in UTF-8 at {path}, got the byte 0x{byte:02x} in it"
        ) from None
    except CorpusError as error:
        raise ModelError(f"expected an ARPA file in UTF-8 at {path}, got none: {error}") from None
    try:
        sections = [_parse_section(n, rows) for n, rows in enumerate(_cut_sections(lines), start=1)]
        return _assemble(_without_idle_markers(_with_start_as_context(sections)))
    except _FormatError as error:
        raise ModelError(f"{path} is no whole ARPA file: {error}; write or fetch it again") from None


class _FormatError(Exception):
    """What was expected where, and what stands there."""


def _cut_sections(lines: Sequence[str]) -> list[list[str]]:
    """Find the lines of each order, and hold their number against the one that the file's head says."""
    declared: list[int] = []
    sections: list[list[str]] = []
    for line in _lines_of_data(lines):
        if line == "\\end\\":
            found = [len(section) for section in sections]
            if _without_end(declared) != _without_end(found) or not _without_end(found):
                raise _FormatError(f"expected {declared} n-grams of lengths 1, 2, … and not 0, got {found}")
            return sections[: len(_without_end(found))]
        if line == f"\\{len(sections) + 1}-grams:":
            sections.append([])
        elif sections and line:
            sections[-1].append(line)
        elif line.startswith("ngram"):
            declared.append(_count(line, len(declared) + 1))
    raise _FormatError(r"expected \end\ at the end, got none")


def _lines_of_data(lines: Sequence[str]) -> Iterator[str]:
    r"""Pass over what stands before \data\, such as an explanation of the format."""
    data = dropwhile(lambda line: line != "\\data\\", (line.strip(" \t\r") for line in lines))
    if next(data, None) is None:
        raise _FormatError(r"expected \data\ before its numbers of n-grams, got none")
    if kind := next((kind for kind in _OTHER_FORMATS if kind in map(str.strip, lines[:_MOST_LINES])), ""):
        raise _FormatError(f"expected ARPA, got {kind}; let `compile-lm --text=yes` write it as ARPA")
    yield from data


def _count(line: str, n: int) -> int:
    """Read how many n-grams of length n there are."""
    found = _COUNT.fullmatch(line)
    if not found or int(found[1]) != n:
        raise _FormatError(f"expected `ngram {n}=COUNT`, got {line!r}")
    return int(found[2])


def _without_end(counts: Sequence[int]) -> list[int]:
    """Leave out the lengths at the end that have no n-grams."""
    kept = max((n for n, count in enumerate(counts, start=1) if count), default=0)
    return list(counts[:kept])


def _parse_section(n: int, rows: Sequence[str]) -> _Section:
    """Split the lines of the n-grams of length n into values and tokens."""
    fields = [_BLANKS.split(row) for row in rows]
    logs = np.array([_logarithms(n, row) for row in fields]).reshape(-1, 2)
    values = np.where(logs > ZERO, 10.0**logs, 0.0)
    return _Section([row[1 : n + 1] for row in fields], values[:, 0], values[:, 1])


def _logarithms(n: int, row: Sequence[str]) -> tuple[float, float]:
    """Read the two logarithms of an n-gram; the second is 0 if it is left out."""
    try:
        log, weight = float(row[0]), float(row[n + 1]) if len(row) > n + 1 else 0.0
    except ValueError:
        log = weight = np.nan
    if not (n + 1 <= len(row) <= n + 2 and log <= _ROUNDED and weight < -ZERO):
        got = " ".join(row)
        raise _FormatError(f"expected a logarithm, {n} tokens and maybe another logarithm, got {got!r}")
    return min(log, 0.0), weight


def _with_start_as_context(sections: list[_Section]) -> list[_Section]:
    """Take the probability from the start of a sentence where it is none, for it only begins a context.

    It is one where all probabilities sum to 1 with it rather than without.
    """
    first, *longer = sections
    is_start = np.array([gram == [START] for gram in first.grams])
    total, own = first.probabilities.sum(), first.probabilities[is_start].sum()
    if own < 1 and abs(total - 1) < abs(total - own - 1):
        return sections
    return [first._replace(probabilities=np.where(is_start, 0.0, first.probabilities)), *longer]


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
    spelt = [_OTHERS_UNKNOWN] if UNKNOWN not in indices else []
    names = tuple(UNKNOWN if token in spelt else unescape(token) for token in tokens)
    trie = NgramTrie(tuple(levels), len(tokens))
    return ArpaModel(_model(trie, listed, weights[:-1], indices.get(START, ABSENT)), names)


def _model(
    trie: NgramTrie, listed: Sequence[np.ndarray], weights: Sequence[np.ndarray], start: int
) -> Backoff:
    """Make the model in which the start of a sentence, if it is there, never is next."""
    shares = (part[level.tokens == start].sum() for part, level in zip(listed, trie.levels, strict=True))
    return WithoutStart(trie, listed, weights, start) if sum(shares) > 0 else Backoff(trie, listed, weights)


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
