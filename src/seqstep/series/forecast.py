"""Forecasts from windows: one step, many steps, and k steps ahead.

A *predictor* is any function from windows of past values, shape (windows, window), to the value that
follows each, shape (windows,), both in the unit of the series.

Source: the notes, "1-step preds", "multi-step preds" and the predictions for k = 1, 4, 16, 64.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from seqstep.errors import WindowError
from seqstep.series.sources import extend_index
from seqstep.series.windows import make_windows

WindowPredictor = Callable[[np.ndarray], np.ndarray]

# So many at once that a call costs little, so few that a hidden layer of some dozen units stays in the cache.
_ORIGINS = 8192


def one_step(predict: WindowPredictor, series: np.ndarray, window: int) -> np.ndarray:
    """Forecast every value from the observed values before it.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau).

    Returns:
        shape (steps - window,); entry i forecasts `series[i + window]`.

    Raises:
        WindowError: the window does not fit.
    """
    return predict(make_windows(series, window).features)


def multi_step(predict: WindowPredictor, series: np.ndarray, window: int, start: int) -> np.ndarray:
    """Forecast everything from `start` to the end of the series, feeding predictions back.

    Args:
        series: observed values, shape (steps,); none at `start` or later is looked at.
        window: past values that a prediction sees (tau).
        start: index of the first forecast, >= window.

    Returns:
        shape (steps - start,); entry i forecasts `series[start + i]`.

    Raises:
        WindowError: fewer than `window` values before `start`, or nothing after it.
    """
    if not window <= start < len(series):
        raise WindowError(
            f"expected a start between {window} (the window) and {len(series) - 1}, got {start}"
        )
    return multi_steps(predict, series, window, [start], len(series) - start)[0]


def multi_steps(
    predict: WindowPredictor, series: np.ndarray, window: int, starts: Sequence[int], horizon: int
) -> np.ndarray:
    """Forecast from many starts at once, in one series or in many, feeding predictions back.

    Args:
        series: observed values, shape (..., steps).
        window: past values that a prediction sees (tau).
        starts: indices of the first forecasts, each from `window` (where the first window ends) to `steps`.
        horizon: forecasts from each start, >= 1; they may go beyond the end of the series.

    Returns:
        shape (..., starts, horizon); entry (..., i, j) forecasts `series[..., starts[i] + j]`.

    Raises:
        WindowError: a start has fewer than `window` values before it, or the horizon is below 1.
    """
    steps = series.shape[-1]
    if horizon < 1 or min(starts) < window or max(starts) > steps:
        raise WindowError(
            f"expected a horizon of at least 1 and starts from {window} (the window) to {steps},"
            f" got a horizon of {horizon} and starts from {min(starts)} to {max(starts)}"
        )
    return feed_back(predict, _windows(series, window)[..., np.subtract(starts, window), :], horizon)


def k_step(predict: WindowPredictor, series: np.ndarray, window: int, horizon: int) -> np.ndarray:
    """Forecast every value `horizon` steps ahead, feeding predictions back.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau).
        horizon: steps ahead (k), >= 1.

    Returns:
        shape (steps - window - horizon + 1,); entry i forecasts `series[i + window + horizon - 1]`.

    Raises:
        WindowError: window + horizon > steps.
    """
    return k_steps(predict, series, window, [horizon])[horizon]


def k_steps(
    predict: WindowPredictor, series: np.ndarray, window: int, horizons: Sequence[int]
) -> dict[int, np.ndarray]:
    """Forecast several horizons from the same origins, as the notes do, in one series or in many.

    Args:
        series: observed values, shape (..., steps).
        window: past values that a prediction sees (tau).
        horizons: steps ahead (k), each >= 1.

    Returns:
        for each horizon k shape (..., steps - window - max(horizons) + 1); entry i forecasts
        `series[..., i + window + k - 1]`.

    Raises:
        WindowError: a horizon is below 1, or window + max(horizons) > steps.
    """
    steps, furthest = series.shape[-1], max(horizons)
    if min(horizons) < 1 or window + furthest > steps:
        raise WindowError(
            f"expected horizons from 1 to {steps - window} for a series of {steps} values"
            f" and a window of {window}, got {tuple(horizons)}; set forecast.horizons"
        )
    origins = _windows(series, window)[..., : steps - window - furthest + 1, :]
    forecasts = feed_back(predict, origins, furthest)
    return {horizon: forecasts[..., horizon - 1] for horizon in horizons}


def beyond(predict: WindowPredictor, series: pd.Series, window: int, horizon: int) -> pd.Series:
    """Forecast what comes after the last value of a series.

    Args:
        series: observed values, shape (steps,), with an index that can be extended.
        window: past values that a prediction sees (tau).
        horizon: number of forecasts, >= 1.

    Returns:
        shape (horizon,), at the times after the series' last one.

    Raises:
        WindowError: the series is shorter than the window, or the horizon below 1.
    """
    if horizon < 1 or len(series) < window:
        raise WindowError(
            f"expected a horizon of at least 1 and a series of at least {window} values (the model's"
            f" window), got a horizon of {horizon} and {len(series)} values"
        )
    last = series.to_numpy(dtype=float)[None, -window:]
    values = feed_back(predict, last, horizon)[0]
    return pd.Series(values, index=extend_index(series.index, horizon), name="forecast")


def feed_back(predict: WindowPredictor, origins: np.ndarray, steps: int) -> np.ndarray:
    """Predict from each origin, append the prediction to its window, and go on.

    All origins take a step together. Time is the first axis meanwhile, so that a step's windows are rows that
    lie side by side: nothing is copied to move them on.

    Args:
        origins: shape (..., window), observed values.

    Returns:
        shape (..., steps); entry (..., j) is j + 1 steps after the last value of an origin.
    """
    *shape, window = origins.shape
    path = np.empty((window + steps, math.prod(shape)))
    path[:window] = origins.reshape(-1, window).T
    for first in range(0, path.shape[1], _ORIGINS):
        block = path[:, first : first + _ORIGINS]
        for step in range(steps):
            block[window + step] = predict(block[step : step + window].T)
    return path[window:].T.reshape(*shape, steps)


def _windows(series: np.ndarray, window: int) -> np.ndarray:
    """View all windows of one series or of many, shape (..., steps - window + 1, window)."""
    return np.lib.stride_tricks.sliding_window_view(series, window, axis=-1)
