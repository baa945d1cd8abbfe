"""Rolling-origin backtest: forecasts from many origins, each from what was known there.

Source: Tashman (2000), Out-of-sample tests of forecasting accuracy: an analysis and review.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from seqstep.errors import WindowError
from seqstep.series.forecaster import Fitted, Forecaster
from seqstep.settings.config import BacktestConfig

COLUMNS = ("model", "seed", "origin", "horizon", "forecast", "actual")
_AT_ONCE = 4096  # origins whose contexts are in memory together


def backtest(
    name: str, forecaster: Forecaster, series: np.ndarray, horizons: Sequence[int], config: BacktestConfig
) -> pd.DataFrame:
    """Forecast from every origin, with a model that was fitted on nothing later.

    Args:
        name: of the model, for the table.
        series: observed values, shape (steps,).
        horizons: steps ahead, each >= 1.
        config: where origins lie, when the model is fitted anew and on how much, and the seeds; a model to
            which seeds do not matter runs with the first alone.

    Returns:
        a row per seed, origin and horizon, in that order, with the columns `COLUMNS`; `origin` is the index
        of the first value that was not known.

    Raises:
        WindowError: horizons or contexts do not fit, or there is one origin at most.
    """
    origins = place_origins(len(series), horizons, config)
    seeds = config.seeds if forecaster.is_random else config.seeds[:1]
    tables = []
    for seed in seeds:
        forecasts = np.concatenate(
            [
                _forecast(forecaster.fit(history, horizons, seed), series, block)
                for history, block in _blocks(series, origins, config)
            ]
        )
        tables.append(_tidy(name, seed, origins, horizons, forecasts, series))
    return pd.concat(tables, ignore_index=True)


def place_origins(steps: int, horizons: Sequence[int], config: BacktestConfig) -> np.ndarray:
    """Place the origins so that the targets of all horizons are in the series.

    Returns:
        indices of the first unknown value, ascending.

    Raises:
        WindowError: there are fewer than two, or a horizon is below 1.
    """
    first, last = first_origin(steps, config), steps - max(horizons)
    origins = np.arange(first, last + 1, config.stride)
    if min(horizons) < 1 or first < 1 or len(origins) < 2:
        raise WindowError(
            f"expected at least 2 origins with all horizons inside the series, got {len(origins)}: {steps}"
            f" values, the first origin at {first}, a stride of {config.stride}, horizons {tuple(horizons)};"
            " take a longer series, or lower backtest.start_share, backtest.stride or forecast.horizons"
        )
    return origins


def first_origin(steps: int, config: BacktestConfig) -> int:
    """Index of the first value that is unknown at the first origin."""
    return round(config.start_share * steps)


def _blocks(
    series: np.ndarray, origins: np.ndarray, config: BacktestConfig
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield what is known at each fit, and the origins that are forecast with it."""
    size = config.refit_every or len(origins)
    for start, end in pairwise([*range(0, len(origins), size), len(origins)]):
        known = series[: origins[start]]
        yield known[-config.train_points :] if config.train_points else known, origins[start:end]


def _forecast(fitted: Fitted, series: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Forecast from origins; shape (origins, horizons)."""
    context = fitted.context
    if context > origins[0]:
        raise WindowError(
            f"expected {context} known values to forecast from, got {origins[0]} at the first origin; raise"
            " backtest.start_share, or lower the window or the season"
        )
    contexts = np.lib.stride_tricks.sliding_window_view(series, context)
    parts = np.split(origins, range(_AT_ONCE, len(origins), _AT_ONCE))
    return np.concatenate([fitted.forecast(contexts[part - context]) for part in parts])


def _tidy(
    name: str,
    seed: int,
    origins: np.ndarray,
    horizons: Sequence[int],
    forecasts: np.ndarray,
    series: np.ndarray,
) -> pd.DataFrame:
    """Lay forecasts of shape (origins, horizons) out, a row each, beside what was observed."""
    origin, horizon = (grid.ravel() for grid in np.meshgrid(origins, horizons, indexing="ij"))
    columns = (name, seed, origin, horizon, forecasts.ravel(), series[origin + horizon - 1])
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
