"""Measures of accuracy by hand, against scikit-learn, and against utilsforecast where it is installed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from seqstep.errors import ConfigError, WindowError
from seqstep.series.accuracy import MEASURES, accuracy_table, bias, mase, over_seeds, rmsse, smape
from seqstep.series.naive_scale import NaiveScale, naive_scale, undefined_notice

KNOWN = np.array([1.0, 3.0, 2.0, 6.0])  # changes 2, −1, 4; over a season of 2: 1, 3
ACTUAL, FORECAST = np.array([4.0, 2.0]), np.array([5.0, 5.0])
RANDOM = np.random.default_rng(0)


def backtested(models: list[str], seeds: list[int], horizons: list[int], origins: int = 20) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [models, seeds, range(50, 50 + origins), horizons], names=["model", "seed", "origin", "horizon"]
    )
    values = {name: RANDOM.normal(3, 2, len(index)) for name in ("forecast", "actual")}
    return pd.DataFrame(values, index=index).reset_index()


def test_the_naive_forecasts_errors_by_hand() -> None:
    assert naive_scale(KNOWN, 1) == pytest.approx((7 / 3, 21 / 3))
    assert naive_scale(KNOWN, 2) == pytest.approx((2, 5))


def test_each_measure_by_hand() -> None:
    scale = naive_scale(KNOWN, 2)
    assert mase(FORECAST, ACTUAL, scale) == pytest.approx((1 + 3) / 2 / 2)
    assert rmsse(FORECAST, ACTUAL, scale) == pytest.approx(((1 + 9) / 2 / 5) ** 0.5)
    assert smape(FORECAST, ACTUAL) == pytest.approx(100 * (2 * 1 / 9 + 2 * 3 / 7) / 2)
    assert bias(FORECAST, ACTUAL) == 2
    assert bias(ACTUAL, FORECAST) == -2


def test_smape_of_two_zeros_is_0_and_of_one_200() -> None:
    assert smape(np.zeros(1), np.zeros(1)) == 0
    assert smape(np.zeros(1), np.ones(1)) == 200


def test_the_naive_forecast_of_the_known_values_scores_1() -> None:
    known = RANDOM.normal(size=50).cumsum()
    assert mase(known[:-7], known[7:], naive_scale(known, 7)) == pytest.approx(1)
    assert rmsse(known[:-7], known[7:], naive_scale(known, 7)) == pytest.approx(1)


@given(st.floats(0.01, 1e6), st.floats(-1e3, 1e3))
def test_scaled_errors_do_not_change_with_the_unit(factor: float, shift: float) -> None:
    scale, other = naive_scale(KNOWN, 1), naive_scale(factor * KNOWN + shift, 1)
    forecast, actual = factor * FORECAST + shift, factor * ACTUAL + shift
    for measure in (mase, rmsse):
        assert measure(forecast, actual, other) == pytest.approx(measure(FORECAST, ACTUAL, scale), 1e-6)


@pytest.mark.parametrize(("season", "what"), [(1, "are constant"), (2, "repeat themselves exactly every 2")])
def test_scaled_errors_of_a_series_without_naive_errors_are_undefined_and_it_is_said(
    season: int, what: str
) -> None:
    scale = naive_scale(np.resize(np.array([4.0, 4.0 + season - 1]), 10), season)
    assert what in undefined_notice(scale, season)
    row = accuracy_table(backtested(["m"], [0], [1]), scale).iloc[0]
    assert np.isnan(row["mase"])
    assert np.isnan(row["rmsse"])
    assert row[["rmse", "mae", "smape", "bias"]].notna().all()
    assert undefined_notice(naive_scale(KNOWN, 1), 1) == ""


@pytest.mark.parametrize("season", [0, -4])
def test_a_season_below_1_is_refused(season: int) -> None:
    with pytest.raises(ConfigError, match=f"season of at least 1 step, got {season}"):
        naive_scale(KNOWN, season)


def test_a_season_as_long_as_what_is_known_is_refused() -> None:
    with pytest.raises(WindowError, match=r"than a season of 4, got 4; set backtest\.season"):
        naive_scale(KNOWN, 4)


def test_the_table_has_the_measures_of_each_model_seed_and_horizon() -> None:
    table, scale = backtested(["a", "b"], [0, 1], [1, 4]), NaiveScale(2.0, 8.0)
    accuracy = accuracy_table(table, scale)
    assert accuracy.columns.tolist() == ["model", "seed", "horizon", "origins", *MEASURES]
    assert len(accuracy) == 8
    for row in accuracy.itertuples():
        part = table.query(f"model == '{row.model}' and seed == {row.seed} and horizon == {row.horizon}")
        pair = part["actual"], part["forecast"]
        assert row.origins == 20
        assert row.rmse == pytest.approx(root_mean_squared_error(*pair))
        assert row.mae == pytest.approx(mean_absolute_error(*pair))
        assert row.mase == pytest.approx(row.mae / 2)
        assert row.rmsse == pytest.approx(row.rmse / 8**0.5)


def test_all_measures_agree_with_utilsforecast() -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    known = RANDOM.normal(3, 2, 80)
    table = backtested(["m"], [0], [1], origins=200)
    (ours,) = accuracy_table(table, naive_scale(known, 5)).to_dict("records")
    theirs = table.rename(columns={"origin": "ds", "actual": "y", "forecast": "m"}).assign(unique_id="one")
    train = pd.DataFrame({"unique_id": "one", "ds": range(80), "y": known})
    for name, arguments, factor in (
        ("rmse", {}, 1),
        ("mae", {}, 1),
        ("mase", {"seasonality": 5, "train_df": train}, 1),
        ("rmsse", {"seasonality": 5, "train_df": train}, 1),
        ("smape", {}, 200),  # theirs is |f − y| / (|f| + |y|)
        ("bias", {}, 1),
    ):
        expected = getattr(losses, name)(theirs, models=["m"], **arguments)["m"].item()
        assert ours[name] == pytest.approx(factor * expected), name


def test_an_unknown_measure_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no measure 'rmes' of forecasts; did you mean rmse\?"):
        accuracy_table(backtested(["m"], [0], [1]), NaiveScale(1, 1), ["mae", "rmes"])


def test_over_seeds_there_are_mean_and_spread_by_hand() -> None:
    accuracy = pd.DataFrame(
        {
            "model": ["net", "net", "net", "plain"],
            "seed": [0, 1, 2, 0],
            "horizon": 4,
            "origins": 10,
            "rmse": [1.0, 2.0, 6.0, 5.0],
        }
    )
    net, plain = over_seeds(accuracy).to_dict("records")
    assert net == {
        "model": "net",
        "horizon": 4,
        "seeds": 3,
        "origins": 10,
        "rmse": 3.0,
        "rmse_sd": pytest.approx(7**0.5),
    }
    assert (plain["seeds"], plain["rmse"]) == (1, 5)
    assert np.isnan(plain["rmse_sd"])
