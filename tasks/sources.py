"""The stage that gets the series."""

from seqstep.plots.series import plot_series
from seqstep.series.scaling import resolve_scale
from seqstep.series.series_file import write_series
from seqstep.series.sources import load_series
from seqstep.settings.config import SeriesConfig
from stagecraft.mlflow import Record
from tasks.outputs import SeriesFile


def series(record: Record, config: SeriesConfig, seed: int) -> SeriesFile:
    """Make the noisy sine, or read a column of a table."""
    reading = load_series(config, seed)
    for notice in reading.notices:
        record.notice(notice)
    values = reading.series
    record.log_metrics({"series/points": len(values)})
    file = record.log_file("series.csv", lambda path: write_series(values, path), "text/csv")
    record.log_dataset("series", file, config.path or "sine")
    return SeriesFile(
        values=file,
        plot=record.log_figure("plots/series.png", plot_series(values)),
        scale=resolve_scale(config.scale, bool(config.path)),
    )
