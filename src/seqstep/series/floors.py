"""The least errors that a configured series allows, where they are known."""

from collections.abc import Sequence

import numpy as np

from seqstep.series.sine_floor import Sine, best_possible_mse
from seqstep.settings.config import SeriesConfig


def known_floors(
    config: SeriesConfig, windows: Sequence[int], horizons: Sequence[int]
) -> dict[str, list[float]]:
    """Compute the RMSE that no predictor from so many values goes below in the mean, and the noise alone.

    Args:
        windows: past values that predictors see.
        horizons: steps ahead, ascending.

    Returns:
        errors at the horizons by what they are of; nothing for a series from a file or a sine without noise.
    """
    if config.path or config.noise_std == 0:
        return {}
    sine = Sine(config.frequency, config.noise_std)
    floors = {
        f"best possible from {window} values": np.sqrt(best_possible_mse(sine, window, horizons)).tolist()
        for window in sorted(set(windows), reverse=True)
    }
    return {**floors, "the noise alone": [config.noise_std] * len(horizons)}
