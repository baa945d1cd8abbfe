"""Forecasts from windows: one step, many steps, and k steps ahead.

A *predictor* is any function from windows of past values, shape (windows, window), to the value that
follows each, shape (windows,), both in the unit of the series.

Source: the notes, "1-step preds", "multi-step preds" and the predictions for k = 1, 4, 16, 64.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from seqstep.errors import WindowError
from seqstep.metrics import mae, rmse
from seqstep.series.sources import extend_index
from seqstep.series.windows import check_window, make_windows

Predictor = Callable[[np.ndarray], np.ndarray]


def one_step(predict: Predictor, series: np.ndarray, window: int) -> np.ndarray:
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


def multi_step(predict: Predictor, series: np.ndarray, window: int, start: int) -> np.ndarray:
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
    return feed_back(predict, series[None, start - window : start], len(series) - start)[0]


def k_step(predict: Predictor, series: np.ndarray, window: int, horizon: int) -> np.ndarray:
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
    predict: Predictor, series: np.ndarray, window: int, horizons: Sequence[int]
) -> dict[int, np.ndarray]:
    """Forecast several horizons from the same origins, as the notes do.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau).
        horizons: steps ahead (k), each >= 1.

    Returns:
        for each horizon k shape (steps - window - max(horizons) + 1,); entry i forecasts
        `series[i + window + k - 1]`.

    Raises:
        WindowError: a horizon is below 1, or window + max(horizons) > steps.
    """
    furthest = max(horizons)
    if min(horizons) < 1 or window + furthest > len(series):
        raise WindowError(
            f"expected horizons from 1 to {len(series) - window} for a series of {len(series)} values"
            f" and a window of {window}, got {tuple(horizons)}; set forecast.horizons"
        )
    origins = np.lib.stride_tricks.sliding_window_view(series, window)[: len(series) - window - furthest + 1]
    forecasts = feed_back(predict, origins, furthest)
    return {horizon: forecasts[:, horizon - 1] for horizon in horizons}


def beyond(predict: Predictor, series: pd.Series, window: int, horizon: int) -> pd.Series:
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


def error_table(
    series: np.ndarray,
    window: int,
    train_end: int,
    forecasts: dict[int, np.ndarray],
    multi: np.ndarray,
) -> pd.DataFrame:
    """Measure forecasts against what was observed, over all targets and over those after training.

    Args:
        series: observed values, shape (steps,).
        window: past values that a prediction sees (tau).
        train_end: index of the first value that did not train the model.
        forecasts: by horizon, from `k_steps`.
        multi: the multi-step forecast from `train_end` to the end.

    Returns:
        a row a forecast: `forecast` (k001 …, multistep), `horizon` (steps; empty for multistep),
        `targets`, `rmse` and `mae` over all targets of the notes' alignment, `rmse_valid` and
        `mae_valid` over the targets from `train_end` on; all in the unit of the series.
    """
    check_window(len(series), window)
    rows = []
    for horizon, forecast in forecasts.items():
        first = window + horizon - 1
        rows.append(_errors(f"k{horizon:03d}", horizon, forecast, series, first, train_end))
    rows.append(_errors("multistep", None, multi, series, train_end, train_end))
    return pd.DataFrame(rows).astype({"horizon": "Int64"})


def error_metrics(errors: pd.DataFrame, prefix: str) -> dict[str, float]:
    """Name the errors of an `error_table`: `<prefix>/rmse_k001`, `<prefix>/mae_multistep` and so on.

    `rmse_valid_k001` and so on leave out the targets that trained the model, which multi-step has none of.
    """
    by_name = errors.set_index("forecast")[["rmse", "mae"]].astype(float)
    later = errors.dropna(subset="horizon").set_index("forecast")["rmse_valid"].astype(float)
    whole = {
        f"{prefix}/{measure}_{forecast}": value
        for measure in by_name
        for forecast, value in by_name[measure].items()
    }
    return whole | {f"{prefix}/rmse_valid_{forecast}": value for forecast, value in later.items()}


def _errors(
    name: str, horizon: int | None, forecast: np.ndarray, series: np.ndarray, first: int, train_end: int
) -> dict[str, object]:
    """Compare a forecast whose entry 0 belongs to `series[first]` with the series."""
    target = series[first : first + len(forecast)]
    later = slice(max(0, train_end - first), None)
    return {
        "forecast": name,
        "horizon": horizon,
        "targets": len(target),
        "rmse": rmse(forecast, target),
        "mae": mae(forecast, target),
        "rmse_valid": rmse(forecast[later], target[later]),
        "mae_valid": mae(forecast[later], target[later]),
    }


def feed_back(predict: Predictor, origins: np.ndarray, steps: int) -> np.ndarray:
    """Predict from each origin, append the prediction to its window, and go on.

    Args:
        origins: shape (origins, window), observed values.

    Returns:
        shape (origins, steps); entry (i, j) is j + 1 steps after the last value of origin i.
    """
    window = origins.shape[1]
    path = np.empty((len(origins), window + steps))
    path[:, :window] = origins
    for step in range(steps):
        path[:, window + step] = predict(path[:, step : step + window])
    return path[:, window:]
