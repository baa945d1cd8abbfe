"""How uncertain a mean is whose terms depend on each other, as errors of overlapping forecasts do."""

import numpy as np


def long_run_variance(values: np.ndarray, lags: int) -> float:
    """Estimate n times the variance of the mean of n values that are correlated up to a lag.

    The sum of the autocovariances γ(0) + 2 Σ γ(j), j = 1 … lags, each with 1/n; where it is not above 0, as
    may happen by chance, the same with Bartlett's weights 1 − j / (lags + 1), which never is below.

    Args:
        values: shape (n,), in time order.
        lags: those beyond which values are taken to be uncorrelated.

    Sources: Diebold and Mariano (1995), Comparing predictive accuracy; Newey and West (1987), for the
    weights.
    """
    lags = min(lags, len(values) - 1)
    covariances = autocovariances(values, lags)
    plain = covariances[0] + 2 * covariances[1:].sum()
    if plain > 0:
        return float(plain)
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    return float(covariances[0] + 2 * weights @ covariances[1:])


def overlap(horizon: int, stride: int) -> int:
    """Count the origins after one whose forecasts reach over common steps: the lags of their correlation.

    A good forecast h steps ahead errs by the shocks of h steps, and two origins that are h or more apart have
    no step in common.
    """
    return (horizon - 1) // stride


def autocovariances(values: np.ndarray, lags: int) -> np.ndarray:
    """Covariances of values with those j places later, j = 0 … lags, each a sum over n; shape (lags + 1,)."""
    centred = values - values.mean()
    return np.array([centred[: len(centred) - lag] @ centred[lag:] for lag in range(lags + 1)]) / len(values)


def autocorrelations(values: np.ndarray, lags: int) -> np.ndarray:
    """Correlations of values with those j places later, j = 1 … lags; shape (lags,); nan if all are equal.

    Source: Box, Jenkins and Reinsel, Time Series Analysis, section 2.1.
    """
    covariances = autocovariances(values, lags)
    return covariances[1:] / covariances[0] if covariances[0] > 0 else np.full(lags, np.nan)
