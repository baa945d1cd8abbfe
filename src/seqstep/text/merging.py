"""Adding up what the chunks of a text counted, in bounded memory.

What each chunk counted is sorted, and written to a temporary file as it is. Every so many-th key stays in
memory; these tell where to cut all chunks so that the parts between two cuts are equally large and hold all
that is to be added up. Then one part after the other is read again.
"""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np

from seqstep.text.ahead import ahead
from seqstep.text.counting import Counted

_STEP = 1 << 9  # n-grams from one key in memory to the next
_PART = 1 << 20  # n-grams that are added up at once, about


class Runs:
    """The counts of n-grams of one length, chunk by chunk, in a temporary file."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        self._runs: list[_Run] = []

    def __del__(self) -> None:
        self._file.close()

    def add(self, counted: Counted) -> None:
        """Write down what the next chunk counted."""
        offset = self._file.tell()
        for key in counted.keys:
            key.tofile(self._file)
        for column in (counted.first, counted.counts):
            column.astype(np.uint32).tofile(self._file)
        types = [np.dtype(np.uint64)] * len(counted.keys) + [np.dtype(np.uint32)] * 2
        self._runs.append(_Run(offset, len(counted.first), types, counted.keys[0][::_STEP].copy()))

    def merged(self) -> Iterator[Counted]:
        """Add up the chunks' counts.

        Yields:
            each n-gram once, in ascending order.
        """
        if not self._runs:
            return iter(())
        samples = np.sort(np.concatenate([run.samples for run in self._runs]))
        borders = np.unique(samples[:: _PART // _STEP])[1:]
        cuts = [[0, *(self._cut(run, border) for border in borders), run.length] for run in self._runs]
        parts = (
            [self._read(run, *cut[part : part + 2]) for run, cut in zip(self._runs, cuts, strict=True)]
            for part in range(len(borders) + 1)
        )
        return ahead(_add_up, parts)

    def _cut(self, run: "_Run", border: np.uint64) -> int:
        """Find the first n-gram of a run whose key is not below a border."""
        start = max(int(np.searchsorted(run.samples, border)) - 1, 0) * _STEP
        keys = self._column(run, 0, start, min(start + _STEP, run.length))
        return start + int(np.searchsorted(keys, border))

    def _read(self, run: "_Run", start: int, stop: int) -> list[np.ndarray]:
        return [self._column(run, column, start, stop) for column in range(len(run.types))]

    def _column(self, run: "_Run", column: int, start: int, stop: int) -> np.ndarray:
        type_, before = run.types[column], sum(type_.itemsize for type_ in run.types[:column])
        self._file.seek(run.offset + before * run.length + start * type_.itemsize)
        return np.frombuffer(self._file.read((stop - start) * type_.itemsize), dtype=type_)


class _Run(NamedTuple):
    """Where in the file a chunk's counts are, column after column.

    Attributes:
        offset: in bytes.
        length: rows.
        types: of the columns, first the keys.
        samples: every `_STEP`-th key of the first column.
    """

    offset: int
    length: int
    types: list[np.dtype]
    samples: np.ndarray


def _add_up(parts: list[list[np.ndarray]]) -> Counted:
    """Add up the counts of equal n-grams; the first has the first place, as the chunks stand in order."""
    *keys, first, counts = map(np.concatenate, zip(*parts, strict=True))
    if len(parts) > 1:
        order = np.lexsort(keys[::-1])
        *keys, first, counts = (column[order] for column in (*keys, first, counts))
    differs = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    return Counted(
        [key[starts] for key in keys], first[starts], np.add.reduceat(counts, starts, dtype=np.uint64)
    )
