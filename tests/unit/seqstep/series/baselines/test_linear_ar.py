"""Linear autoregression against scikit-learn's linear regression, and series that it knows perfectly."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from seqstep.errors import WindowError
from seqstep.series.baselines.linear_ar import LinearAR
from seqstep.series.forecaster import forecast_next
from seqstep.series.strategies import Strategy

HISTORY = np.random.default_rng(0).normal(size=200).cumsum()
CONTEXTS = np.random.default_rng(1).normal(size=(30, 5))


def rows(horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of 5 and the values `horizon` steps after them, one at a time."""
    pairs = [(HISTORY[i : i + 5], HISTORY[i + 4 + horizon]) for i in range(200 - 4 - horizon)]
    return np.array([x for x, _ in pairs]), np.array([y for _, y in pairs])


def test_direct_forecasts_are_those_of_scikit_learn_with_a_regression_a_horizon() -> None:
    fitted = LinearAR(5, "direct").fit(HISTORY, (1, 3, 16), seed=0)
    expected = [LinearRegression().fit(*rows(horizon)).predict(CONTEXTS) for horizon in (1, 3, 16)]
    np.testing.assert_allclose(fitted.forecast(CONTEXTS), np.array(expected).T, rtol=1e-9)
    assert fitted.parameters == 18


def test_recursive_forecasts_feed_scikit_learns_one_step_forecasts_back() -> None:
    fitted = LinearAR(5, "recursive").fit(HISTORY, (1, 3, 16), seed=0)
    one_step, path = LinearRegression().fit(*rows(1)), CONTEXTS
    for _ in range(16):
        path = np.column_stack([path, one_step.predict(path[:, -5:])])
    np.testing.assert_allclose(fitted.forecast(CONTEXTS), path[:, [5, 7, 20]], rtol=1e-9)
    assert fitted.parameters == 6


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_a_sine_without_noise_is_forecast_without_error(strategy: Strategy) -> None:
    # sin(a + b) = 2 cos(b) sin(a) − sin(a − b): two values tell all that follow.
    series = np.sin(0.3 * np.arange(100))
    fitted = LinearAR(2, strategy).fit(series[:60], (1, 7, 40), seed=0)
    assert forecast_next(fitted, series[:60]) == pytest.approx(series[[60, 66, 99]], abs=1e-9)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_a_constant_series_goes_on_as_it_was(strategy: Strategy) -> None:
    fitted = LinearAR(3, strategy).fit(np.full(20, 7.5), (1, 9), seed=0)
    assert forecast_next(fitted, np.full(20, 7.5)).tolist() == [7.5, 7.5]


def test_a_history_shorter_than_window_and_horizon_is_refused() -> None:
    with pytest.raises(WindowError, match="a window of 5, a horizon of 196 and 200 known values"):
        LinearAR(5, "direct").fit(HISTORY, (1, 196), 0)
    assert LinearAR(5, "direct").fit(HISTORY, (1, 195), 0).context == 5
