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
    """A claim about time or memory and how it is measured.

    Attributes:
        claim: what is compared with what: `<our work> against <the other way>`.
        goal: how many times as much as ours the baseline takes at least, in the median of the pairs.
        baseline: does it the other way once; returns what it took.
        ours: does it our way once; returns what it took.
        pairs: how many times both are measured, in turn.
        unit: of what both return.
    """

    claim: str
    goal: float
    baseline: Callable[[], float]
    ours: Callable[[], float]
    pairs: int = 5
    unit: str = "s"


class Result(NamedTuple):
    """What a benchmark found; ratios are what the baseline took over what ours took, pair by pair."""

    work: str
    against: str
    median: float
    min: float
    max: float
    goal: float
    met: bool
    baseline: float
    ours: float
    unit: str
    pairs: int


def measure(benchmark: Benchmark) -> Result:
    """Measure the pairs in turn: baseline, ours, baseline, ours, and so on."""
    pairs = [(benchmark.baseline(), benchmark.ours()) for _ in range(benchmark.pairs)]
    ratios = [baseline / ours for baseline, ours in pairs]
    median = statistics.median(ratios)
    baseline, ours = map(statistics.median, zip(*pairs, strict=True))
    work, _, against = benchmark.claim.partition(" against ")
    return Result(
        *(work, against, median, min(ratios), max(ratios), benchmark.goal, median >= benchmark.goal),
        *(baseline, ours, benchmark.unit, benchmark.pairs),
    )


def timed(work: Callable[[], object]) -> float:
    """Do something; return its seconds."""
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
