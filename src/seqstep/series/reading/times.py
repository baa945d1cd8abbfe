"""Which column of a table tells the time of its rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.series.reading import formats
from seqstep.series.reading.columns import cells_like_dates, completed, is_named, is_part, is_time, may_tell
from seqstep.series.reading.dates import Dates, RepeatedError, UnreadableError, joined, read_dates
from seqstep.series.reading.several import doubt, refuse_several
from seqstep.series.reading.table import UserTable
from seqstep.settings.config import SeriesConfig

_MOST = 0.5  # share of a column's cells that look like dates, beyond which all of them have to be some
_COMMON_YEARS = (1600, 2100)
_AS_THEY_STAND = (
    "rows are counted as they stand, for no column is read as dates; series.date_column names one"
)


class Times(NamedTuple):
    """What tells the time of rows: their dates, or their number.

    Attributes:
        order: the rows in the order of time.
        dates: None where the rows are counted.
        said: what there is to say of it.
    """

    order: np.ndarray
    dates: Dates | None
    said: tuple[str, ...] = ()


def find_times(table: UserTable, value: int, config: SeriesConfig) -> Times:
    """Find and read the column with the dates, or see that rows are counted.

    Args:
        value: the place of the series itself.

    Raises:
        SeriesError: what is or looks like dates can't be used as such, or there are several series.
    """
    times = _find(table, value, config)
    refuse_several(table, value)
    doubts = filter(None, [doubt(table, value)])
    return times._replace(said=(*times.said, *doubts))


def _find(table: UserTable, value: int, config: SeriesConfig) -> Times:
    """Find them by the settings, else among all columns.

    Raises:
        SeriesError: see `find_times`.
    """
    if not config.date_column:
        return _counted(table)
    if config.date_column != "auto":
        return _dated(table, value, _named(table, config.date_column), config)
    times = _of_texts(table, value, config) or _of_numbers(table, value, config)
    if times and times.dates:
        return times
    _refuse_parts(table, value, config)
    if config.date_format != "auto":
        raise SeriesError(
            f"expected a column with dates in {table.path} for series.date_format={config.date_format}, got"
            " none; name it with series.date_column"
        )
    return times or _counted(table, _AS_THEY_STAND if len(table.names) > 1 else "")


def _refuse_parts(table: UserTable, value: int, config: SeriesConfig) -> None:
    """Refuse to pass over a column that tells but a part of the time.

    Raises:
        UnreadableError: there is one.
    """
    for place in range(len(table.names)):
        if place != value and may_tell(table, place) and is_part(table, place):
            read_dates(table, [place], config)


def _counted(table: UserTable, said: str = "") -> Times:
    return Times(np.arange(len(table.cells)), None, (said,) if said else ())


def _named(table: UserTable, wanted: str) -> list[int]:
    """Find the columns that a setting names: one, or several with commas between."""
    if wanted in table.names or "," not in wanted:
        return [table.place(wanted, "series.date_column")]
    return [table.place(name.strip(), "series.date_column") for name in wanted.split(",")]


def _dated(table: UserTable, value: int, places: Sequence[int], config: SeriesConfig) -> Times:
    """Read dates; where they are repeated, with the time of the day, the month or the series that parts them.

    Raises:
        UnreadableError: see `read_dates`.
        SeriesError: there are several series.
    """
    try:
        dates = read_dates(table, places, config)
    except RepeatedError:
        if more := completed(table, value, places):
            return _dated(table, value, more, config)
        refuse_several(table, value, joined(table, places))
        raise
    said = dates.said()
    return Times(dates.order, dates, (said,) if said else ())


def _of_texts(table: UserTable, value: int, config: SeriesConfig) -> Times | None:
    """Read the first column of dates that are no numbers.

    Raises:
        SeriesError: the first column, or one that is called after time, is mostly dates, or another one looks
            like dates alone, and it can't be read.
    """
    refused = None
    for place in range(len(table.names)):
        texts = table.cells[place]
        given = texts[texts != ""]
        if place == value or not len(given) or formats.are_numbers(given) or is_part(table, place):
            continue
        is_meant = may_tell(table, place)
        share = cells_like_dates(table, place).sum() / len(texts)
        if share < 1 and formats.have_one_form(given):
            share = 1.0
        if share > _MOST and is_meant:
            return _dated(table, value, [place], config)
        if share == 1:
            try:
                return _dated(table, value, [place], config)
            except UnreadableError as error:
                refused = refused or error
    if refused:
        raise refused
    return None


def _of_numbers(table: UserTable, value: int, config: SeriesConfig) -> Times | None:
    """Read the first column, or one that is called after time, if it is numbers that tell the time of rows.

    Raises:
        SeriesError: it can't be told whether they do, or they are dates that can't be used.
    """
    meant = [place for place in range(len(table.names)) if place != value and may_tell(table, place)]
    numbers = {place: found for place in meant if not np.isnan(found := _numbers(table.cells[place])).all()}
    counts = [times for place in numbers if (times := _index(table, place, numbers[place]))]
    for place in numbers:
        forms = _forms(table, place) if config.date_format == "auto" else [config.date_format]
        if forms == ["serial"] and not is_named(table, place):
            _refuse_serials(table, place, config)
        elif forms:
            return _dated(table, value, [place], config)
    if counts and config.date_format == "auto":
        return counts[0]
    for place, found in numbers.items():
        if is_time(table, place):
            return _even(table, value, place, found)
    left = " or ".join(quote(table.names[place]) for place in numbers if is_named(table, place))
    return _counted(table, f"no dates found in {left}; rows are counted as they stand") if left else None


def _numbers(texts: "pd.Series[str]") -> np.ndarray:
    """Read numbers; what is none is nan."""
    return pd.to_numeric(texts.where(formats.fit(texts, formats.NUMBER))).to_numpy(float)


def _index(table: UserTable, place: int, numbers: np.ndarray) -> Times | None:
    """Take whole numbers that count by one from 0 or 1, in whatever order, for the numbers of rows.

    Raises:
        SeriesError: most of a column counts so, and some of it is no number.
    """
    known = ~np.isnan(numbers)
    counted = np.sort(numbers[known])
    first = counted[0]
    if first not in (0, 1) or not np.array_equal(counted, np.arange(first, first + len(counted))):
        return None
    if known.all():
        name = quote(table.names[place])
        said = f"column {name} counts the rows from {first:.0f}; they are taken in its order"
        return Times(np.argsort(numbers, kind="stable"), None, (said,))
    if known.mean() <= _MOST:
        return None
    row = int(np.flatnonzero(~known)[0])
    got = quote(table.cells[place][row]) if table.cells[place][row] else "none"
    raise SeriesError(
        f"expected a number in column {quote(table.names[place])}, which counts the rows, {table.where(row)},"
        f" got {got} (line {table.lines[row]});"
        " take that line out, or set series.date_column= to count all rows"
    )


def _forms(table: UserTable, place: int) -> list[str]:
    """List the forms of dates that numbers have; others have years in a row."""
    texts = table.cells[place]
    if not formats.are_numbers(texts):
        return []
    forms = [read.form for read in formats.readings(texts)]
    if "year" in forms and not is_named(table, place):
        years = np.sort(texts.astype(int))
        first, last = _COMMON_YEARS
        if not (first <= years[0] and years[-1] <= last and (np.diff(years) == 1).all()):
            return []
    return forms


def _refuse_serials(table: UserTable, place: int, config: SeriesConfig) -> None:
    """Refuse numbers that may be a spreadsheet's days, or anything; where they have no step they are none.

    Raises:
        SeriesError: they may be dates.
    """
    try:
        dates = read_dates(table, [place], config)
    except UnreadableError:
        return
    raise SeriesError(
        f"expected dates or other numbers in column {quote(table.names[place])} of {table.path}, got numbers"
        f" that may be the days of a spreadsheet ({dates.dates[0].date()} to {dates.dates[-1].date()}); set"
        f" series.date_column={table.names[place]} if they are, or series.date_column= to count rows instead"
    )


def _even(table: UserTable, value: int, place: int, numbers: np.ndarray) -> Times:
    """Count rows in the order of numbers that lie evenly apart, and are no dates.

    Raises:
        SeriesError: they are repeated or do not lie evenly apart, or there are several series.
    """
    order = np.argsort(numbers, kind="stable")
    apart = np.diff(numbers[order])
    name = quote(table.names[place])
    if len(numbers) < 2 or (apart[0] > 0 and np.allclose(apart, apart[0], rtol=1e-6, atol=0)):
        return Times(order, None, (f"column {name} holds no dates; rows are counted, in its order",))
    if (apart == 0).any():
        refuse_several(table, value, table.cells[place])
    raise SeriesError(
        f"expected dates, or numbers that lie evenly apart, in column {name} of {table.path}, got others;"
        " correct it, name another one with series.date_column, or set series.date_column= to count rows"
    )
