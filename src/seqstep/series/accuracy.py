"""How large the errors of a backtest are, by model and horizon."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from seqstep.errors import ConfigError
from seqstep.metrics import mae, mse, rmse
from seqstep.series.naive_scale import NaiveScale
from seqstep.settings.spelling import nearest


def mase(forecast: np.ndarray, actual: np.ndarray, scale: NaiveScale) -> float:
    """Mean absolute error over that of the naive forecast in the known values; no unit.

    Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy.
    """
    return mae(forecast, actual) / scale.absolute


def rmsse(forecast: np.ndarray, actual: np.ndarray, scale: NaiveScale) -> float:
    """Root of the mean squared error over that of the naive forecast in the known values; no unit.

    Source: Makridakis, Spiliotis and Assimakopoulos (2022), The M5 competition.
    """
    return math.sqrt(mse(forecast, actual) / scale.squared)


def smape(forecast: np.ndarray, actual: np.ndarray) -> float:
    """Symmetric mean absolute percentage error: mean of 200 |f − y| / (|f| + |y|), from 0 to 200 percent.

    Where both are 0 the forecast is right, and counts as 0. It says little of a series that crosses 0.

    Source: Makridakis and Hibon (2000), The M3 competition.
    """
    size = np.abs(forecast) + np.abs(actual)
    return float(200 * np.mean(np.abs(forecast - actual) / np.where(size == 0, 1, size)))


def bias(forecast: np.ndarray, actual: np.ndarray) -> float:
    """Mean of forecast − actual: above 0 if forecasts are too high; in the unit of the series."""
    return float(np.mean(forecast - actual))


Measure = Callable[[np.ndarray, np.ndarray, NaiveScale], float]

MEASURES: dict[str, Measure] = {
    "rmse": lambda forecast, actual, scale: rmse(forecast, actual),
    "mae": lambda forecast, actual, scale: mae(forecast, actual),
    "mase": mase,
    "rmsse": rmsse,
    "smape": lambda forecast, actual, scale: smape(forecast, actual),
    "bias": lambda forecast, actual, scale: bias(forecast, actual),
}


def accuracy_table(
    table: pd.DataFrame, scale: NaiveScale, measures: Sequence[str] = tuple(MEASURES)
) -> pd.DataFrame:
    """Measure the errors of every model, seed and horizon.

    Args:
        table: from `backtest`, of one model or several.

    Returns:
        a row each with model, seed, horizon, origins and the measures.

    Raises:
        ConfigError: a measure is unknown.
    """
    for name in measures:
        if name not in MEASURES:
            raise ConfigError(f"there is no measure {name!r} of forecasts; {nearest(name, MEASURES)}")
    rows = []
    for (model, seed, horizon), part in table.groupby(["model", "seed", "horizon"], sort=False):
        forecast, actual = part["forecast"].to_numpy(), part["actual"].to_numpy()
        values = {name: MEASURES[name](forecast, actual, scale) for name in measures}
        rows.append({"model": model, "seed": seed, "horizon": horizon, "origins": len(part), **values})
    return pd.DataFrame(rows)


def over_seeds(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Take the mean and the spread of each measure over the seeds.

    Returns:
        a row a model and horizon, with `seeds`, `origins`, and for each measure `NAME` (mean) and `NAME_sd`
        (standard deviation over the seeds with n − 1 in the denominator; nan for one seed).
    """
    measures = [name for name in MEASURES if name in accuracy]
    groups = accuracy.groupby(["model", "horizon"], sort=False)
    columns = {"seeds": groups.size(), "origins": groups["origins"].first()}
    for name in measures:
        columns |= {name: groups[name].mean(), f"{name}_sd": groups[name].std(ddof=1)}
    return pd.DataFrame(columns).reset_index()
