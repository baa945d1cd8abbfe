import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.series.long_run_variance import autocorrelations, autocovariances, long_run_variance, overlap

VALUES = np.array([1.0, 2.0, 3.0, 4.0])  # around their mean −1.5, −0.5, 0.5, 1.5


def test_autocovariances_and_correlations_by_hand() -> None:
    assert autocovariances(VALUES, 3) == pytest.approx([1.25, 0.3125, -0.375, -0.5625])
    assert autocorrelations(VALUES, 2) == pytest.approx([0.25, -0.3])


def test_the_autocorrelation_of_equal_values_is_no_number() -> None:
    assert np.isnan(autocorrelations(np.full(5, 2.0), 3)).tolist() == [True] * 3


def test_without_lags_it_is_the_variance_and_with_them_covariances_count_twice() -> None:
    assert long_run_variance(VALUES, 0) == pytest.approx(1.25)
    assert long_run_variance(VALUES, 1) == pytest.approx(1.25 + 2 * 0.3125)


def test_a_sum_below_0_gives_way_to_bartletts_weights() -> None:
    alternating = np.tile([1.0, -1.0], 10)  # covariances 1 and −19/20
    assert long_run_variance(alternating, 1) == pytest.approx(1 - 19 / 20)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.integers(0, 40))
def test_it_is_never_below_0(values: list[float], lags: int) -> None:
    assert long_run_variance(np.array(values), lags) >= -1e-9


def test_of_a_moving_average_it_is_n_times_the_variance_of_the_mean() -> None:
    noise = np.random.default_rng(0).normal(size=(2000, 202))
    series = noise[:, 2:] + noise[:, 1:-1] + noise[:, :-2]  # correlated up to lag 2
    estimated = np.mean([long_run_variance(row, 2) for row in series])
    assert series.mean(axis=1).var() * 200 == pytest.approx(9, rel=0.1)
    assert estimated == pytest.approx(9, rel=0.05)


@pytest.mark.parametrize(
    ("horizon", "stride", "lags"), [(1, 1, 0), (4, 1, 3), (4, 2, 1), (4, 3, 1), (4, 4, 0), (64, 10, 6)]
)
def test_origins_overlap_as_long_as_they_are_less_than_a_horizon_apart(
    horizon: int, stride: int, lags: int
) -> None:
    assert overlap(horizon, stride) == lags == sum(n * stride < horizon for n in range(1, 100))
