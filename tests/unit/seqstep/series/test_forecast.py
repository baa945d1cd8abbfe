"""Forecasts against loops that follow one origin at a time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.forecast import beyond, k_step, k_steps, multi_step, multi_steps, one_step
from tests.unit.seqstep.series.predictors import LINE, SERIES, WINDOW, blend, straight


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


@given(st.lists(st.integers(WINDOW, 40), min_size=1, max_size=5), st.integers(1, 50))
def test_multi_steps_of_many_series_equal_a_loop_over_series_and_starts(
    starts: list[int], horizon: int
) -> None:
    many = np.random.default_rng(1).normal(size=(2, 3, 40))
    forecasts = multi_steps(blend, many, WINDOW, starts, horizon)
    assert forecasts.shape == (2, 3, len(starts), horizon)
    for place in np.ndindex(2, 3):
        for found, start in zip(forecasts[place], starts, strict=True):
            assert found == pytest.approx(follow(many[place][:start], horizon))


def test_k_steps_of_many_series_are_those_of_each() -> None:
    many = np.random.default_rng(2).normal(size=(5, 40))
    forecasts = k_steps(blend, many, WINDOW, [1, 7])
    for index, series in enumerate(many):
        for horizon, forecast in k_steps(blend, series, WINDOW, [1, 7]).items():
            assert forecasts[horizon][index] == pytest.approx(forecast)


def test_more_origins_than_a_block_holds_are_all_forecast() -> None:
    long = np.random.default_rng(3).normal(size=20_000)
    forecast = k_step(blend, long, WINDOW, 5)
    for origin in (0, 8191, 8192, 16_383, 16_384, len(forecast) - 1):
        assert forecast[origin] == pytest.approx(follow(long[origin : origin + WINDOW], 5)[-1])


@pytest.mark.parametrize(("starts", "horizon"), [([2, 5], 3), ([5, 41], 3), ([5], 0)])
def test_starts_without_a_window_and_no_horizon_are_refused(starts: list[int], horizon: int) -> None:
    with pytest.raises(WindowError, match=f"starts from 3 .* to 40, got a horizon of {horizon}"):
        multi_steps(blend, SERIES, WINDOW, starts, horizon)


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
