"""The floors against each other, against known figures, and against models that come down to them."""

import numpy as np
import pytest

from seqstep.series.backtest import backtest
from seqstep.series.baselines.last_value import LastValue
from seqstep.series.baselines.linear_ar import LinearAR
from seqstep.series.baselines.mean import Mean
from seqstep.series.baselines.seasonal_naive import SeasonalNaive
from seqstep.series.forecaster import Forecaster
from seqstep.series.sampling_error import standard_error
from seqstep.series.sine_floor import Sine, best_linear_mse, best_possible_mse
from seqstep.series.sources import noisy_sine
from seqstep.series.strategies import Strategy
from seqstep.settings.config import BacktestConfig

NOTES = Sine(0.01, 0.2)
HORIZONS = (1, 4, 16, 64)
PERIOD = 628  # 2π / 0.01


def backtested(model: Forecaster) -> np.ndarray:
    """Squared errors on a sine of 100,000 points, shape (origins, horizons)."""
    series = noisy_sine(100_000, NOTES.frequency, NOTES.noise_std, seed=0).to_numpy()
    table = backtest("model", model, series, HORIZONS, BacktestConfig())
    return ((table["forecast"] - table["actual"]) ** 2).to_numpy().reshape(-1, 4)


@pytest.mark.parametrize(
    ("strategy", "window", "expected"),
    [
        ("recursive", 4, [0.0501, 0.0544, 0.0699, 0.2481]),
        ("direct", 4, [0.0501, 0.0513, 0.0646, 0.2306]),
        ("recursive", 64, [0.0424, 0.0429, 0.0452, 0.0595]),
        ("direct", 64, [0.0424, 0.0427, 0.0443, 0.0522]),
    ],
)
def test_the_best_linear_predictors_errors(strategy: Strategy, window: int, expected: list[float]) -> None:
    assert best_linear_mse(NOTES, window, HORIZONS, strategy) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("recursive", [0.0501, 0.0544, 0.0699, 0.2481]), ("direct", [0.0501, 0.0513, 0.0646, 0.2306])],
)
def test_a_fitted_autoregression_comes_within_2_percent_of_its_floor(
    strategy: Strategy, expected: list[float]
) -> None:
    assert backtested(LinearAR(4, strategy)).mean(axis=0) == pytest.approx(expected, rel=0.02)


def test_the_naive_forecasts_come_within_2_percent_of_their_expected_errors() -> None:
    expected = 1 - np.cos(0.01 * np.array(HORIZONS)) + 2 * 0.2**2
    assert expected == pytest.approx([0.0801, 0.0808, 0.0928, 0.2779], abs=2e-4)
    assert backtested(LastValue()).mean(axis=0) == pytest.approx(expected, rel=0.02)
    assert backtested(SeasonalNaive(PERIOD)).mean(axis=0) == pytest.approx(0.08, rel=0.02)


@pytest.mark.first_quick
@pytest.mark.parametrize(
    ("model", "window"),
    [
        (LastValue(), 1),
        (LinearAR(4, "recursive"), 4),
        (LinearAR(4, "direct"), 4),
        (LinearAR(16, "direct"), 16),
        (SeasonalNaive(PERIOD), None),
        (Mean(), None),
    ],
)
def test_no_baseline_lies_more_than_its_sampling_error_below_the_best_possible(
    model: Forecaster, window: int | None
) -> None:
    losses = backtested(model)
    floor = best_possible_mse(NOTES, window, HORIZONS) if window else np.full(4, NOTES.noise_std**2)
    errors = np.array([standard_error(column, PERIOD) for column in losses.T])
    assert (losses.mean(axis=0) > floor - 2 * errors).all()


def test_a_forecast_that_has_seen_its_target_lies_below_the_best_possible() -> None:
    series = noisy_sine(20_000, NOTES.frequency, NOTES.noise_std, seed=0).to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(series, 5)
    leaked = (windows.mean(axis=1) - windows[:, -1]) ** 2  # the mean of four values and the target
    floor = best_possible_mse(NOTES, 4, [1])[0]
    assert leaked.mean() < floor - 2 * standard_error(leaked, PERIOD)


@pytest.mark.first_quick
@pytest.mark.parametrize("window", [1, 4, 20])
def test_the_best_possible_error_is_that_of_a_simulation(window: int) -> None:
    random, draws = np.random.default_rng(window), 20_000
    phase = random.uniform(0, 2 * np.pi, (draws, 1))
    seen = np.sin(0.01 * np.arange(window) + phase) + random.normal(0, 0.2, (draws, window))
    grid = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    candidates = np.sin(0.01 * np.arange(window)[:, None] + grid)
    scores = (seen @ candidates - (candidates**2).sum(axis=0) / 2) / 0.2**2
    posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    times = 0.01 * (window - 1 + np.array(HORIZONS))
    error = (posterior @ np.sin(times + grid[:, None]) - np.sin(times + phase)) ** 2
    found = best_possible_mse(NOTES, window, HORIZONS)
    assert (np.abs(found - 0.04 - error.mean(axis=0)) < 4 * error.std(axis=0) / draws**0.5).all()


def test_the_best_possible_errors_with_four_values() -> None:
    assert best_possible_mse(NOTES, 4, HORIZONS) == pytest.approx([0.0485, 0.0497, 0.0630, 0.2295], rel=0.003)


def test_what_is_possible_is_above_the_noise_and_below_what_is_linear() -> None:
    for window in (1, 3, 10):
        possible = best_possible_mse(NOTES, window, HORIZONS)
        direct, recursive = (best_linear_mse(NOTES, window, HORIZONS, how) for how in ("direct", "recursive"))
        assert (possible > NOTES.noise_std**2).all()
        assert (possible < direct).all()
        assert (direct <= recursive + 1e-12).all()
