"""The stage that gets the series."""

from seqstep.plots.series import plot_series
from seqstep.series.forecast_errors import check_horizons
from seqstep.series.scaling import resolve_scale
from seqstep.series.season import choose_season
from seqstep.series.series_file import write_series
from seqstep.series.sources import load_series
from seqstep.settings.config import BacktestConfig, ForecastConfig, MLPConfig, SeriesConfig
from stagecraft.mlflow import Record
from tasks.outputs import SeriesFile


def series(
    record: Record,
    config: SeriesConfig,
    seed: int,
    mlp: MLPConfig,
    forecast: ForecastConfig,
    backtest: BacktestConfig,
) -> SeriesFile:
    """Make the noisy sine, or read a column of a table, and see that all horizons leave values to test on."""
    reading = load_series(config, seed)
    for notice in reading.notices:
        record.notice(notice)
    values = reading.series
    check_horizons(len(values), mlp.window, mlp.train_share, forecast.horizons)
    frequency = None if config.path else config.frequency
    season = choose_season(values, backtest, frequency)
    if season.why:
        record.notice(f"season: {season}; backtest.season sets another")
    record.log_metrics({"series/points": len(values), "series/season": season.steps})
    file = record.log_file("series.csv", lambda path: write_series(values, path), "text/csv")
    record.log_dataset("series", file, config.path or "sine")
    return SeriesFile(
        values=file,
        plot=record.log_figure("plots/series.png", plot_series(values)),
        scale=resolve_scale(config.scale, bool(config.path)),
        season=season.steps,
    )
