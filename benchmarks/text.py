"""From a text's file to the counts of its trigrams, against the notes' way and against a second engine.

Each way is a whole process, start-up included. A row of memory takes the processes that the row of time
before it has measured.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import zipf_text
from benchmarks.measuring import Benchmark, BenchmarkError, run

_ROOT = Path(__file__).parents[1]
_WORK = "text: clean to trigram counts"


class Way:
    """One way with one text.

    Args:
        name: of `text_ways.WAYS`.
        path: the text's file.
    """

    def __init__(self, name: str, path: Path) -> None:
        self._command = [sys.executable, "-m", "benchmarks.text_ways", name, str(path)]
        self._peaks_mb: list[float] = []
        #: what the last process said
        self.said: dict[str, Any] = {}

    def seconds(self) -> float:
        """Go the way once."""
        seconds, said = run(self._command, _ROOT, os.environ)
        self.said = json.loads(said)
        self._peaks_mb.append(self.said["peak_mb"])
        return seconds

    def peak_mb(self) -> float:
        """Return the most memory of the first process whose memory was not yet asked for."""
        return self._peaks_mb.pop(0)

    def found(self) -> tuple[Any, Any]:
        """Return what each way must find alike."""
        return self.said.get("types"), self.said.get("digest")


@contextmanager
def benchmarks(megabytes: int = 28, pairs: int = 5) -> Iterator[list[Benchmark]]:
    """Write a text; yield the claims about it."""
    with tempfile.TemporaryDirectory(prefix="seqstep-bench-") as folder:
        path = zipf_text.write(Path(folder, "text.txt"), megabytes * 1_000_000)
        yield [
            claim
            for name, against, goals in (
                ("notes", "the notes' way", (8.0, 3.0)),
                ("polars", "Polars, all in memory", (1.0, 1.0)),
            )
            for claim in _claims(
                Way(name, path), Way("seqstep", path), f"{megabytes} MB", against, goals, pairs
            )
        ]


def _claims(
    other: Way, ours: Way, size: str, against: str, goals: tuple[float, float], pairs: int
) -> list[Benchmark]:
    def ours_alike() -> float:
        seconds = ours.seconds()
        if ours.found() != other.found():
            raise BenchmarkError(f"{_WORK}, {size}: expected {other.found()}, got {ours.found()}")
        return seconds

    return [
        Benchmark(f"{_WORK}, {size} against {against}", goals[0], other.seconds, ours_alike, pairs),
        Benchmark(
            f"peak memory of that, {size} against {against}",
            goals[1],
            other.peak_mb,
            ours.peak_mb,
            pairs,
            "MB",
        ),
    ]
