"""After how many steps a series resembles itself: as told, as its dates and values say, or never."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.errors import ConfigError
from seqstep.series.backtest import first_origin
from seqstep.series.reading.steps import words
from seqstep.settings.config import BacktestConfig

_HOUR = 3_600 * 10**9  # nanoseconds
_DAY, _WEEK, _YEAR = 24 * _HOUR, 7 * 24 * _HOUR, 365.25 * 24 * _HOUR
_MONTH = 27 * _DAY  # the shortest
_FEWEST = 3  # seasons that must be known, to tell one from chance
_LEAST = 0.3  # autocorrelation; a weaker season is of no use to a forecast
_CLEARLY = 0.1  # by which another lag has the better autocorrelation
_ERRORS = 2  # standard errors of white noise
_ROUNDING = 1e-12


class Season(NamedTuple):
    """A season, and how it was found.

    Attributes:
        steps: >= 1; 1: none.
        why: in words, for a person; empty where it was told, or is the sine's own.
    """

    steps: int
    why: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, [f"{self.steps} steps" if self.steps > 1 else "none", self.why]))


def check_season(season: int) -> None:
    """Make sure that a season is a number of steps.

    Raises:
        ConfigError: it is below 1.
    """
    if season < 1:
        raise ConfigError(
            f"expected a season of at least 1 step, got {season}; set backtest.season to 1 for none"
        )


def sine_season(frequency: float, known: int) -> Season:
    """Take the sine's own period, if more than one is known.

    Args:
        frequency: radians per step.
        known: values before the first origin.
    """
    steps = round(2 * math.pi / frequency)
    return Season(steps if 1 < steps < known else 1)


def find_season(known: pd.Series) -> Season:
    """Find the season of a series among those that its step suggests; without dates none is.

    A season is there if values are alike that lie one apart, once a moving average over it is taken away: by
    an autocorrelation of at least 0.3 and two standard errors of white noise, which no lag from half of it to
    half as much again clearly exceeds, and of which half is left two seasons apart, where so many are known.
    Of several the shortest counts, unless a longer one is clearly better.

    Args:
        known: the values before the first origin, at dates with a frequency or at 1, 2, 3, …

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, sections 3.4 (classical
    decomposition) and 2.8 (autocorrelation).
    """
    found, best = Season(1, _nothing(known.index)), 0.0
    for steps in _candidates(known.index):
        if len(known) < _FEWEST * steps:
            continue
        strength = seasonal_strength(known.to_numpy(), steps)
        if strength >= (best + _CLEARLY if best else _LEAST):
            best = strength
            found = Season(steps, f"by the autocorrelation ({best:.2f}; the values are {_step(known.index)})")
    return found


def seasonal_strength(values: np.ndarray, steps: int) -> float:
    """Measure how alike values are that lie a season apart, without their trend; 0 for no more than chance.

    Args:
        values: shape (steps,), at least three seasons.
        steps: of a season, >= 2.

    Returns:
        the autocorrelation at that lag, from 0 to 1.
    """
    # An even season has no middle: its first and last value count half.
    weights = np.ones(steps + 1 - steps % 2)
    weights[[0, -1]] -= 0.5 * (1 - steps % 2)
    half = len(weights) // 2
    rest = values[half : len(values) - half] - np.convolve(values, weights / steps, mode="valid")
    if np.ptp(rest) <= _ROUNDING * np.max(np.abs(values)):
        return 0.0
    last = min(steps + (steps + 1) // 2, len(rest) - 1)
    found = {lag: _autocorrelation(rest, lag) for lag in range(steps // 2 + 1, last + 1)}
    strength = found.get(steps, 0.0)
    is_chance = strength < _ERRORS / math.sqrt(max(1, len(rest) - steps))
    is_once = len(rest) >= 2.5 * steps and _autocorrelation(rest, 2 * steps) < strength / 2
    is_another = strength < max(found.values()) - _CLEARLY
    return 0.0 if is_chance or is_once or is_another else min(strength, 1.0)


def _autocorrelation(values: np.ndarray, lag: int) -> float:
    """Correlate values, whose mean is about 0, with those some steps before."""
    return float(np.mean(values[lag:] * values[:-lag]) / np.mean(values**2))


def _candidates(index: pd.Index) -> Iterator[int]:
    """List seasons that the distance of dates suggests, the shortest first."""
    if not isinstance(index, pd.DatetimeIndex) or len(index) < _FEWEST:
        return
    if isinstance(index.freq, pd.offsets.BusinessDay):
        yield from (5, 261)
        return
    apart = float(np.median(np.diff(index.as_unit("ns").asi8)))
    natural = (_HOUR, _DAY, _WEEK, _YEAR)
    for length in natural:
        steps = length / apart
        is_whole = length == _YEAR or steps == int(steps)
        if apart > _MONTH:
            # Third Fridays are 28 days apart, or 35.
            steps = 12 / round(apart * 12 / _YEAR)
        if round(steps) > 1 and is_whole and not (length == _YEAR and apart < _DAY):
            yield round(steps)


def _nothing(index: pd.Index) -> str:
    if not isinstance(index, pd.DatetimeIndex):
        return "for rows without dates suggest none"
    return f"for values that are {_step(index)} show none"


def _step(index: pd.Index) -> str:
    return words(index.freq) if isinstance(index, pd.DatetimeIndex) and index.freq else "a row"


def choose_season(series: pd.Series, config: BacktestConfig, frequency: float | None) -> Season:
    """Take the season that is told, else the sine's own, else the one that the first known values show.

    Args:
        frequency: of the sine, in radians per step; None for a series of the user's own.
    """
    if config.season != "auto":
        return Season(config.season)
    known = series.iloc[: first_origin(len(series), config)]
    return find_season(known) if frequency is None else sine_season(frequency, len(known))
