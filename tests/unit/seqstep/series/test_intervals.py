"""Split conformal intervals by hand, by what they promise, and on the notes' sine."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.backtest import backtest
from seqstep.series.baselines.last_value import LastValue
from seqstep.series.baselines.linear_ar import LinearAR
from seqstep.series.intervals import add_intervals, conformal_width, coverage_table
from seqstep.series.sources import noisy_sine
from seqstep.settings.config import BacktestConfig

RANDOM = np.random.default_rng(0)


def test_the_width_is_the_residual_of_its_rank_by_hand() -> None:
    residuals = np.array([-3.0, 1.0, 2.0, -5.0])
    # (4 + 1) × 0.8 = 4th smallest, × 0.6 = 3rd, × 0.5 rounds up to the 3rd
    assert [conformal_width(residuals, level) for level in (0.8, 0.6, 0.5)] == [5, 3, 3]


@given(st.lists(st.floats(-1e6, 1e6), min_size=9, max_size=60), st.integers(5, 90))
def test_it_is_the_quantile_with_the_correction_for_a_small_sample(
    residuals: list[float], percent: int
) -> None:
    count = len(residuals)
    corrected = min(1.0, (count + 1) * percent / (100 * count))
    # A product that is rounded up would be of the next rank.
    expected = np.quantile(np.abs(residuals), corrected - 1e-9, method="inverted_cdf")
    assert conformal_width(np.array(residuals), percent / 100) == pytest.approx(expected)


def test_nine_residuals_are_just_enough_for_90_percent_and_eight_are_too_few() -> None:
    assert conformal_width(np.arange(1.0, 10), 0.9) == 9
    with pytest.raises(WindowError, match="at least 9 origins to calibrate intervals of 90% with, got 8"):
        conformal_width(np.arange(1.0, 9), 0.9)


@pytest.mark.parametrize("count", [9, 19, 30])
def test_a_new_residual_is_inside_as_often_as_promised(count: int) -> None:
    draws = RANDOM.standard_t(3, size=(20_000, count + 1))
    inside = [abs(row[-1]) <= conformal_width(row[:-1], 0.9) for row in draws]
    promised = math.ceil(round((count + 1) * 0.9, 9)) / (count + 1)
    assert promised >= 0.9
    assert np.mean(inside) == pytest.approx(promised, abs=0.008)


def test_only_errors_known_at_the_first_later_origin_make_the_intervals() -> None:
    series = RANDOM.normal(size=60)
    config = BacktestConfig(start_share=0.5, seeds=(0,))
    table = backtest("last", LastValue(), series, (1, 4), config)  # origins 30 … 56, the later from 44 on
    intervals = add_intervals(table, 0.8, calibration_share=0.5)
    assert sorted(intervals["origin"].unique()) == list(range(44, 57))
    for horizon, row in intervals.groupby("horizon").first().iterrows():
        known = [series[t - 1] - series[t + horizon - 1] for t in range(30, 44) if t + horizon - 1 < 44]
        width = conformal_width(np.array(known), 0.8)
        assert (row["lower"], row["upper"]) == (row["forecast"] - width, row["forecast"] + width)
    changed = np.concatenate([series[:44], 1000 + series[44:]])
    later = add_intervals(backtest("last", LastValue(), changed, (1, 4), config), 0.8, 0.5)
    widths = [part["upper"] - part["lower"] for part in (intervals, later)]
    assert widths[0].to_numpy() == pytest.approx(widths[1].to_numpy())


def test_coverage_and_width_by_hand() -> None:
    intervals = pd.DataFrame(
        {
            "model": "m",
            "seed": 0,
            "horizon": [1, 1, 4, 4],
            "origin": [7, 8, 7, 8],
            "actual": [0.0, 2.0, 1.0, 5.0],
            "lower": [0.0, 0.0, 2.0, 4.0],
            "upper": [1.0, 1.0, 4.0, 8.0],
        }
    )
    assert coverage_table(intervals).to_numpy().tolist() == [
        ["m", 0, 1, 2, 0.5, 1.0],
        ["m", 0, 4, 2, 0.5, 3.0],
    ]


def test_too_few_origins_to_calibrate_are_refused() -> None:
    table = backtest("last", LastValue(), RANDOM.normal(size=60), [1, 20], BacktestConfig(start_share=0.5))
    with pytest.raises(WindowError, match="at least 9 origins to calibrate"):
        add_intervals(table, 0.9, calibration_share=0.5)


def test_on_a_long_sine_90_percent_intervals_cover_between_88_and_92_at_every_horizon() -> None:
    series = noisy_sine(100_000, 0.01, 0.2, seed=0).to_numpy()
    model = LinearAR(4, "direct")
    table = backtest("ar", model, series, (1, 4, 16, 64), BacktestConfig(stride=2))
    coverage = coverage_table(add_intervals(table, 0.9, 0.5))
    assert len(coverage) == 4
    assert coverage["coverage"].between(0.88, 0.92).all()
    assert coverage["width"].is_monotonic_increasing
