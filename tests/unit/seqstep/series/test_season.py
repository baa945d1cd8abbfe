"""Seasons are found where dates suggest them and values bear them out, in any unit and on any trend."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.series.season import choose_season, find_season, seasonal_strength, sine_season
from seqstep.settings.config import BacktestConfig

NOISE = np.random.default_rng(5).normal(0, 1, 3000)


def dated(values: np.ndarray, step: str) -> pd.Series:
    return pd.Series(values, pd.date_range("2019-01-01", periods=len(values), freq=step))


def wave(steps: int, season: float) -> np.ndarray:
    return 4 * np.cos(2 * np.pi * np.arange(steps) / season) + NOISE[:steps]


@pytest.mark.parametrize(
    ("step", "steps", "season"),
    [
        ("h", 1440, 24),
        ("15min", 900, 96),
        ("s", 600, 0),
        ("D", 300, 7),
        ("D", 1200, 365),
        ("B", 200, 5),
        ("W-WED", 260, 52),
        ("MS", 86, 12),
        ("ME", 36, 12),
        (pd.DateOffset(months=1, day=15), 60, 12),
        ("QS", 40, 4),
        ("WOM-3FRI", 120, 12),
        ("BME", 60, 12),
        ("6MS", 30, 2),
        ("YS", 60, 0),
        ("2D", 900, 183),
    ],
)
def test_the_season_of_a_step_is_found(step: str, steps: int, season: int) -> None:
    trend = np.linspace(-50, 70, steps)
    found = find_season(dated(trend + wave(steps, season or 11), step))
    assert found.steps == (season or 1)
    assert ("autocorrelation" in found.why) is (season > 0)


def test_of_a_day_and_a_week_the_day_counts_unless_the_week_is_clearly_better() -> None:
    hours = np.arange(24 * 7 * 9)
    weekend = (hours // 24 % 7 > 4) * 1.0
    assert find_season(dated(wave(len(hours), 24) + 2 * weekend, "h")).steps == 24
    assert find_season(dated(20 * weekend * (hours % 24 > 8) + NOISE[: len(hours)], "h")).steps == 168


@pytest.mark.parametrize(
    "values",
    [
        np.ones(400),
        np.arange(400.0),
        1e9 + np.arange(400.0) ** 2,
        NOISE[:400],
        np.cumsum(NOISE[:400]),
        wave(400, 10),
        wave(20, 7),
    ],
)
def test_where_values_bear_none_out_there_is_none(values: np.ndarray) -> None:
    found = find_season(dated(values, "D"))
    assert found.steps == 1 and str(found) == "none, for values that are daily show none"


def test_rows_without_dates_suggest_none() -> None:
    rows = pd.Series(wave(400, 7), pd.RangeIndex(1, 401))
    assert str(find_season(rows)) == "none, for rows without dates suggest none"


def test_a_season_that_is_told_counts_and_the_sine_has_its_own() -> None:
    days = dated(wave(300, 7), "D")
    assert choose_season(days, BacktestConfig(season=30), None) == (30, "")
    assert choose_season(days, BacktestConfig(), None).steps == 7
    assert choose_season(days, BacktestConfig(), 0.01) == (1, "")  # it is longer than what is known
    assert [sine_season(0.01, known).steps for known in (600, 628, 629, 1000)] == [1, 1, 628, 628]
    assert sine_season(7.0, 100).steps == 1


@given(st.integers(2, 30), st.floats(0.001, 1e6), st.floats(-1e6, 1e6))
def test_the_strength_of_a_season_knows_no_unit(season: int, factor: float, shift: float) -> None:
    values = wave(season * 8, season)
    strength = seasonal_strength(values, season)
    assert 0 <= strength <= 1.1
    assert seasonal_strength(values * factor + shift, season) == pytest.approx(strength, abs=1e-3)
