"""Series and predictors of which forecasts are known."""

import numpy as np

WINDOW = 3
SERIES = np.random.default_rng(0).normal(size=40)
LINE = np.arange(40.0) * 2 + 5


def blend(windows: np.ndarray) -> np.ndarray:
    """A predictor to which every place in the window matters."""
    return np.tanh(windows @ np.array([0.7, -0.4, 0.9]))


def straight(windows: np.ndarray) -> np.ndarray:
    """The perfect predictor of a straight line."""
    return 2 * windows[:, -1] - windows[:, -2]
