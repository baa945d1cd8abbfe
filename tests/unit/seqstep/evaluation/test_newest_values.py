"""Forecasters on the same newest values: what trained one of them counts for none."""

import numpy as np
import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.evaluation.newest_values import TrainedForecaster, judge_forecasters


def numbered(values: np.ndarray) -> pd.Series:
    return pd.Series(values, pd.RangeIndex(1, len(values) + 1))


def dated(values: np.ndarray, start: str = "2024-01-01") -> pd.Series:
    return pd.Series(values, pd.date_range(start, periods=len(values), freq="D"))


def last(series: pd.Series, share: float = 0.6, off: float = 0.0) -> TrainedForecaster:
    """A model that repeats the last value, and is off by so much."""
    return TrainedForecaster(f"off by {off}", lambda windows: windows[:, -1] + off, 2, series, share)


def test_all_are_measured_on_the_values_that_none_was_trained_on() -> None:
    values = np.arange(50.0)
    old, new = last(numbered(values[:40])), last(numbered(values), 0.8, off=1.0)
    judged = judge_forecasters([old, new], new.series, [1])
    assert judged.targets == "the values from 43 to 50"  # the newer one trained on 2 + 40 values
    assert [figures["rmse_valid_k001"] for figures in judged.figures] == pytest.approx([1.0, 0.0])


def test_k_steps_ahead_a_target_may_be_reached_from_what_trained() -> None:
    values = np.arange(50.0)
    judged = judge_forecasters([last(numbered(values))], numbered(values), [4, 1])
    assert judged.figures[0] == pytest.approx({"rmse_valid_k001": 1.0, "rmse_valid_k004": 4.0})


def test_the_longest_series_that_any_was_given_is_measured_on() -> None:
    values = np.arange(60.0)
    models = [last(numbered(values)), last(numbered(values[:50]))]
    assert judge_forecasters(models, numbered(values[:40]), [1]).targets == "the values from 39 to 60"


def test_dates_tell_what_trained_also_where_old_rows_are_gone_or_restated() -> None:
    values = np.arange(100.0)
    old = last(dated(values[:50]))  # trained until the 32nd day, 2024-02-01
    newest = dated(values[20:], "2024-01-21")
    newest.iloc[3] = -1
    assert judge_forecasters([old], newest, [1]).targets.startswith("the values from 2024-02-02 ")


def test_rows_that_are_no_longer_the_first_are_refused() -> None:
    values = np.sin(np.arange(100.0))
    with pytest.raises(SeriesError, match=r"begins with the 32 values that trained off by 0.0, got another"):
        judge_forecasters([last(numbered(values[:50]))], numbered(values[20:]), [1])


def test_dates_and_rows_are_no_series_together() -> None:
    values = np.arange(50.0)
    with pytest.raises(SeriesError, match="all have dates, or all rows, got both"):
        judge_forecasters([last(numbered(values))], dated(values), [1])


def test_horizons_that_leave_no_target_are_left_out_and_none_is_refused() -> None:
    values = np.arange(12.0)
    judged = judge_forecasters([last(numbered(values), 0.5)], numbered(values), [1, 4, 16])
    assert sorted(judged.figures[0]) == ["rmse_valid_k001", "rmse_valid_k004"]
    with pytest.raises(SeriesError, match="got 4 of 12, too few for 16 steps ahead"):
        judge_forecasters([last(numbered(values), 0.5)], numbered(values), [16])
    other = last(numbered(np.arange(8.0)), 0.3)
    assert judge_forecasters([other], numbered(values), [1]).data != judged.data
