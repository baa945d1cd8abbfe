"""Where a series comes from: the notes' noisy sine, or a column of a table.

A series is a `pandas.Series` of float64 in time order whose index holds dates with a frequency, or
the numbers 1, 2, 3, …
"""

import numpy as np
import pandas as pd

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import UserSeries, read_file
from seqstep.settings.config import SeriesConfig
from seqstep.settings.local_files import local_file


def load_series(config: SeriesConfig, seed: int) -> UserSeries:
    """Make or read the series that is configured.

    Raises:
        SeriesError: a file is given without a column, or can't be used; see `read_file`.
    """
    path = local_file(config.path)
    if not path:
        return UserSeries(noisy_sine(config.points, config.frequency, config.noise_std, seed))
    if not config.column:
        raise SeriesError(f"which column of {config.path} is the series? set series.column")
    return read_file(path, config)


def noisy_sine(points: int, frequency: float, noise_std: float, seed: int) -> pd.Series:
    """Sine of `frequency` radians per step with Gaussian noise.

    Args:
        points: length (T), >= 1.
        noise_std: standard deviation of the noise.

    Returns:
        shape (points,) at the times 1 … points.

    Source: the notes, the first plot: sin(0.01 t) + N(0, 0.2²), T = 1000.
    """
    time = pd.RangeIndex(1, points + 1, name="time step")
    noise = np.random.default_rng(seed).normal(0, noise_std, points)
    return pd.Series(np.sin(frequency * time.to_numpy()) + noise, index=time, name="value")


def extend_index(index: pd.Index, steps: int) -> pd.Index:
    """Continue an index for `steps` more entries, at the frequency that it has."""
    if isinstance(index, pd.DatetimeIndex):
        return pd.date_range(index[-1], periods=steps + 1, freq=index.freq, name=index.name)[1:]
    return pd.RangeIndex(int(index[-1]) + 1, int(index[-1]) + steps + 1, name=index.name)
