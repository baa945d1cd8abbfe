"""What a forecaster is: fitted on a history, it forecasts from the last values before an origin.

An *origin* is the index of the first value that is not known yet: at origin t a forecast may look at
`series[:t]`, and the one for horizon h is of `series[t + h - 1]`.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from seqstep.errors import WindowError


class Fitted(Protocol):
    """A forecaster that has seen a history."""

    @property
    def context(self) -> int:
        """How many of the last values before an origin a forecast looks at; 0 if at none."""

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast from many origins, for the horizons that it was fitted for.

        Args:
            contexts: the values before each origin, shape (origins, context), the latest last.

        Returns:
            shape (origins, horizons), in the unit of the series.
        """


class Forecaster(Protocol):
    """A way to forecast, with its settings; it has seen no data."""

    @property
    def is_random(self) -> bool:
        """Whether the seed matters."""

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Learn from what is known, scaling included.

        Args:
            history: shape (steps,); nothing else is known.
            horizons: steps ahead that will be forecast, each >= 1.

        Raises:
            WindowError: the history is too short.
        """


def forecast_next(fitted: Fitted, history: np.ndarray) -> np.ndarray:
    """Forecast what comes after a history, for the horizons that the forecaster was fitted for.

    Args:
        history: what is known, shape (steps,).

    Returns:
        shape (horizons,).

    Raises:
        WindowError: the history is shorter than what a forecast looks at.
    """
    if len(history) < fitted.context:
        raise WindowError(
            f"expected at least {fitted.context} known values to forecast from, got {len(history)}; start"
            " later, or lower the window or the season"
        )
    return fitted.forecast(history[None, len(history) - fitted.context :])[0]
