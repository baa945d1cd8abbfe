"""The mean of what is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqstep.series.forecaster import Fitted


@dataclass(frozen=True)
class Mean:
    """Forecasts the mean of the history that it was fitted on, at every horizon."""

    is_random = False

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Take the mean; see `Forecaster.fit`."""
        return FittedMean(float(np.mean(history)), len(horizons))


@dataclass(frozen=True)
class FittedMean:
    """Forecasts one number."""

    mean: float
    horizons: int
    context = 0
    parameters = 1

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`."""
        return np.full((len(contexts), self.horizons), self.mean)
