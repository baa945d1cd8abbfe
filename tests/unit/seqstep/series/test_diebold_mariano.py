"""The paired test by hand, against Student's t test, and by how often it errs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seqstep.errors import ConfigError, WindowError
from seqstep.series.diebold_mariano import against_best_baseline, diebold_mariano

RANDOM = np.random.default_rng(0)


def test_the_statistic_with_one_lag_by_hand() -> None:
    # differences 1, 2, 3, 4: mean 2.5, long-run variance 1.25 + 2 × 0.3125, correction 3/8
    test = diebold_mariano(np.array([2.0, 4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0]), lags=1)
    assert test.difference == 2.5
    assert test.statistic == pytest.approx(2.5 / (1.875 / 4) ** 0.5 * 0.375**0.5)
    assert test.p_value == pytest.approx(2 * stats.t.sf(test.statistic, df=3))


def test_one_step_ahead_it_is_students_paired_t_test() -> None:
    first, second = RANDOM.normal(size=(2, 40)) ** 2
    test, student = diebold_mariano(first, second), stats.ttest_rel(first, second)
    assert (test.statistic, test.p_value) == pytest.approx((student.statistic, student.pvalue))


def test_exchanging_the_models_changes_the_sign_alone() -> None:
    first, second = RANDOM.normal(size=(2, 40)) ** 2
    one, other = diebold_mariano(first, second, 3), diebold_mariano(second, first, 3)
    assert other == pytest.approx((-one.difference, -one.statistic, one.p_value))


def test_of_equally_good_models_it_finds_one_in_twenty_different_though_errors_overlap() -> None:
    noise = RANDOM.normal(size=(1000, 2, 123))
    errors = sum(noise[..., lag : lag + 120] for lag in range(4))  # four steps ahead
    p_values = [diebold_mariano(*(pair**2), lags=3).p_value for pair in errors]
    naive = [diebold_mariano(*(pair**2)).p_value for pair in errors]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(naive) < 0.05) > 0.1


@pytest.mark.parametrize("rounding", [0, 1e-14])
def test_models_that_never_differ_or_by_rounding_alone_have_no_statistic(rounding: float) -> None:
    losses = RANDOM.normal(size=10) ** 2
    test = diebold_mariano(losses, losses * (1 + rounding * RANDOM.normal(size=10)))
    assert test.difference == 0
    assert np.isnan([test.statistic, test.p_value]).all()


@pytest.mark.parametrize(("origins", "lags", "least"), [(1, 0, 2), (5, 5, 6)])
def test_too_few_origins_are_refused(origins: int, lags: int, least: int) -> None:
    with pytest.raises(WindowError, match=f"at least {least} origins .* got {origins}"):
        diebold_mariano(np.ones(origins), np.zeros(origins), lags)


def backtested() -> pd.DataFrame:
    """Errors of a network with two seeds and of two baselines, of which each is best at one horizon."""
    sizes = {("far", 0): (3, 1), ("near", 0): (1, 3), ("net", 0): (0.5, 0.5), ("net", 1): (0.7, 0.7)}
    rows = [
        (model, seed, origin, horizon, size * RANDOM.normal(), 0.0)
        for (model, seed), both in sizes.items()
        for origin in range(100, 300, 2)
        for horizon, size in zip((1, 4), both, strict=True)
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "origin", "horizon", "forecast", "actual"])


def test_each_model_is_tested_against_the_best_baseline_of_its_horizon() -> None:
    table = backtested()
    tests = against_best_baseline(table, ["near", "far", "absent"], stride=2).set_index(["horizon", "model"])
    assert tests["baseline"].groupby("horizon").unique().map(list).to_dict() == {1: ["near"], 4: ["far"]}
    squared = table.assign(loss=table["forecast"] ** 2)
    for horizon, best, lags in ((1, "near", 0), (4, "far", 1)):
        losses = squared[squared["horizon"] == horizon].groupby(["model", "origin"])["loss"].mean()
        expected = diebold_mariano(losses["net"].to_numpy(), losses[best].to_numpy(), lags)
        found = tests.loc[(horizon, "net"), ["difference", "statistic", "p_value"]]
        assert tuple(found) == pytest.approx(tuple(expected))
        assert found["p_value"] < 0.01
        assert np.isnan(tests.loc[(horizon, best), "p_value"])


def test_a_table_without_any_baseline_is_refused() -> None:
    with pytest.raises(ConfigError, match="got far, near, net; add one of mean"):
        against_best_baseline(backtested(), ["mean"], stride=2)
