"""Forecasts against loops that follow one origin at a time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.forecast import beyond, error_table, k_step, k_steps, multi_step, one_step

WINDOW = 3
SERIES = np.random.default_rng(0).normal(size=40)
LINE = np.arange(40.0) * 2 + 5


def blend(windows: np.ndarray) -> np.ndarray:
    """A predictor to which every place in the window matters."""
    return np.tanh(windows @ np.array([0.7, -0.4, 0.9]))


def straight(windows: np.ndarray) -> np.ndarray:
    """The perfect predictor of a straight line."""
    return 2 * windows[:, -1] - windows[:, -2]


def follow(past: Sequence[float], steps: int) -> list[float]:
    """Forecast step by step from one origin."""
    path = list(past)
    for _ in range(steps):
        path.append(float(blend(np.array([path[-WINDOW:]]))[0]))
    return path[len(past) :]


def test_one_step_sees_only_observed_values() -> None:
    forecast = one_step(blend, SERIES, WINDOW)
    expected = [follow(SERIES[i : i + WINDOW], 1)[0] for i in range(40 - WINDOW)]
    assert forecast == pytest.approx(expected)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=4))
def test_k_steps_equal_a_loop_over_origins(horizons: list[int]) -> None:
    forecasts = k_steps(blend, SERIES, WINDOW, horizons)
    origins = 40 - WINDOW - max(horizons) + 1
    assert forecasts.keys() == set(horizons)
    for horizon, forecast in forecasts.items():
        assert forecast.shape == (origins,)
        expected = [follow(SERIES[i : i + WINDOW], horizon)[-1] for i in range(origins)]
        assert forecast == pytest.approx(expected)


def test_k_step_with_k_1_equals_one_step() -> None:
    assert k_step(blend, SERIES, WINDOW, 1) == pytest.approx(one_step(blend, SERIES, WINDOW))


@given(st.integers(1, 37))
def test_a_perfect_predictor_has_no_error_at_any_k(horizon: int) -> None:
    forecast = k_step(straight, LINE, WINDOW, horizon)
    assert len(forecast) == 40 - WINDOW - horizon + 1
    assert forecast.tolist() == LINE[WINDOW + horizon - 1 :].tolist()


def test_multi_step_feeds_predictions_back_and_looks_at_nothing_later() -> None:
    start = 12
    hidden = np.where(np.arange(40) < start, SERIES, np.nan)
    forecast = multi_step(blend, hidden, WINDOW, start)
    assert forecast == pytest.approx(follow(SERIES[:start], 40 - start))


@given(st.integers(1, 30))
def test_a_k_step_forecast_is_the_multi_step_forecast_of_its_origin(horizon: int) -> None:
    origin = 5
    forecast = k_step(blend, SERIES, WINDOW, horizon)
    assert forecast[origin] == pytest.approx(multi_step(blend, SERIES, WINDOW, origin + WINDOW)[horizon - 1])


@pytest.mark.parametrize("horizons", [[0], [1, 38], [-1, 4]])
def test_horizons_that_do_not_fit_are_refused(horizons: list[int]) -> None:
    with pytest.raises(WindowError, match=r"horizons from 1 to 37 .*; set forecast\.horizons"):
        k_steps(blend, SERIES, WINDOW, horizons)


@pytest.mark.parametrize("start", [2, 40])
def test_a_start_without_a_window_or_a_future_is_refused(start: int) -> None:
    with pytest.raises(WindowError, match=f"start between 3 .* and 39, got {start}"):
        multi_step(blend, SERIES, WINDOW, start)


@pytest.mark.parametrize(
    ("index", "next_three"),
    [
        (pd.RangeIndex(1, 41), [41, 42, 43]),
        (
            pd.date_range(end="2019-12-31", periods=40, freq="ME"),
            [pd.Timestamp(date) for date in ("2020-01-31", "2020-02-29", "2020-03-31")],
        ),
    ],
)
def test_beyond_goes_on_from_the_last_values_at_the_next_times(
    index: pd.Index, next_three: list[object]
) -> None:
    future = beyond(blend, pd.Series(SERIES, index=index), WINDOW, 3)
    assert future.index.tolist() == next_three
    assert future.to_numpy() == pytest.approx(follow(SERIES, 3))
    assert future.name == "forecast"


@pytest.mark.parametrize(("steps", "horizon"), [(2, 5), (40, 0)])
def test_beyond_refuses_a_short_series_and_no_horizon(steps: int, horizon: int) -> None:
    with pytest.raises(WindowError, match=f"got a horizon of {horizon} and {steps} values"):
        beyond(blend, pd.Series(SERIES[:steps]), WINDOW, horizon)


def test_errors_are_measured_against_the_targets_and_again_after_training() -> None:
    train_end, horizons = 20, [1, 4]
    forecasts = k_steps(blend, SERIES, WINDOW, horizons)
    multi = multi_step(blend, SERIES, WINDOW, train_end)
    table = error_table(SERIES, WINDOW, train_end, forecasts, multi).set_index("forecast")
    assert table.index.tolist() == ["k001", "k004", "multistep"]
    assert table["horizon"].tolist()[:2] == horizons
    assert pd.isna(table.loc["multistep", "horizon"])
    for name, horizon in (("k001", 1), ("k004", 4)):
        pairs = [(i + WINDOW + horizon - 1, value) for i, value in enumerate(forecasts[horizon])]
        check(table.loc[name], pairs, train_end)
    check(table.loc["multistep"], list(enumerate(multi, start=train_end)), train_end)


def check(row: pd.Series, pairs: list[tuple[int, float]], train_end: int) -> None:
    """Compare a row of the table with errors from pairs of a target's index and its forecast."""
    assert row["targets"] == len(pairs)
    for suffix, first in (("", 0), ("_valid", train_end)):
        errors = [value - SERIES[i] for i, value in pairs if i >= first]
        assert row[f"rmse{suffix}"] == pytest.approx((sum(e * e for e in errors) / len(errors)) ** 0.5)
        assert row[f"mae{suffix}"] == pytest.approx(sum(map(abs, errors)) / len(errors))


def test_the_errors_of_a_perfect_predictor_are_0_and_of_no_targets_nan() -> None:
    forecasts = k_steps(straight, LINE, WINDOW, [1, 16])
    table = error_table(LINE, WINDOW, 20, forecasts, multi_step(straight, LINE, WINDOW, 20))
    assert table["rmse"].tolist() == table["mae"].tolist() == [0, 0, 0]
    assert table["rmse_valid"].tolist() == [0, 0, 0]
    late = error_table(LINE, WINDOW, 39, {1: forecasts[1]}, LINE[39:])
    assert np.isnan(late.loc[0, "rmse_valid"])
