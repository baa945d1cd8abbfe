"""Linear autoregression by least squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqstep.series.forecast import WindowPredictor
from seqstep.series.forecaster import Fitted
from seqstep.series.strategies import Strategy, fit_strategy
from seqstep.series.windows import Windows


@dataclass(frozen=True)
class LinearAR:
    """A weighted sum of the last values and a constant, the weights by least squares.

    Args:
        window: past values that a prediction sees (tau).
        strategy: recursive, or direct with weights of its own for each horizon.

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 9.3 (AR models).
    """

    window: int
    strategy: Strategy
    is_random = False

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Solve the least squares; see `Forecaster.fit`."""
        return fit_strategy(self.strategy, least_squares, history, self.window, horizons)


def least_squares(windows: Windows) -> tuple[WindowPredictor, int]:
    """Fit the line through windows and labels with the least squared error, the shortest if there are many.

    Returns:
        the predictor and the number of its weights, the constant included.
    """
    centre, middle = windows.features.mean(axis=0), windows.labels.mean()
    weights = np.linalg.lstsq(windows.features - centre, windows.labels - middle)[0]

    def predict(features: np.ndarray) -> np.ndarray:
        return (features - centre) @ weights + middle

    return predict, len(weights) + 1
