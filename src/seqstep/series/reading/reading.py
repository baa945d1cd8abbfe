"""A column of a user's table as a series, and what was understood of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.corpus.looks import is_parquet
from seqstep.errors import SeriesError
from seqstep.series.reading import formats
from seqstep.series.reading.dates import Dates
from seqstep.series.reading.layout import lay_out
from seqstep.series.reading.numbers import Numbers, are_missing, read_numbers
from seqstep.series.reading.opening import is_workbook, read_bytes, text_of
from seqstep.series.reading.steps import steps_from, words
from seqstep.series.reading.table import UserTable
from seqstep.series.reading.times import find_times
from seqstep.series.reading.typed import read_parquet, read_workbook
from seqstep.settings.config import SeriesConfig

_YEAR = re.compile(r"(?:1[6-9]|20)\d\d")
_FEWEST_DATED = 3
_TOTAL = re.compile(
    r"(?:grand |sub)?(?:totals?|totale|sum|summe|somme|suma|gesamt(?:summe)?|mean|average|mittel(?:wert)?"
    r"|durchschnitt|moyenne)\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class UserSeries:
    """A series, and how the file was understood.

    Attributes:
        series: float64, in time order, at dates with a frequency or at 1, 2, 3, …
        date_columns: that hold the dates; none where rows are counted.
        date_format: how they are written; empty where rows are counted.
        step: how far apart they are; empty where rows are counted.
        gaps: values that are missing in the file, and were filled.
        notices: what is not as plain as ISO dates and numbers with points.
    """

    series: "pd.Series[float]"
    date_columns: tuple[str, ...] = ()
    date_format: str = ""
    step: str = ""
    notices: tuple[str, ...] = ()
    gaps: int = 0


def read_file(path: Path, config: SeriesConfig) -> UserSeries:
    """Read one column of a table.

    Raises:
        SeriesError: the file is missing or no table; see `read_column`.
        ConfigError: a setting is none.
    """
    return read_column(open_table(path, config), config)


def read_column(table: UserTable, config: SeriesConfig) -> UserSeries:
    """Read one column of a table that was opened.

    Raises:
        SeriesError: a column is missing, a value is no number, a gap is refused, the dates have no regular
            step, there are fewer than two rows, or two readings fit.
        ConfigError: a setting is none.
    """
    path = table.path
    if config.only:
        table = table.only(config.only)
    value = table.place(config.column, "series.column")
    _refuse_wide(table, value)
    table = _without_footers(_without_units(table, value), value)
    numbers = read_numbers(table, value, config)
    times = find_times(table, value, config)
    if len(table.cells) < 2:
        raise SeriesError(f"expected at least 2 rows in {path}, got {len(table.cells)}")
    values = numbers.values.iloc[times.order]
    said = [*table.said, *_said(numbers, table.names[value]), *times.said]
    if times.dates is None:
        _refuse_total(table, value)
        values.index = pd.RangeIndex(1, len(values) + 1, name="row")
        return UserSeries(_without_gaps(values, config, path), notices=tuple(said), gaps=_missing(values))
    dates = times.dates
    values = _regular(values, dates)
    return UserSeries(
        _without_gaps(values, config, path),
        dates.columns,
        dates.form,
        words(dates.step) if dates.step else "",
        tuple(said),
        _missing(values),
    )


def open_table(path: Path, config: SeriesConfig) -> UserTable:
    """Read a table as texts, whatever kind of file it is.

    Raises:
        SeriesError: the file can't be read, or is no table.
    """
    content = read_bytes(path, config)
    if is_parquet(content[:4]):
        return read_parquet(content, path)
    if is_workbook(content):
        return read_workbook(content, path)
    text, encoding = text_of(content, path, config.encoding)
    table = lay_out(text, path, config)
    if encoding in (config.encoding, "utf-8"):
        return table
    return table.saying(f"read as {encoding}, as the file's first bytes say")


def _refuse_wide(table: UserTable, value: int) -> None:
    """Refuse a table whose columns are called after dates, for a row of it is a series.

    Raises:
        SeriesError: it is one.
    """
    dated = [name for name in table.names if _YEAR.fullmatch(name) or formats.look_like_dates([name])[0]]
    if table.names[value] in dated and len(dated) >= _FEWEST_DATED:
        raise SeriesError(
            f"expected a row for each date in {table.path}, got {len(dated)} columns that are called after"
            f" dates ({', '.join(map(quote, dated[:3]))}, …); turn the table, so that dates stand in a column"
        )


def _refuse_total(table: UserTable, value: int) -> None:
    """Refuse a last row that is called a total, where no date tells it from a value.

    Raises:
        SeriesError: it is called so.
    """
    last = table.cells.iloc[-1].drop(value)
    if called := next((text for text in last if _TOTAL.fullmatch(text)), ""):
        raise SeriesError(
            f"expected a value of the series in the last row of {table.path}, got {quote(called)} (line"
            f" {table.lines[-1]}); set series.footer=1 to leave it out, or call it something else"
        )


def _without_units(table: UserTable, value: int) -> UserTable:
    """Leave out a first row that has units, where no cell of it is a number or a date."""
    if len(table.cells) < 2:
        return table
    first, texts = table.cells.iloc[0].tolist(), table.cells[value]
    unit = texts.iloc[0]
    is_unit = unit[:1] + unit[-1:] in ("[]", "()") or (unit and len(first) > 1)
    has_digit = any(character.isdecimal() for text in first for character in text)
    has_data = has_digit or are_missing(texts.iloc[:1]).all() or formats.look_like_dates(first).any()
    if is_unit and not has_data and texts.iloc[1][-1:].isdigit():
        return table.without([0], f"line {table.lines[0]} left out, as units ({quote(unit)})")
    return table


def _without_footers(table: UserTable, value: int) -> UserTable:
    """Leave out last rows that have nothing but words in their first column."""
    last = len(table.cells)
    while last and value and _is_footer(table.cells.iloc[last - 1].tolist()):
        last -= 1
    if last == len(table.cells):
        return table
    lines = table.lines[last:]
    which = f"lines {lines[0]} to {lines[-1]}" if len(lines) > 1 else f"line {lines[0]}"
    return table.without(range(last, len(table.cells)), f"{which} left out, as words below the table")


def _is_footer(cells: list[str]) -> bool:
    first, *others = cells
    is_time = formats.look_like_dates([first])[0] or first[:1].isdigit()
    return bool(first) and not any(others) and not is_time and any(map(str.isalpha, first))


def _said(numbers: Numbers, name: str) -> Iterator[str]:
    if said := numbers.said():
        yield f"column {quote(name)}: {said}"


def _regular(values: "pd.Series[float]", dates: Dates) -> "pd.Series[float]":
    """Give dated values a frequency; dates that are missing from it become nan."""
    values.index = dates.dates
    return values.reindex(steps_from(dates.dates, dates.step)) if dates.step else values


def _missing(values: "pd.Series[float]") -> int:
    return int(values.isna().sum())


def _without_gaps(values: "pd.Series[float]", config: SeriesConfig, path: Path) -> "pd.Series[float]":
    """Refuse missing values, or put a straight line through them."""
    missing = values.index[values.isna()]
    if len(missing) == 0:
        return values
    if config.gaps == "refuse":
        raise SeriesError(
            f"expected a value at every step of column {quote(values.name)} in {path}, got {len(missing)}"
            f" missing, the first at {missing[0]}; set series.gaps=interpolate to fill them"
        )
    if np.isnan(values.iloc[[0, -1]]).any():
        raise SeriesError(
            f"gaps can be interpolated only between values: column {quote(values.name)} of {path} starts or"
            " ends with a gap; cut those rows off"
        )
    return values.interpolate("time" if isinstance(values.index, pd.DatetimeIndex) else "linear")
