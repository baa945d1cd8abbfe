"""Whether one model's errors are smaller than another's by more than chance."""

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.errors import ConfigError, WindowError
from seqstep.series.long_run_variance import long_run_variance, overlap

# Losses that are as close are those of one forecaster, whose sums were rounded otherwise.
_ROUNDING = 1e-9


class PairedTest(NamedTuple):
    """What a Diebold–Mariano test came to.

    Attributes:
        difference: mean loss of the first minus that of the second; below 0 the first is better.
        statistic: with the correction of Harvey, Leybourne and Newbold; nan if the losses never differ but by
            rounding.
        p_value: of a difference at least as large in either direction, if both were equally good.
    """

    difference: float
    statistic: float
    p_value: float


def diebold_mariano(first: np.ndarray, second: np.ndarray, lags: int = 0) -> PairedTest:
    """Test that two forecasters have the same expected loss on the same targets.

    With d the differences of the losses, n of them, and V their long-run variance up to `lags`, the statistic
    is mean(d) / √(V / n) × √((n + 1 − 2h + h(h − 1) / n) / n), h = lags + 1, held against Student's t with n
    − 1 degrees of freedom.

    Args:
        first, second: losses, shape (origins,), in time order; of the same targets.
        lags: origins over which errors are correlated: horizon − 1 if there is an origin at each step.

    Raises:
        WindowError: fewer than two origins, or no more than lags.

    Sources: Diebold and Mariano (1995), Comparing predictive accuracy; Harvey, Leybourne and Newbold (1997),
    Testing the equality of prediction mean squared errors.
    """
    from scipy.special import stdtr

    count, reach = len(first), lags + 1
    if count < 2 or count <= lags:
        raise WindowError(
            f"expected at least {max(2, reach)} origins for a paired test at this horizon, got {count}; take"
            " a longer series, or lower backtest.start_share"
        )
    if np.allclose(first, second, rtol=_ROUNDING, atol=0):
        return PairedTest(0.0, math.nan, math.nan)
    differences = first - second
    mean, variance = float(differences.mean()), long_run_variance(differences, lags)
    if variance <= 0:
        return PairedTest(mean, math.nan, math.nan)
    correction = (count + 1 - 2 * reach + reach * (reach - 1) / count) / count
    statistic = mean / math.sqrt(variance / count) * math.sqrt(correction)
    return PairedTest(mean, statistic, float(2 * stdtr(count - 1, -abs(statistic))))


def against_best_baseline(table: pd.DataFrame, baselines: Collection[str], stride: int) -> pd.DataFrame:
    """Test every model's squared errors against those of the best baseline, horizon by horizon.

    The best baseline is the one with the least mean squared error on the very same targets, a choice in its
    favour. A model with several seeds is tested by the mean of its squared errors over them, origin by
    origin. The p-values are not adjusted for their number.

    Args:
        table: from `backtest`, of all models at the same origins.
        stride: steps between two origins.

    Returns:
        a row a model and horizon, baselines too: model, horizon, baseline, difference (of the mean squared
        errors), statistic, p_value; nan where the model is the best baseline itself.

    Raises:
        ConfigError: no baseline is in the table.
    """
    squared = table.assign(loss=(table["forecast"] - table["actual"]) ** 2)
    names = list(table["model"].unique())
    known = [name for name in names if name in baselines]
    if not known:
        raise ConfigError(
            f"expected a baseline among the models to test against, got {', '.join(names)};"
            f" add one of {', '.join(baselines)}"
        )
    rows = []
    for horizon in map(int, squared["horizon"].unique()):
        part = squared[squared["horizon"] == horizon].pivot_table(
            values="loss", index="origin", columns="model", sort=False
        )
        best = part[known].mean().idxmin()
        for model in names:
            test = diebold_mariano(part[model].to_numpy(), part[best].to_numpy(), overlap(horizon, stride))
            rows.append({"model": model, "horizon": horizon, "baseline": best, **test._asdict()})
    return pd.DataFrame(rows)
