"""How time and peak memory grow with the size of the work: `python -m benchmarks.scale [AXIS …]`."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import scale_axes, zipf_text
from benchmarks.growth import Axis, Point
from benchmarks.measuring import Benchmark
from benchmarks.text import Way

_MB = 1_000_000
_LIMIT_MB = 1500.0


def corpus() -> Iterator[Point]:
    """Measure texts of four sizes."""
    for megabytes in (1, 10, 100, 1000):
        with _text(megabytes) as way:
            yield Point(megabytes, way.seconds(), way.peak_mb())


AXES: Mapping[str, Axis] = {
    "corpus": Axis("text: clean to trigram counts", "MB", corpus),
    **scale_axes.AXES,
}


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Yield the claims about a text of 1 GB."""
    with _text(100) as small, _text(1000) as large:
        yield [
            Benchmark(
                "text: clean to trigram counts, a tenth of the time of 1 GB against that of 100 MB",
                1 / 1.15,
                small.seconds,
                lambda: large.seconds() / 10,
                pairs=3,
            ),
            Benchmark(
                "peak memory of text of 1 GB, clean to trigram counts, against 1.5 GB",
                1.0,
                lambda: _LIMIT_MB,
                large.peak_mb,
                3,
                "MB",
            ),
        ]


@contextmanager
def _text(megabytes: int) -> Iterator[Way]:
    with tempfile.TemporaryDirectory(prefix="seqstep-bench-") as folder:
        yield Way("seqstep", zipf_text.write(Path(folder, "text.txt"), megabytes * _MB))


def main() -> int:
    """Print the growth along the chosen axes, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("axes", nargs="*", metavar="AXIS", help=f"of {', '.join(AXES)}; all unless named")
    chosen = parser.parse_args().axes or AXES
    if unknown := set(chosen) - set(AXES):
        parser.error(f"there is no axis {', '.join(sorted(unknown))}; there are: {', '.join(AXES)}")
    columns = "{:>12}{:>12}{:>18}{:>14}"
    for name in chosen:
        axis = AXES[name]
        print(f"{name}: {axis.work}")
        print(columns.format(axis.unit, "seconds", f"ms per {axis.unit}", "peak MB"))
        for size, seconds, peak_mb in axis.points():
            row = f"{size:,.0f}", f"{seconds:.2f}", f"{1000 * seconds / size:.2f}", f"{peak_mb:,.0f}"
            print(columns.format(*row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
