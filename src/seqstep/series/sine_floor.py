"""How small the errors of forecasts of the noisy sine can be at all.

The series is sin(frequency t + phase) + N(0, noise_std²), the phase uniform and unknown. Every figure is a
mean squared error against the noisy target, so that none is below noise_std².
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqstep.series.strategies import Strategy

_PHASES = 24  # true phases in half a turn; the other half mirrors it
_NODES = 16  # Gauss–Hermite nodes of the noise, in each of its two directions
_LIKELY = 6.0  # grid points that the narrowest posterior's deviation is resolved with


class Sine(NamedTuple):
    """A sine of amplitude 1 with Gaussian noise; `frequency` in radians per step."""

    frequency: float
    noise_std: float


def best_linear_mse(sine: Sine, window: int, horizons: Sequence[int], strategy: Strategy) -> np.ndarray:
    """Mean squared errors of the best linear predictor from `window` values.

    With γ(j) = ½ cos(frequency j) + noise_std² [j = 0], the autocovariance, Γ its matrix over the window and
    g the covariances of window and target, coefficients c err by γ(0) − 2 c·g + c·Γc. Directly c = Γ⁻¹g;
    recursively c follows from the coefficients for one step, as each prediction takes a value's place.

    Returns:
        shape (horizons,).

    Source: Brockwell and Davis, Introduction to Time Series and Forecasting, section 2.5.
    """
    lags = np.arange(window)
    gram = _autocovariance(sine, lags[:, None] - lags)
    targets = [_autocovariance(sine, window - 1 + horizon - lags) for horizon in horizons]
    if strategy == "direct":
        weights = [np.linalg.solve(gram, target) for target in targets]
    else:
        one = np.linalg.solve(gram, _autocovariance(sine, window - lags))
        weights = _iterate(one, horizons)
    variance = 0.5 + sine.noise_std**2
    return np.array(
        [variance - 2 * c @ target + c @ gram @ c for c, target in zip(weights, targets, strict=True)]
    )


def best_possible_mse(sine: Sine, window: int, horizons: Sequence[int]) -> np.ndarray:
    """Mean squared errors of the best predictor from `window` values that knows all but the phase.

    That is the mean of sin(frequency t + phase) under the posterior of the phase: no predictor from the same
    window has less in expectation. The window tells of the phase through its projections on sine and cosine
    alone; with time counted from its middle their noises are independent. The expectation over both noises is
    a Gauss–Hermite sum, the one over phases and the posterior are sums over equal steps.

    Args:
        sine: its noise_std above 0.

    Returns:
        shape (horizons,).
    """
    middle = (window - 1) / 2
    angles = sine.frequency * (np.arange(window) - middle)
    power = np.array([np.sum(np.cos(angles) ** 2), np.sum(np.sin(angles) ** 2)])
    ahead = sine.frequency * (middle + np.asarray(horizons))
    grid = _phases(sine, window)
    signals = _signals(grid) * power
    future = np.sin(ahead[None, :] + grid[:, None])
    energy = (signals**2 / np.maximum(power, np.finfo(float).tiny)).sum(axis=1)
    total = np.zeros(len(horizons))
    for phase in np.pi * np.arange(_PHASES) / _PHASES:
        seen, weights = _observations(_signals(np.array([phase]))[0] * power, power, sine.noise_std)
        # log p(seen | phase) up to a constant: the projections are sufficient
        scores = (seen @ _signals(grid).T - energy / 2) / sine.noise_std**2
        posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected = posterior @ future / posterior.sum(axis=1, keepdims=True)
        total += weights @ (expected - np.sin(ahead + phase)) ** 2
    return sine.noise_std**2 + total / _PHASES


def _autocovariance(sine: Sine, lags: np.ndarray) -> np.ndarray:
    return 0.5 * np.cos(sine.frequency * lags) + sine.noise_std**2 * (lags == 0)


def _iterate(one_step: np.ndarray, horizons: Sequence[int]) -> list[np.ndarray]:
    """Follow the coefficients of a recursive forecast; those of the window's values are unit vectors."""
    path = list(np.eye(len(one_step)))
    for _ in range(max(horizons)):
        path.append(one_step @ np.array(path[-len(one_step) :]))
    return [path[len(one_step) + horizon - 1] for horizon in horizons]


def _phases(sine: Sine, window: int) -> np.ndarray:
    """Divide a turn finely enough for the narrowest posterior."""
    narrowest = sine.noise_std / np.sqrt(window)
    return np.linspace(0, 2 * np.pi, max(256, int(_LIKELY * 2 * np.pi / narrowest)), endpoint=False)


def _signals(phases: np.ndarray) -> np.ndarray:
    """Coefficients of cosine and sine of the angle in sin(angle + phase); shape (phases, 2)."""
    return np.column_stack([np.sin(phases), np.cos(phases)])


def _observations(mean: np.ndarray, power: np.ndarray, noise_std: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what the projections may be, shape (noises, 2), and how likely each is."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    first, second = np.meshgrid(nodes, nodes, indexing="ij")
    noise = np.column_stack([first.ravel(), second.ravel()]) * noise_std * np.sqrt(power)
    return mean + noise, np.outer(weights, weights).ravel() / (2 * np.pi)
