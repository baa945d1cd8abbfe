"""A look at a series before anything is run: what is read of a table, what a run would do, what fits."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError, WindowError
from seqstep.series.forecast_errors import check_horizons
from seqstep.series.reading.reading import UserSeries, open_table, read_column
from seqstep.series.reading.table import UserTable
from seqstep.series.season import choose_season
from seqstep.settings.config import Config, SeriesConfig

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 60


class LookedAtSeries(NamedTuple):
    """What is in a table, and in one column of it as a series.

    Attributes:
        columns: their names, as the header has them.
        column: the one that was read.
        dates: how they are written, and in which column; empty where rows are counted.
        step: how far apart they are; empty where rows are counted.
        zone: their time zone; empty for none.
        first, last: the first and the last date or row.
        values: how many there are, those in gaps too.
        gaps: how many of these are missing in the file.
        low, mean, high: of the values, in their unit.
        season: in steps, with how it was found.
        sketch: the series as bars, the least and the greatest value as the lowest and the highest.
        would: what a run with the usual settings would do with it.
        fitting: settings that fit it, by name.
    """

    columns: list[str]
    column: str
    dates: str
    step: str
    zone: str
    first: str
    last: str
    values: int
    gaps: int
    low: float
    mean: float
    high: float
    season: str
    sketch: str
    would: list[str]
    fitting: dict[str, str]


def look_at_series(path: Path, config: Config) -> LookedAtSeries:
    """Read a column of a table as a run would; without a name the first one that can be read.

    Raises:
        SeriesError: a run would refuse it, whatever its column, for another reason than gaps.
    """
    table = open_table(path, config.series)
    read, chosen, would = _read(table, config.series)
    series = read.series
    fitting = {"series.column": chosen.column}
    if chosen.gaps != config.series.gaps:
        fitting["series.gaps"] = chosen.gaps
    season = choose_season(series, config.backtest, None)
    too_far, horizons = _horizons(len(series), config)
    if horizons:
        fitting["forecast.horizons"] = ",".join(map(str, horizons))
    index = series.index
    return LookedAtSeries(
        columns=list(table.names),
        column=str(series.name),
        dates=f"{', '.join(map(quote, read.date_columns))}, as {read.date_format}" * bool(read.date_columns),
        step=read.step,
        zone=str(index.tz) if isinstance(index, pd.DatetimeIndex) and index.tz else "",
        first=str(index[0]),
        last=str(index[-1]),
        values=len(series),
        gaps=read.gaps,
        low=float(series.min()),
        mean=float(series.mean()),
        high=float(series.max()),
        season=str(season),
        sketch=sketch(series.to_numpy()),
        would=[*read.notices, *would, *too_far],
        fitting=fitting,
    )


def sketch(values: np.ndarray) -> str:
    """Draw a series as a line of bars, each the mean of as many values."""
    means = np.array([part.mean() for part in np.array_split(values, min(_WIDTH, len(values)))])
    span = float(np.ptp(means)) or 1.0
    places = ((means - means.min()) / span * (len(_BARS) - 1)).round().astype(int)
    return "".join(_BARS[place] for place in places)


def _read(table: UserTable, config: SeriesConfig) -> tuple[UserSeries, SeriesConfig, list[str]]:
    """Read the column that is asked for, else the first that can be read; tell what a run would refuse."""
    if config.column:
        return _with_gaps(table, config)
    errors: list[SeriesError] = []
    for column in _columns(table.names):
        try:
            return _with_gaps(table, config.model_copy(update={"column": column}))
        except SeriesError as error:
            errors.append(error)
    raise errors[-1] if errors else SeriesError(f"expected a table with columns in {table.path}, got none")


def _with_gaps(table: UserTable, config: SeriesConfig) -> tuple[UserSeries, SeriesConfig, list[str]]:
    """Read a column, filling gaps where a run would refuse them."""
    try:
        return read_column(table, config), config, []
    except SeriesError as error:
        filling = config.model_copy(update={"gaps": "interpolate"})
        with suppress(SeriesError):
            return read_column(table, filling), filling, [f"refuse it: {error}"]
        raise


def _columns(names: tuple[str, ...]) -> Iterator[str]:
    """Name the columns, the last first, for dates stand before; those of one name by their places."""
    for place, name in reversed(list(enumerate(names))):
        yield name if names.count(name) == 1 else str(place + 1)


def _horizons(steps: int, config: Config) -> tuple[list[str], list[int]]:
    """Tell whether a run would refuse the horizons, and which of them fit."""
    said: list[str] = []
    horizons = sorted(config.forecast.horizons)
    while horizons:
        try:
            check_horizons(steps, config.mlp.window, config.mlp.train_share, horizons)
        except WindowError as error:
            said = said or [f"refuse it: {error}"]
            horizons.pop()
        else:
            break
    return said, horizons if said else []
