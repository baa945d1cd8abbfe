"""Print the table of all benchmarks: ratios of pairs that were measured in turn."""

import json
import statistics
import sys

from benchmarks import side_by_side

BENCHMARKS = [side_by_side]
PAIRS = 5


def main() -> None:
    """Measure each benchmark's pairs; with --json print one document instead of the table."""
    rows = []
    for benchmark in BENCHMARKS:
        ratios = [benchmark.baseline() / benchmark.ours() for _ in range(PAIRS)]
        rows.append(
            {
                "claim": benchmark.CLAIM,
                "median": statistics.median(ratios),
                "min": min(ratios),
                "max": max(ratios),
                "pairs": PAIRS,
            }
        )
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    for row in rows:
        print(
            f"{row['median']:.2f} × ({row['min']:.2f}–{row['max']:.2f}, {row['pairs']} pairs)  {row['claim']}"
        )


if __name__ == "__main__":
    main()
