"""Print the table of the benchmarks: pairs that were measured in turn, as ratios of what both took."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.table import Table

from benchmarks import (
    forecasting,
    many_runs,
    notes_run,
    nothing_to_do,
    quick_run,
    scale,
    side_by_side,
    text,
    training,
    witness,
)
from benchmarks.measuring import Benchmark, BenchmarkError, Result, measure

Rows = Mapping[str, Callable[[], AbstractContextManager[list[Benchmark]]]]

#: by name, what makes ready for some benchmarks and clears away after them; all together ten minutes
SHORT: Rows = {
    "side_by_side": lambda: nullcontext(
        [Benchmark(side_by_side.CLAIM, 1.0, side_by_side.baseline, side_by_side.ours)]
    ),
    "forecasting": forecasting.benchmarks,
    "training": training.benchmarks,
    "training_on_gpu": training.on_gpu,
    "witness": witness.benchmarks,
    "text": text.benchmarks,
    "nothing_to_do": nothing_to_do.benchmarks,
}
#: those that take minutes each
LONG: Rows = {
    "text_280": lambda: text.benchmarks(megabytes=280, pairs=3),
    "scale": scale.benchmarks,
    "many_runs": many_runs.benchmarks,
    "quick_run": quick_run.benchmarks,
    "notes_run": notes_run.benchmarks,
}
BENCHMARKS: Rows = {**SHORT, **LONG}


def main() -> int:
    """Measure the chosen benchmarks; return 0 if every goal is met."""
    args = _arguments()
    try:
        results = list(_measured(args.names or (LONG if args.full else SHORT)))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps([result._asdict() for result in results]))
    else:
        _print_table(results)
    return 0 if all(result.met for result in results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(SHORT)}, which are measured unless named, and {', '.join(LONG)}",
    )
    parser.add_argument("--full", action="store_true", help=f"measure the long ones: {', '.join(LONG)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    args = parser.parse_args()
    if unknown := set(args.names) - set(BENCHMARKS):
        wrong, known = ", ".join(sorted(unknown)), ", ".join(BENCHMARKS)
        parser.error(f"there is no benchmark {wrong}; there are: {known}")
    return args


def _measured(names: Iterable[str]) -> Iterator[Result]:
    for name in names:
        print(f"{name} …", file=sys.stderr)
        with BENCHMARKS[name]() as benchmarks:
            yield from map(measure, benchmarks)


def _print_table(results: list[Result]) -> None:
    table = Table("work", "against", "ratio", "min–max", "goal", "", "against", "ours", "pairs", box=None)
    for name in ("work", "against"):
        next(column for column in table.columns if column.header == name).overflow = "fold"
    for result in results:
        table.add_row(
            *(result.work, result.against, f"{result.median:.2f} ×", f"{result.min:.2f}–{result.max:.2f}"),
            *(f"≥ {result.goal:.2g} ×", "met" if result.met else "missed"),
            *(f"{took:.3g} {result.unit}" for took in (result.baseline, result.ours)),
            str(result.pairs),
        )
    console = Console()
    # In a file or a pipe a row is one line.
    Console(width=None if console.is_terminal else 250).print(table)


if __name__ == "__main__":
    sys.exit(main())
