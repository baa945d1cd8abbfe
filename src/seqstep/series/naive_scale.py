"""What errors are divided by, so that series of different size compare: the naive forecast's own."""

import math
from typing import NamedTuple

import numpy as np

from seqstep.errors import WindowError
from seqstep.series.season import check_season


class NaiveScale(NamedTuple):
    """Errors of repeating the value of one season ago, over the known values.

    Attributes:
        absolute: mean absolute error, in the unit of the series; nan if the series repeats itself exactly.
        squared: mean squared error, in the squared unit; nan likewise.
    """

    absolute: float
    squared: float


def naive_scale(known: np.ndarray, season: int) -> NaiveScale:
    """Measure the seasonal naive forecast on known values.

    Args:
        known: the values before the first origin, shape (steps,), so that all models and origins share a
            scale.
        season: steps, >= 1.

    Raises:
        ConfigError: the season is below 1.
        WindowError: there is no value one season after another.

    Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy (MASE); the squared form
    is RMSSE's of the M5 competition.
    """
    check_season(season)
    if season >= len(known):
        raise WindowError(
            f"expected more known values than a season of {season}, got {len(known)}; set backtest.season, or"
            " raise backtest.start_share"
        )
    changes = known[season:] - known[:-season]
    if not np.any(changes):
        return NaiveScale(math.nan, math.nan)
    return NaiveScale(float(np.mean(np.abs(changes))), float(np.mean(changes**2)))


def undefined_notice(scale: NaiveScale, season: int) -> str:
    """Say why there is no MASE and no RMSSE; empty if there is one."""
    if not math.isnan(scale.absolute):
        return ""
    what = "are constant" if season == 1 else f"repeat themselves exactly every {season} steps"
    return f"MASE and RMSSE are undefined: the values before the first origin {what}, so their scale is 0"
