import numpy as np
import pandas as pd
import pytest

from seqstep.series.sampling_error import rmse_intervals, standard_error


def table(errors: np.ndarray, horizon: int, seed: int = 0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": "m",
            "seed": seed,
            "origin": range(len(errors)),
            "horizon": horizon,
            "forecast": errors,
            "actual": 0.0,
        }
    )


def test_without_lags_it_is_the_textbooks() -> None:
    losses = np.random.default_rng(0).normal(size=50) ** 2
    assert standard_error(losses, 0) == pytest.approx(losses.std() / 50**0.5)


def test_the_interval_by_hand() -> None:
    (row,) = rmse_intervals(table(np.array([1.0, 3.0, 1.0, 3.0]), 1), 0.95, 1).to_dict("records")
    margin = 1.959964 * 4 / 4**0.5  # squared errors 1, 9, 1, 9 have a deviation of 4
    assert row["rmse"] == pytest.approx(5**0.5)
    assert row["rmse_lower"] == pytest.approx((5 - margin) ** 0.5)
    assert row["rmse_upper"] == pytest.approx((5 + margin) ** 0.5)


def test_the_squared_errors_of_seeds_are_averaged_origin_by_origin() -> None:
    one, two = np.array([1.0, 2.0, 5.0]), np.array([3.0, 0.0, 1.0])
    both = pd.concat([table(one, 4), table(two, 4, seed=1)])
    together = table(np.sqrt((one**2 + two**2) / 2), 4)
    pd.testing.assert_frame_equal(rmse_intervals(both, 0.9, 1), rmse_intervals(together, 0.9, 1))


def test_the_interval_holds_the_expected_error_as_often_as_it_says() -> None:
    noise = np.random.default_rng(0).normal(size=(1000, 403))
    losses = sum(noise[:, lag : lag + 400] for lag in range(4)) ** 2  # 4 expected, correlated up to lag 3
    errors = np.array([standard_error(path, 3) for path in losses])
    inside = np.abs(losses.mean(axis=1) - 4) < 1.645 * errors
    assert inside.mean() == pytest.approx(0.9, abs=0.03)
