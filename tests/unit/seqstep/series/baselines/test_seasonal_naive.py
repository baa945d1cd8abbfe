import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import ConfigError, WindowError
from seqstep.series.baselines.last_value import LastValue
from seqstep.series.baselines.seasonal_naive import SeasonalNaive
from seqstep.series.forecaster import forecast_next

HISTORY = np.random.default_rng(0).normal(size=50)


def test_the_last_season_is_repeated_by_hand() -> None:
    fitted = SeasonalNaive(3).fit(HISTORY, (1, 2, 3, 4, 7), seed=0)
    assert forecast_next(fitted, np.array([9.0, 9.0, 1.0, 2.0, 3.0])).tolist() == [1, 2, 3, 1, 1]


@given(st.integers(1, 20), st.integers(1, 100), st.integers(20, 60))
def test_a_series_that_repeats_itself_is_forecast_without_error(
    season: int, horizon: int, origin: int
) -> None:
    series = np.resize(HISTORY[:season], origin + horizon)
    fitted = SeasonalNaive(season).fit(series[:origin], [horizon], seed=0)
    assert forecast_next(fitted, series[:origin]).tolist() == [series[origin + horizon - 1]]


def test_a_season_of_1_is_the_last_value() -> None:
    one, last = (model.fit(HISTORY, (1, 5), 0) for model in (SeasonalNaive(1), LastValue()))
    assert forecast_next(one, HISTORY).tolist() == forecast_next(last, HISTORY).tolist()


@pytest.mark.parametrize("season", [0, -7])
def test_a_season_below_1_is_refused(season: int) -> None:
    with pytest.raises(ConfigError, match=f"season of at least 1 step, got {season}"):
        SeasonalNaive(season).fit(HISTORY, [1], 0)


def test_a_history_of_less_than_a_season_is_refused() -> None:
    with pytest.raises(WindowError, match=r"one season of 51 known values, got 50; set backtest\.season"):
        SeasonalNaive(51).fit(HISTORY, [1], 0)
