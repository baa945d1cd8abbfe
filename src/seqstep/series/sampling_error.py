"""How far a measured error may lie from the expected one, because the origins are so many and no more."""

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from seqstep.series.long_run_variance import long_run_variance, overlap


def standard_error(losses: np.ndarray, lags: int) -> float:
    """Standard error of the mean of losses that are correlated up to a lag; see `long_run_variance`.

    Args:
        losses: such as squared errors, shape (origins,), in time order.
    """
    return math.sqrt(long_run_variance(losses, lags) / len(losses))


def rmse_intervals(table: pd.DataFrame, level: float, stride: int) -> pd.DataFrame:
    """Put an interval around each model's RMSE, from the standard error of its mean squared error.

    For a model with several seeds, squared errors are averaged over them, origin by origin: the interval is
    of the targets' chance; `over_seeds` has the spread of the seeds.

    Args:
        table: from `backtest`, of one model or several.
        level: of the interval, such as 0.95.
        stride: steps between two origins.

    Returns:
        a row a model and horizon: model, horizon, rmse (of all seeds together), rmse_lower, rmse_upper.
    """
    normal = NormalDist().inv_cdf((1 + level) / 2)
    squared = table.assign(loss=(table["forecast"] - table["actual"]) ** 2)
    losses = squared.groupby(["model", "horizon", "origin"], sort=False)["loss"].mean().reset_index()
    rows = []
    for (model, _), part in losses.groupby(["model", "horizon"], sort=False):
        horizon = int(part["horizon"].iloc[0])
        values = part["loss"].to_numpy()
        mean, margin = float(values.mean()), normal * standard_error(values, overlap(horizon, stride))
        rows.append(
            {
                "model": model,
                "horizon": horizon,
                "rmse": math.sqrt(mean),
                "rmse_lower": math.sqrt(max(0.0, mean - margin)),
                "rmse_upper": math.sqrt(mean + margin),
            }
        )
    return pd.DataFrame(rows)
