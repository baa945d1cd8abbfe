"""What a benchmark is, how its pairs are measured, and how a process is timed."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class BenchmarkError(Exception):
    """A measured command did not do what the claim says, so its time means nothing."""


class Benchmark(NamedTuple):
    """A speed claim and how it is measured.

    Attributes:
        claim: what is compared with what.
        goal: how many times as long as ours the baseline takes at least, in the median of the pairs.
        baseline: does it the other way once; returns seconds.
        ours: does it our way once; returns seconds.
        pairs: how many times both are measured, in turn.
    """

    claim: str
    goal: float
    baseline: Callable[[], float]
    ours: Callable[[], float]
    pairs: int = 5


class Result(NamedTuple):
    """What a benchmark found; ratios are the baseline's seconds over ours, pair by pair."""

    claim: str
    median: float
    min: float
    max: float
    goal: float
    met: bool
    baseline_s: float
    ours_s: float
    pairs: int


def measure(benchmark: Benchmark) -> Result:
    """Measure the pairs in turn: baseline, ours, baseline, ours, and so on."""
    seconds = [(benchmark.baseline(), benchmark.ours()) for _ in range(benchmark.pairs)]
    ratios = [baseline / ours for baseline, ours in seconds]
    median = statistics.median(ratios)
    baseline_s, ours_s = map(statistics.median, zip(*seconds, strict=True))
    return Result(
        *(benchmark.claim, median, min(ratios), max(ratios), benchmark.goal, median >= benchmark.goal),
        *(baseline_s, ours_s, benchmark.pairs),
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, str]:
    """Run a whole process in a folder; return its seconds and its standard output.

    Raises:
        BenchmarkError: it could not be started, or its exit status is not 0.
    """
    start = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603  (the commands are this package's own)
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BenchmarkError(f"{' '.join(command)}: {error.strerror}") from None
    seconds = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise BenchmarkError(f"{' '.join(command)}: expected exit status 0, got {done.returncode}: {said}")
    return seconds, done.stdout
