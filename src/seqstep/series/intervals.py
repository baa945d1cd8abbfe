"""Split conformal prediction intervals: as wide as the errors of earlier origins were.

Sources: Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World; Lei, G'Sell, Rinaldo,
Tibshirani and Wasserman (2018), Distribution-free predictive inference for regression, section 2.2.
"""

import math

import numpy as np
import pandas as pd

from seqstep.errors import WindowError


def conformal_width(residuals: np.ndarray, level: float) -> float:
    """Half the width of an interval: the ⌈(n + 1) level⌉-th smallest of n absolute residuals.

    If residuals to come are exchangeable with these, an interval holds the target with a probability of at
    least `level`, and of less than level + 1 / (n + 1) where no two are equal.

    Args:
        residuals: forecast − actual of targets that did not train, shape (n,).

    Raises:
        WindowError: there are too few for that level.
    """
    # Products such as 10 × 0.9 must not be rounded up past the whole number that they are.
    rank = math.ceil(round((len(residuals) + 1) * level, 9))
    if rank > len(residuals):
        raise WindowError(
            f"expected at least {math.ceil(round(level / (1 - level), 9))} origins to calibrate intervals of"
            f" {level:.0%} with, got {len(residuals)}; take a longer series, lower backtest.start_share, or"
            " raise backtest.calibration_share"
        )
    return float(np.sort(np.abs(residuals))[rank - 1])


def add_intervals(table: pd.DataFrame, level: float, calibration_share: float) -> pd.DataFrame:
    """Put intervals around the forecasts of the later origins, calibrated on the earlier ones.

    At the first of the later origins a target is known only if it lies before: a forecast h steps ahead
    calibrates only if its origin is at least h steps earlier. Widths differ by model, seed and horizon.

    Args:
        table: from `backtest`.
        level: share of the targets that intervals shall hold.
        calibration_share: of the origins, the earlier ones.

    Returns:
        the rows of the later origins, with `lower` and `upper`, in the unit of the series.

    Raises:
        WindowError: too few origins calibrate.
    """
    origins = np.sort(table["origin"].unique())
    first_test = origins[min(round(calibration_share * len(origins)), len(origins) - 1)]
    later = table[table["origin"] >= first_test].copy()
    earlier = table[table["origin"] + table["horizon"] <= first_test]
    residuals = {
        key: (part["forecast"] - part["actual"]).to_numpy()
        for key, part in earlier.groupby(["model", "seed", "horizon"])
    }
    widths = {
        key: conformal_width(residuals.get(key, np.empty(0)), level)
        for key, _ in later.groupby(["model", "seed", "horizon"])
    }
    keys = zip(later["model"], later["seed"], later["horizon"], strict=True)
    width = np.array([widths[key] for key in keys])
    return later.assign(lower=later["forecast"] - width, upper=later["forecast"] + width)


def coverage_table(intervals: pd.DataFrame) -> pd.DataFrame:
    """Measure how many targets intervals hold, and how wide they are, by model, seed and horizon.

    Args:
        intervals: from `add_intervals`.

    Returns:
        a row each with model, seed, horizon, origins, `coverage` (share of the targets) and `width` (mean, in
        the unit of the series).
    """
    inside = intervals["actual"].between(intervals["lower"], intervals["upper"])
    width = intervals["upper"] - intervals["lower"]
    groups = intervals.assign(inside=inside, width=width).groupby(["model", "seed", "horizon"], sort=False)
    return groups.agg(
        origins=("origin", "size"), coverage=("inside", "mean"), width=("width", "mean")
    ).reset_index()
