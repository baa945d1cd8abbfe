"""All forecasters of the table on one series, from the same origins."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqstep.forecasters.table import BASELINES, FORECASTERS, ForecasterSettings, make_forecaster
from seqstep.series.accuracy import accuracy_table, over_seeds
from seqstep.series.backtest import backtest, first_origin, place_origins
from seqstep.series.diebold_mariano import against_best_baseline
from seqstep.series.forecaster import Fitted, Forecaster
from seqstep.series.intervals import add_intervals, coverage_table
from seqstep.series.naive_scale import naive_scale, undefined_notice
from seqstep.series.sampling_error import rmse_intervals
from seqstep.series.strategies import windows_ahead
from seqstep.settings.config import BacktestConfig

_SURE = 0.95  # level of the errors' intervals


class BacktestedModel(NamedTuple):
    """What one model made of the series.

    Attributes:
        forecasts: from `backtest`.
        parameters: numbers that one fit learned.
        seconds: wall time of all its fits and forecasts.
    """

    model: str
    forecasts: pd.DataFrame
    parameters: int
    seconds: float


class BacktestOutcome(NamedTuple):
    """All models, measured.

    Attributes:
        forecasts: a row a model, seed, origin and horizon; see `backtest`.
        errors: a row a model and horizon: measures, their spread over seeds, `rmse_all` (of all seeds
            together) with its interval of 95 %, parameters.
        tests: against the best baseline; see `against_best_baseline`.
        intervals: forecasts of the later origins with prediction intervals; see `add_intervals`.
        coverage: of these; see `coverage_table`.
        notice: why a measure is undefined; empty if none is.
    """

    forecasts: pd.DataFrame
    errors: pd.DataFrame
    tests: pd.DataFrame
    intervals: pd.DataFrame
    coverage: pd.DataFrame
    notice: str


def backtest_all(
    series: np.ndarray, horizons: Sequence[int], settings: ForecasterSettings, config: BacktestConfig
) -> Iterator[BacktestedModel]:
    """Let every forecaster of the table forecast a series, one after the other.

    Args:
        series: observed values, shape (steps,).
        horizons: steps ahead, each >= 1.
        settings: its `notice` is told once, for all trainings of a network are the same in that.

    Raises:
        WindowError: horizons, windows or the season do not fit.
    """
    settings = settings._replace(notice=_once(settings.notice))
    for name in FORECASTERS:
        start, weighed = time.perf_counter(), _Weighed(make_forecaster(name, settings))
        forecasts = backtest(name, weighed, series, horizons, config)
        yield BacktestedModel(name, forecasts, weighed.parameters, time.perf_counter() - start)


def check_backtest(
    series: np.ndarray, horizons: Sequence[int], settings: ForecasterSettings, config: BacktestConfig
) -> None:
    """See that every forecaster can be fitted and measured, before one is trained.

    Raises:
        ConfigError, WindowError: horizons, windows, the season or the number of origins do not fit.
    """
    known = series[: place_origins(len(series), horizons, config)[0]]
    for window in (settings.mlp.window, settings.gru.window):
        windows_ahead(known[-config.train_points :], window, max(horizons))
    untrained = [
        BacktestedModel(name, backtest(name, make_forecaster(name, settings), series, horizons, config), 0, 0)
        for name in ("last_value", "seasonal_naive")
    ]
    measure(untrained, series, settings.season, config)


def measure(
    entries: Sequence[BacktestedModel], series: np.ndarray, season: int, config: BacktestConfig
) -> BacktestOutcome:
    """Measure errors, what is more than chance, and how well intervals cover.

    Args:
        season: steps, >= 1, for the scale of MASE and RMSSE.

    Raises:
        WindowError: too few origins for a test or an interval.
    """
    forecasts = pd.concat([entry.forecasts for entry in entries], ignore_index=True)
    scale = naive_scale(series[: first_origin(len(series), config)], season)
    chance = rmse_intervals(forecasts, _SURE, config.stride).rename(columns={"rmse": "rmse_all"})
    errors = over_seeds(accuracy_table(forecasts, scale)).merge(chance, on=["model", "horizon"])
    errors["parameters"] = errors["model"].map({entry.model: entry.parameters for entry in entries})
    intervals = add_intervals(forecasts, config.level, config.calibration_share)
    return BacktestOutcome(
        forecasts=forecasts,
        errors=errors,
        tests=against_best_baseline(forecasts, BASELINES, config.stride),
        intervals=intervals,
        coverage=coverage_table(intervals),
        notice=undefined_notice(scale, season),
    )


def best_at(errors: pd.DataFrame, horizon: int) -> str:
    """Name the model with the least RMSE of all seeds at a horizon."""
    part = errors[errors["horizon"] == horizon]
    return str(part["model"].iloc[int(part["rmse_all"].argmin())])


def residuals(forecasts: pd.DataFrame, observed: pd.Series, model: str, horizon: int) -> pd.Series:
    """Take forecast − actual of a model's first seed at a horizon, by the times of the targets."""
    part = one_seed(forecasts, model, horizon)
    times = observed.index[(part["origin"] + horizon - 1).to_numpy()]
    values = (part["forecast"] - part["actual"]).to_numpy()
    return pd.Series(values, times.rename(observed.index.name), name=observed.name)


def one_seed(forecasts: pd.DataFrame, model: str, horizon: int) -> pd.DataFrame:
    """Take the rows of a model's first seed at a horizon."""
    part = forecasts[(forecasts["model"] == model) & (forecasts["horizon"] == horizon)]
    return part[part["seed"] == part["seed"].iloc[0]]


def steps_ahead(horizon: int) -> str:
    """Say how far ahead a horizon is."""
    return f"{horizon} step{'' if horizon == 1 else 's'} ahead"


def figures(outcome: BacktestOutcome) -> dict[str, float]:
    """Name the figures of all models: `<model>/rmse_k001` and so on."""
    named: dict[str, float] = {}
    means = outcome.coverage.groupby(["model", "horizon"], sort=False)[["coverage", "width"]].mean()
    for row in outcome.errors.merge(means.reset_index(), on=["model", "horizon"]).to_dict("records"):
        for measure_name in ("rmse", "mae", "mase", "coverage", "width"):
            named[f"{row['model']}/{measure_name}_k{row['horizon']:03d}"] = float(row[measure_name])
    return named


def _once(notice: Callable[[str], object]) -> Callable[[str], None]:
    """Tell the first of all texts alone."""
    told: list[str] = []

    def tell(text: str) -> None:
        if not told:
            told.append(text)
            notice(text)

    return tell


@dataclass
class _Weighed:
    """A forecaster that remembers how many numbers its latest fit learned."""

    forecaster: Forecaster
    parameters: int = 0

    @property
    def is_random(self) -> bool:
        """See `Forecaster.is_random`."""
        return self.forecaster.is_random

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """See `Forecaster.fit`."""
        fitted = self.forecaster.fit(history, horizons, seed)
        self.parameters = fitted.parameters
        return fitted
