"""Errors of forecasts against sums over pairs of a target and its forecast."""

import numpy as np
import pandas as pd
import pytest

from seqstep.errors import WindowError
from seqstep.series.forecast import k_steps, multi_step
from seqstep.series.forecast_errors import check_horizons, error_table
from tests.unit.seqstep.series.predictors import LINE, SERIES, WINDOW, blend, straight


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


@pytest.mark.parametrize(
    ("horizons", "most"),
    [
        ((1, 54), 0),
        ((1, 55), 54),
        ((1, 4, 16, 64), 54),
        ((140,), 0),
        ((141,), 140),
        ((4, 57), 0),
        ((4, 58), 57),
    ],
)
def test_a_horizon_that_leaves_nothing_to_test_on_is_refused(horizons: tuple[int, ...], most: int) -> None:
    series = np.sin(np.arange(144.0))
    if most:
        with pytest.raises(WindowError, match=rf"up to {most} steps beside .* got {max(horizons)}, which"):
            check_horizons(144, 4, 0.6, horizons)
        return
    check_horizons(144, 4, 0.6, horizons)
    forecasts = k_steps(lambda windows: windows[:, -1], series, 4, horizons)
    errors = error_table(series, 4, 90, forecasts, series[90:])
    assert errors["rmse_valid"].notna().all()


def test_a_window_that_fits_not_at_all_is_refused_with_the_horizons() -> None:
    with pytest.raises(WindowError, match=r"mlp\.train_share"):
        check_horizons(10, 4, 0.6, (1,))
