"""Every forecaster on a sine of 100,000 points: no leak, and intervals that keep their promise."""

import numpy as np
import pytest

from seqstep.forecasters.table import FORECASTERS, ForecasterSettings, make_forecaster
from seqstep.series.backtest import backtest
from seqstep.series.intervals import add_intervals, coverage_table
from seqstep.series.sampling_error import standard_error
from seqstep.series.sine_floor import Sine, best_possible_mse
from seqstep.series.sources import noisy_sine
from seqstep.settings.config import BacktestConfig, MLPConfig, RecurrentConfig

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("one_thread")]

HORIZONS = (1, 4, 16, 64)
PERIOD = 628
STRIDE = 2
# The notes' steps of 0.05 in minibatches of 20 are for 600 windows: with 60,000 the weights never settle.
SETTINGS = ForecasterSettings(PERIOD, "none", MLPConfig(batch=200, learning_rate=0.005), RecurrentConfig())
#: values that a forecast sees
WINDOWS = {"last_value": 1, "ar": 4, "mlp": 4, "gru": 64}


@pytest.mark.parametrize("name", FORECASTERS)
def test_no_model_is_better_than_possible_and_90_percent_intervals_cover_between_88_and_92(name: str) -> None:
    sine, series = Sine(0.01, 0.2), noisy_sine(100_000, 0.01, 0.2, seed=0).to_numpy()
    config = BacktestConfig(seeds=(0,), stride=STRIDE)
    table = backtest(name, make_forecaster(name, SETTINGS), series, HORIZONS, config)
    losses = ((table["forecast"] - table["actual"]) ** 2).to_numpy().reshape(-1, len(HORIZONS))
    window = WINDOWS.get(name.removesuffix("_recursive").removesuffix("_direct"))
    floor = best_possible_mse(sine, window, HORIZONS) if window else np.full(4, sine.noise_std**2)
    errors = np.array([standard_error(column, PERIOD // STRIDE) for column in losses.T])
    assert (losses.mean(axis=0) > floor - 2 * errors).all()
    coverage = coverage_table(add_intervals(table, config.level, config.calibration_share))
    assert coverage["coverage"].between(0.88, 0.92).all()
