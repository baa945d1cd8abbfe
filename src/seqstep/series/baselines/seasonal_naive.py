"""The last season again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqstep.errors import WindowError
from seqstep.series.forecaster import Fitted
from seqstep.series.season import check_season


@dataclass(frozen=True)
class SeasonalNaive:
    """Repeats the latest known value from the same place in the season.

    Args:
        season: steps after which the series resembles itself, >= 1; 1 repeats the last value.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 5.2.
    """

    season: int
    is_random = False

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Learn nothing, but refuse a history of less than a season; see `Forecaster.fit`."""
        check_season(self.season)
        if len(history) < self.season:
            raise WindowError(
                f"expected at least one season of {self.season} known values, got {len(history)};"
                " set backtest.season, or start later"
            )
        return FittedSeasonalNaive(self.season, tuple(horizons))


@dataclass(frozen=True)
class FittedSeasonalNaive:
    """Repeats the last season."""

    context: int
    horizons: tuple[int, ...]
    parameters = 0

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`. Entry j of a context is season - j steps before the origin."""
        return contexts[:, [(horizon - 1) % self.context for horizon in self.horizons]]
