"""What came out of a sweep: one row a point, the best first."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


#: the setting that only chance follows from
SEED = "seed"
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


class Seeds(NamedTuple):
    """Points that differ in the seed alone: what one came to is chance, so they count together.

    Attributes:
        settings: what they have that others have not, but for the seed.
        mean: of their figures; None where one failed or is not finite.
        spread: the standard deviation of their figures (n - 1); None for fewer than two, or without a mean.
        points: in the order of the sweep.
    """

    settings: Mapping[str, Any]
    mean: float | None
    spread: float | None
    points: tuple[Ended, ...]

    @property
    def assignments(self) -> tuple[str, ...]:
        """Their settings as they stand on a command line, but for the seed."""
        return tuple(text for text in self.points[0].assignments if text.partition("=")[0] != SEED)


def group_by_seeds(ended: Sequence[Ended], maximize: bool) -> list[Seeds]:
    """Put points together that differ in the seed alone, the best mean first; none where no seeds differ."""
    if len({point.settings.get(SEED) for point in ended}) < 2:
        return []
    groups: dict[tuple[Any, ...], list[Ended]] = {}
    for point in ended:
        key = tuple(value for name, value in point.settings.items() if name != SEED)
        groups.setdefault(key, []).append(point)
    found = [_seeds(points) for points in groups.values()]

    def place(group: Seeds) -> tuple[bool, float, int]:
        mean = group.mean or 0.0
        return group.mean is None, -mean if maximize else mean, group.points[0].number

    return sorted(found, key=place)


def _seeds(points: Sequence[Ended]) -> Seeds:
    figures = [point.figure for point in points if point.figure is not None and _has_figure(point)]
    is_whole = len(figures) == len(points)
    return Seeds(
        settings={name: value for name, value in points[0].settings.items() if name != SEED},
        mean=fmean(figures) if is_whole else None,
        spread=stdev(figures) if is_whole and len(figures) > 1 else None,
        points=tuple(points),
    )


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


def seeds_table(groups: Sequence[Seeds], metric: str) -> "pd.DataFrame":
    """Lay out what points came to over seeds.

    Returns:
        a column for each setting, then the mean of the metric, `spread` and `seeds`, the number of points.
    """
    import pandas as pd

    rows = [
        {**group.settings, metric: group.mean, "spread": group.spread, "seeds": len(group.points)}
        for group in groups
    ]
    return pd.DataFrame(rows)


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
