"""How a predictor from windows forecasts many steps: recursively, or directly with one predictor a horizon.

Source: Ben Taieb, Bontempi, Atiya and Sorjamaa (2012), A review and comparison of strategies for multi-step
ahead time series forecasting, sections 2.1 and 2.2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqstep.errors import WindowError
from seqstep.series.forecast import WindowPredictor, feed_back
from seqstep.series.forecaster import Fitted
from seqstep.series.windows import Windows

Strategy = Literal["recursive", "direct"]

#: learns from windows with their labels; returns the predictor and the number of its parameters
Learner = Callable[[Windows], tuple[WindowPredictor, int]]


@dataclass(frozen=True)
class Recursive:
    """Forecasts with one predictor for one step, fed its own predictions."""

    predict: WindowPredictor
    context: int
    horizons: tuple[int, ...]
    parameters: int

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`."""
        path = feed_back(self.predict, contexts, max(self.horizons))
        return path[:, [horizon - 1 for horizon in self.horizons]]


@dataclass(frozen=True)
class Direct:
    """Forecasts with one predictor for each horizon, from observed values alone."""

    predictors: tuple[WindowPredictor, ...]
    context: int
    parameters: int

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`."""
        return np.column_stack([predict(contexts) for predict in self.predictors])


def fit_strategy(
    strategy: Strategy, learn: Learner, history: np.ndarray, window: int, horizons: Sequence[int]
) -> Fitted:
    """Learn what a strategy needs from all windows of a history.

    Args:
        history: what is known, shape (steps,).
        window: past values that a prediction sees (tau).
        horizons: steps ahead, each >= 1.

    Raises:
        WindowError: the history holds no window with its label.
    """
    if strategy == "recursive":
        predict, parameters = learn(windows_ahead(history, window, 1))
        return Recursive(predict, window, tuple(horizons), parameters)
    learned = [learn(windows_ahead(history, window, horizon)) for horizon in horizons]
    return Direct(tuple(predict for predict, _ in learned), window, sum(count for _, count in learned))


def windows_ahead(history: np.ndarray, window: int, horizon: int) -> Windows:
    """Cut a history into all windows whose value `horizon` steps ahead is known.

    Returns:
        steps - window - horizon + 1 rows; row i holds `history[i : i + window]`, its label is
        `history[i + window + horizon - 1]`.

    Raises:
        WindowError: there is none.
    """
    rows = len(history) - window - horizon + 1
    if min(window, horizon, rows) < 1:
        raise WindowError(
            f"expected a window and a horizon of at least 1 and a history of at least both together, got a"
            f" window of {window}, a horizon of {horizon} and {len(history)} known values; start later, or"
            " lower one of them"
        )
    features = np.lib.stride_tricks.sliding_window_view(history, window)[:rows]
    return Windows(features, history[window + horizon - 1 :])
