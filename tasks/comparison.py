"""Stages that put all models side by side."""

import pandas as pd

from seqstep.config import BacktestConfig, ForecastConfig, MLPConfig, RecurrentConfig, SeriesConfig
from seqstep.contest.forecasts import best_at, enter_all, figures, measure, one_seed, residuals, steps_ahead
from seqstep.forecasters.table import FORECASTERS, Settings
from seqstep.models.device import use_threads
from seqstep.plots.backtest import plot_coverage, plot_errors, plot_intervals, plot_residuals
from seqstep.series.csv_column import read_series
from seqstep.series.floors import known_floors
from stagecraft.artifact import Artifact
from stagecraft.tracking import Record
from tasks.outputs import Backtest, SeriesFile

_LAGS = 40


def backtest(
    record: Record,
    series: SeriesFile,
    source: SeriesConfig,
    forecast: ForecastConfig,
    mlp: MLPConfig,
    gru: RecurrentConfig,
    config: BacktestConfig,
    threads: int,
) -> Backtest:
    """Forecast from many origins with every model, and measure the errors by horizon."""
    record.log_dataset("series", series.values, series.values.uri)
    observed = read_series(record.open(series.values))
    values, horizons = observed.to_numpy(), sorted(forecast.horizons)
    use_threads(threads)
    entries = []
    for entry in enter_all(values, horizons, Settings(config.season, series.scale, mlp, gru), config):
        entries.append(entry)
        record.progress(len(entries), len(FORECASTERS), {})
        record.log_metrics({f"backtest/{entry.model}/seconds": entry.seconds})
        record.log_metrics({f"backtest/{entry.model}/parameters": entry.parameters})
    outcome = measure(entries, values, config)
    record.log_metrics({f"backtest/{name}": value for name, value in figures(outcome).items()})
    if outcome.notice:
        record.notice(outcome.notice)
    near, middle = horizons[0], horizons[len(horizons) // 2]
    first, best = best_at(outcome.errors, near), best_at(outcome.errors, middle)
    rest = residuals(outcome.forecasts, observed, first, near)
    floors = known_floors(source, (mlp.window, gru.window), horizons)
    return Backtest(
        forecasts=_log_table(record, "forecasts", outcome.forecasts),
        errors=_log_table(record, "errors", outcome.errors),
        tests=_log_table(record, "tests", outcome.tests),
        coverage=_log_table(record, "coverage", outcome.coverage),
        by_horizon=record.log_figure("plots/errors.png", plot_errors(outcome.errors, floors)),
        residuals=record.log_figure(
            "plots/residuals.png",
            plot_residuals(rest, f"Residuals of {first}, {steps_ahead(near)}", min(_LAGS, len(rest) - 1)),
        ),
        intervals=record.log_figure(
            "plots/intervals.png",
            plot_intervals(
                observed,
                one_seed(outcome.intervals, best, middle),
                f"Forecasts of {best}, {steps_ahead(middle)}",
                config.level,
            ),
        ),
        covered=record.log_figure("plots/coverage.png", plot_coverage(outcome.coverage, config.level)),
    )


def _log_table(record: Record, name: str, table: pd.DataFrame) -> Artifact:
    return record.log_text(f"{name}.csv", table.to_csv(index=False), "text/csv")
