"""What came out of a sweep: one row a point, the best first."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


PointState = Literal["completed", "failed"]


class Ended(NamedTuple):
    """How a point of a sweep ended.

    Attributes:
        number: its place in the sweep, from 0.
        settings: what it has that other points have not, by dotted name: numbers or texts.
        figure: its metric; None if it failed.
        seconds: that the stages behind it took to compute, be it for another point.
        run_id: its run in MLflow; empty if it has none.
        reason: why it failed; empty if it did not.
        assignments: its settings as they stand on a command line.
    """

    number: int
    settings: Mapping[str, Any]
    state: PointState
    figure: float | None = None
    seconds: float = 0.0
    run_id: str = ""
    reason: str = ""
    assignments: tuple[str, ...] = ()


def ranked(ended: Sequence[Ended], maximize: bool) -> list[Ended]:
    """Sort points, the best first; those that failed or whose figure is not finite come last."""

    def place(point: Ended) -> tuple[bool, float, int]:
        if not _has_figure(point):
            return True, 0.0, point.number
        figure = point.figure or 0.0
        return False, -figure if maximize else figure, point.number

    return sorted(ended, key=place)


def best_of(ended: Sequence[Ended], maximize: bool) -> Ended | None:
    """Find the best point; None if no point has a figure."""
    first = next(iter(ranked(ended, maximize)), None)
    return first if first and _has_figure(first) else None


def table_of(ended: Sequence[Ended], metric: str, maximize: bool) -> "pd.DataFrame":
    """Lay points out, the best first.

    Returns:
        a column for each setting, then the metric, seconds, state, run_id and reason.
    """
    import pandas as pd  # not for every command that only may need it

    rows = [
        {
            **point.settings,
            metric: point.figure,
            "seconds": round(point.seconds, 3),
            "state": point.state,
            "run_id": point.run_id,
            "reason": point.reason,
        }
        for point in ranked(ended, maximize)
    ]
    return pd.DataFrame(rows)


def _has_figure(point: Ended) -> bool:
    return point.figure is not None and math.isfinite(point.figure)
