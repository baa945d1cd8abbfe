"""The pipeline's own file of a series: CSV, to the last digit, with the name of its time zone (RFC 9557)."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from seqstep.errors import SeriesError
from seqstep.series.reading.steps import find_step, steps_from

_ZONE = re.compile(r"(.+)\[([^]]+)\]")


def write_series(series: pd.Series, path: Path) -> None:
    """Write a series."""
    zone = series.index.tz if isinstance(series.index, pd.DatetimeIndex) else None
    if isinstance(zone, ZoneInfo):
        texts = pd.Index([f"{date}[{zone.key}]" for date in series.index], name=series.index.name)
        series = series.set_axis(texts)
    series.to_csv(path)


def read_series(path: Path) -> pd.Series:
    """Read back a series that `write_series` wrote: the first column is its index.

    Raises:
        SeriesError: its dates have no regular step.
    """
    table = pd.read_csv(path, index_col=0)
    series = table.iloc[:, 0].astype(float)
    if pd.api.types.is_integer_dtype(series.index):
        return series
    dates = _dates(series.index)
    step = find_step(dates) if len(dates) > 1 else None
    if step is None:
        raise SeriesError(
            f"expected dates with a regular step in {path}, got irregular ones; run its stage again"
        )
    series.index = dates
    return series.reindex(steps_from(dates, step))


def _dates(texts: pd.Index) -> pd.DatetimeIndex:
    named = _ZONE.fullmatch(str(texts[0]))
    if named is None:
        return pd.DatetimeIndex(texts, name=texts.name)
    moments = pd.to_datetime([text.partition("[")[0] for text in texts], utc=True)
    return pd.DatetimeIndex(moments, name=texts.name).tz_convert(ZoneInfo(named[2]))
