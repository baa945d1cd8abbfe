import re

import numpy as np
import pandas as pd
import pytest

from seqstep.errors import WindowError
from seqstep.evaluation.forecasts import (
    backtest_all,
    best_at,
    check_backtest,
    measure,
    one_seed,
    residuals,
    steps_ahead,
)
from seqstep.forecasters.table import FORECASTERS, ForecasterSettings
from seqstep.settings.config import BacktestConfig, MLPConfig, RecurrentConfig

FORECASTS = pd.DataFrame(
    {
        "model": ["net"] * 4 + ["mean"] * 2,
        "seed": [3, 3, 5, 5, 3, 3],
        "origin": [4, 6, 4, 6, 4, 6],
        "horizon": 2,
        "forecast": [1.0, 2.0, 9.0, 9.0, 0.0, 0.0],
        "actual": [0.5, 2.5, 0.5, 2.5, 0.5, 2.5],
    }
)


def test_residuals_stand_at_the_times_of_their_targets() -> None:
    observed = pd.Series(np.zeros(9), pd.RangeIndex(101, 110, name="hour"), name="MW")
    found = residuals(FORECASTS, observed, "net", 2)
    assert found.to_dict() == {106: 0.5, 108: -0.5}  # of the first seed
    assert (found.index.name, found.name) == ("hour", "MW")
    assert set(one_seed(FORECASTS, "net", 2)["seed"]) == {3}


def test_the_best_model_is_chosen_horizon_by_horizon() -> None:
    errors = pd.DataFrame({"model": ["a", "b", "a", "b"], "horizon": [1, 1, 4, 4], "rmse_all": [1, 2, 4, 3]})
    assert (best_at(errors, 1), best_at(errors, 4)) == ("a", "b")
    assert (steps_ahead(1), steps_ahead(4)) == ("1 step ahead", "4 steps ahead")


@pytest.mark.parametrize("level", [0.0, 3.0])
def test_a_constant_series_is_forecast_and_says_why_it_has_no_mase(level: float) -> None:
    series, config = np.full(80, level), BacktestConfig(seeds=(0,))
    settings = ForecasterSettings(
        1, "standard", MLPConfig(epochs=1), RecurrentConfig(window=4, hidden=2, updates=2)
    )
    entries = list(backtest_all(series, [1, 2], settings, config))
    outcome = measure(entries, series, 1, config)
    assert "MASE and RMSSE are undefined" in outcome.notice and outcome.errors["mase"].isna().all()
    assert outcome.errors["model"].unique().tolist() == list(FORECASTERS)
    parameters = outcome.errors.set_index("model")["parameters"].to_dict()
    assert (parameters["last_value"], parameters["mean"], parameters["ar_recursive"]) == (0, 1, 5)
    assert all(entry.seconds > 0 for entry in entries)


@pytest.mark.parametrize(
    ("steps", "season", "window", "words"),
    [
        (80, 1, 4, ""),
        (80, 48, 4, "a season of 48, got 48; set backtest.season"),
        (80, 49, 4, "one season of 49 known values, got 48"),
        (80, 1, 47, "a window of 47, a horizon of 2 and 48 known values"),
        (30, 1, 4, "expected at least 9 origins to calibrate intervals"),
        (4, 1, 1, "expected at least 2 origins"),
    ],
)
def test_what_can_not_be_measured_is_refused_before_a_network_is_trained(
    steps: int, season: int, window: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqstep.forecasters.table.NETWORK_FORECASTERS", {})
    settings = ForecasterSettings(season, "standard", MLPConfig(), RecurrentConfig(window=window))
    series, config = np.arange(steps) % 7.0, BacktestConfig()
    if not words:
        check_backtest(series, [1, 2], settings, config)
        return
    with pytest.raises(WindowError, match=re.escape(words)):
        check_backtest(series, [1, 2], settings, config)
