"""What every forecaster of the table must hold."""

import numpy as np
import pandas as pd
import pytest
import torch

from seqstep.errors import ConfigError
from seqstep.forecasters.table import (
    BASELINES,
    FORECASTERS,
    NETWORK_FORECASTERS,
    ForecasterSettings,
    make_forecaster,
)
from seqstep.series.backtest import backtest
from seqstep.series.forecaster import forecast_next
from seqstep.series.sampling_error import standard_error
from seqstep.series.sine_floor import Sine, best_possible_mse
from seqstep.series.sources import noisy_sine
from seqstep.settings.config import BacktestConfig, MLPConfig, RecurrentConfig

HORIZONS = (1, 5)
SMALL = ForecasterSettings(
    season=7,
    scale="standard",
    mlp=MLPConfig(window=3, hidden=4, epochs=1),
    gru=RecurrentConfig(window=6, hidden=4, updates=3, batch=4),
)
SERIES = noisy_sine(120, 0.1, 0.2, seed=0).to_numpy()
every_forecaster = pytest.mark.parametrize("name", FORECASTERS)


def test_there_are_baselines_and_networks_each_by_both_strategies() -> None:
    assert list(BASELINES) == ["last_value", "seasonal_naive", "mean", "ar_recursive", "ar_direct"]
    assert list(NETWORK_FORECASTERS) == ["mlp_recursive", "mlp_direct", "gru_recursive", "gru_direct"]
    assert {name: make_forecaster(name, SMALL).is_random for name in FORECASTERS} == {
        name: name in NETWORK_FORECASTERS for name in FORECASTERS
    }


def test_an_unknown_forecaster_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no forecaster 'gru_dirct'; did you mean gru_direct"):
        make_forecaster("gru_dirct", SMALL)


@every_forecaster
@pytest.mark.parametrize("refit", [0, 20])
def test_what_comes_after_an_origin_does_not_change_its_forecast(name: str, refit: int) -> None:
    config = BacktestConfig(refit_every=refit, seeds=(0,))  # origins 72 … 115, with refits at 92 and 112
    changed = np.concatenate([SERIES[:92], 1000 + 50 * SERIES[92:]])
    model = make_forecaster(name, SMALL)
    tables = [backtest(name, model, series, HORIZONS, config) for series in (SERIES, changed)]
    origins = tables[0]["origin"]
    before = [table["forecast"][origins <= 92] for table in tables]
    after = [table["forecast"][origins > 112] for table in tables]
    pd.testing.assert_series_equal(*before)
    if name != "mean" or refit:
        assert (after[0] != after[1]).all()


@every_forecaster
def test_many_origins_are_forecast_as_each_alone(name: str) -> None:
    fitted = make_forecaster(name, SMALL).fit(SERIES[:80], HORIZONS, seed=1)
    ends = range(80, 120, 9)
    together = fitted.forecast(np.array([SERIES[end - fitted.context : end] for end in ends]))
    alone = [forecast_next(fitted, SERIES[:end]) for end in ends]
    assert together.shape == (len(ends), 2)
    assert together.dtype == np.float64
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


@every_forecaster
def test_the_seed_matters_if_and_only_if_the_forecaster_says_so(name: str) -> None:
    model = make_forecaster(name, SMALL)
    state = torch.get_rng_state()
    one, same, other = (forecast_next(model.fit(SERIES, HORIZONS, seed), SERIES) for seed in (0, 0, 1))
    assert one.tolist() == same.tolist()
    assert (one.tolist() == other.tolist()) is not model.is_random
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", [name for name in FORECASTERS if name != "seasonal_naive"])
def test_a_series_in_another_unit_is_forecast_alike(name: str) -> None:
    model = make_forecaster(name, SMALL)
    one, other = (forecast_next(model.fit(s, HORIZONS, 0), s) for s in (SERIES, 500 + 90 * SERIES))
    np.testing.assert_allclose(other, 500 + 90 * one, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ar_recursive", 4),
        ("ar_direct", 8),
        ("mlp_recursive", 3 * 4 + 4 + 4 + 1),
        ("mlp_direct", 2 * (3 * 4 + 4 + 4 + 1)),
        ("gru_recursive", 3 * (4 + 16 + 8) + 5),
        ("gru_direct", 3 * (4 + 16 + 8) + 10),
    ],
)
def test_parameters_are_counted(name: str, count: int) -> None:
    assert make_forecaster(name, SMALL).fit(SERIES, HORIZONS, 0).parameters == count


@pytest.mark.parametrize("name", NETWORK_FORECASTERS)
def test_no_network_lies_more_than_its_sampling_error_below_the_best_possible(name: str) -> None:
    horizons, series = (1, 16), noisy_sine(5000, 0.01, 0.2, seed=0).to_numpy()
    settings = ForecasterSettings(
        season=1,
        scale="none",
        mlp=MLPConfig(hidden=16, batch=100, epochs=2),
        gru=RecurrentConfig(window=16, hidden=8, updates=60),
    )
    table = backtest(name, make_forecaster(name, settings), series, horizons, BacktestConfig(seeds=(0,)))
    losses = ((table["forecast"] - table["actual"]) ** 2).to_numpy().reshape(-1, 2)
    window = settings.mlp.window if name.startswith("mlp") else settings.gru.window
    floor = best_possible_mse(Sine(0.01, 0.2), window, horizons)
    errors = np.array([standard_error(column, 628) for column in losses.T])
    assert (losses.mean(axis=0) > floor - 2 * errors).all()
    assert (losses.mean(axis=0) < series.var() / 2).all()  # it has learned more than the mean
