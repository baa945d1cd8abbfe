"""Print the table of the benchmarks: pairs that were measured in turn, as ratios and in seconds."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from benchmarks import many_runs, nothing_to_do, scale, side_by_side, text
from benchmarks.measuring import Benchmark, BenchmarkError, Result, measure

#: by name, what makes ready for some benchmarks and clears away after them
BENCHMARKS: Mapping[str, Callable[[], AbstractContextManager[list[Benchmark]]]] = {
    "side_by_side": lambda: nullcontext(
        [Benchmark(side_by_side.CLAIM, 1.0, side_by_side.baseline, side_by_side.ours)]
    ),
    "nothing_to_do": nothing_to_do.benchmarks,
    "many_runs": many_runs.benchmarks,
    "text": text.benchmarks,
}
#: the same, for what takes many minutes: measured with `--full`
LONG: Mapping[str, Callable[[], AbstractContextManager[list[Benchmark]]]] = {
    "text_280": lambda: text.benchmarks(megabytes=280, pairs=3),
    "scale": scale.benchmarks,
}

_DIGITS = {"s": 2, "MB": 0}


def main() -> int:
    """Measure the chosen benchmarks; return 0 if every goal is met."""
    args = _arguments()
    try:
        results = list(_measured(args.names or [*BENCHMARKS, *(LONG if args.full else ())]))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps([result._asdict() for result in results]))
    else:
        _print_table(results)
    return 0 if all(result.met for result in results) else 1


def _arguments() -> argparse.Namespace:
    names = ", ".join([*BENCHMARKS, *LONG])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {names}; unless named, the quick ones")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    parser.add_argument("--full", action="store_true", help=f"also {', '.join(LONG)}, which take long")
    args = parser.parse_args()
    if unknown := set(args.names) - {*BENCHMARKS, *LONG}:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {names}")
    return args


def _measured(names: Iterable[str]) -> Iterator[Result]:
    for name in names:
        print(f"{name} …", file=sys.stderr)
        with {**BENCHMARKS, **LONG}[name]() as benchmarks:
            yield from map(measure, benchmarks)


def _print_table(results: list[Result]) -> None:
    columns = "{:<24}{:<14}{:>11}{:>10}{:>7}"
    print(columns.format("ratio (min–max)", "goal", "baseline", "ours", "pairs"))
    for result in results:
        ratio = f"{result.median:.2f} × ({result.min:.2f}–{result.max:.2f})"
        goal = f"≥ {result.goal:.2g} ×, {'met' if result.met else 'missed'}"
        figures = (
            f"{figure:.{_DIGITS[result.unit]}f} {result.unit}" for figure in (result.baseline, result.ours)
        )
        print(columns.format(ratio, goal, *figures, result.pairs))
        print(f"    {result.claim}")


if __name__ == "__main__":
    sys.exit(main())
