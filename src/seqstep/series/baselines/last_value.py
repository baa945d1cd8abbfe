"""The last value again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqstep.series.forecaster import Fitted


@dataclass(frozen=True)
class LastValue:
    """Repeats the last value that is known; nothing beats it on a random walk."""

    is_random = False

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Learn nothing; see `Forecaster.fit`."""
        return FittedLastValue(len(horizons))


@dataclass(frozen=True)
class FittedLastValue:
    """Repeats the last value."""

    horizons: int
    context = 1
    parameters = 0

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`."""
        return np.repeat(contexts[:, -1:], self.horizons, axis=1)
