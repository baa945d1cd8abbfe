"""A column of a user's CSV file as a series: checked, dated and without gaps."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.settings.config import Gaps
from seqstep.settings.spelling import nearest

_SEPARATORS = ",;\t|"
_DATE = r"\s*(\d{4}[-/]\d{1,2}\b|\d{1,4}([-/.])\d{1,2}\2\d{1,4})(?!\.?[-/\d])"
_NAMES_TIME = re.compile("date|time|day|week|month", re.IGNORECASE)
_MOST = 0.5  # share of a column's cells that look like dates, beyond which all of them have to be some
_STEP_ROWS = 1000  # rows in which a regular step is looked for
_MOST_GAPS = 10  # steps per given date; beyond it a step is an accident and not the series' own


def read_column(
    path: Path,
    column: str,
    date_column: str = "auto",
    separator: str = "auto",
    decimal: str = ".",
    gaps: Gaps = "refuse",
) -> pd.Series:
    """Read one column of a CSV file with a header line.

    Args:
        column: the column's name.
        date_column: the column with the dates; `auto` takes the first that holds dates, and refuses the
            file's first column, or one that is called after time, if most of it is dates; empty: none.
        separator: what parts the fields; `auto` takes the one that the header holds most of.
        decimal: `.` or `,`.
        gaps: refuse missing values and dates, or interpolate them linearly in time.

    Returns:
        float64, in time order, at dates with a frequency or at 1, 2, 3, …

    Raises:
        SeriesError: the file or a column is missing, a value is no number, a gap is refused, the dates
            have no regular step, or there are fewer than two rows.
    """
    table = _read_table(path, separator)
    values = _numbers(_pick(table, column, path), decimal, path)
    dates = _dates(table, column, date_column, path)
    if len(values) < 2:
        raise SeriesError(f"expected at least 2 rows in {path}, got {len(values)}")
    if dates is None:
        values.index = pd.RangeIndex(1, len(values) + 1, name="row")
    else:
        values.index = dates
        values = _regular(values.sort_index(), path)
    return _without_gaps(values, gaps, path)


def read_series(path: Path) -> pd.Series:
    """Read back a series that `write_series` wrote: the first column is its index."""
    table = pd.read_csv(path, index_col=0)
    series = table.iloc[:, 0].astype(float)
    if not pd.api.types.is_integer_dtype(series.index):
        series.index = pd.DatetimeIndex(series.index, name=series.index.name)
        return _regular(series, path)
    return series


def write_series(series: pd.Series, path: Path) -> None:
    """Write a series as CSV, to the last digit."""
    series.to_csv(path)


def _read_table(path: Path, separator: str) -> pd.DataFrame:
    """Read all fields as text."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        if separator == "auto":
            separator = max(_SEPARATORS, key=header.count)
        if len(separator) != 1:
            raise SeriesError(f"expected one character or auto as series.separator, got {quote(separator)}")
        table = pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig", skipinitialspace=True)
    except OSError as error:
        raise SeriesError(f"the series {path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise SeriesError(
            f"expected a CSV file in UTF-8 at {path}, got the byte 0x{byte:02x} in it"
        ) from None
    except ValueError as error:  # pandas' parser errors
        raise SeriesError(f"expected a CSV file in UTF-8 with a header line at {path}: {error}") from None
    if not isinstance(table.index, pd.RangeIndex):
        raise SeriesError(
            f"expected as many fields in every row of {path} as in its header, {len(table.columns)}, got"
            f" more; look for a {quote(separator)} too many in the rows, such as a decimal comma"
        )
    return table.rename(columns=str.strip)


def _pick(table: pd.DataFrame, column: str, path: Path) -> pd.Series:
    """Take a column by name."""
    if column not in table.columns:
        raise SeriesError(
            f"there is no column {quote(column)} in {path}; {nearest(column, map(str, table.columns))}"
            " (set series.column)"
        )
    return table[column]


def _numbers(texts: pd.Series, decimal: str, path: Path) -> pd.Series:
    """Turn a column of text into numbers; empty fields become nan."""
    plain = texts.str.strip()
    if decimal == ",":  # the point would part thousands, so it goes where no number may have it
        plain = plain.str.translate(str.maketrans(",.", ".,"))
    numbers = pd.to_numeric(plain, errors="coerce").astype(float)
    wrong = plain.notna() & (plain != "") & ~np.isfinite(numbers) & ~plain.str.lower().isin(["nan", "na"])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        text = texts.iloc[row]
        other = "," if decimal == "." else "."
        hint = f"; set series.decimal={other}" if other in text and decimal not in text else ""
        raise SeriesError(
            f"expected a number in column {quote(texts.name)}, row {row + 1} of {path},"
            f" got {quote(text)}{hint}"
        )
    return numbers


def _dates(table: pd.DataFrame, column: str, date_column: str, path: Path) -> pd.DatetimeIndex | None:
    """Find and read the column with the dates."""
    if not date_column:
        return None
    if date_column != "auto":
        return _read_dates(_pick(table, date_column, path), path)
    for place, name in enumerate(table.columns):
        share = 0 if name == column else table[name].str.match(_DATE, na=False).mean()
        if share > _MOST and (place == 0 or _NAMES_TIME.search(name)):
            return _read_dates(table[name], path)
        if share == 1:
            with suppress(ValueError):
                return _parse_dates(table[name])
    return None


def _read_dates(texts: pd.Series, path: Path) -> pd.DatetimeIndex:
    """Read a column that is meant to hold dates."""
    otherwise = "correct it, or set series.date_column= to count rows instead"
    try:
        dates = _parse_dates(texts)
    except ValueError as error:
        reason = str(error).partition(". You might")[0]
        raise SeriesError(
            f"expected dates in column {quote(texts.name)} of {path}: {reason}; {otherwise}"
        ) from None
    if dates.hasnans:
        row = int(np.flatnonzero(dates.isna())[0])
        raise SeriesError(
            f"expected a date in column {quote(texts.name)}, row {row + 1} of {path}, got none; {otherwise}"
        )
    return dates


def _parse_dates(texts: pd.Series) -> pd.DatetimeIndex:
    """Read dates, all in the form of the first.

    `2.1.2020` is in January, as everywhere where dates have points; `2/1/2020` is in February, unless a
    number above 12 in the first place shows it to be the day.

    Raises:
        ValueError: a text is no date.
    """
    given = texts.dropna()
    example = str(given.iloc[0]) if len(given) else ""
    form = guess_datetime_format(example, dayfirst=_has_day_first(given)) or "mixed"
    return pd.DatetimeIndex(pd.to_datetime(texts, format=form), name=texts.name)


def _has_day_first(texts: pd.Series) -> bool:
    """Tell whether dates such as 2.1.2020 begin with the day: with points, or where one is above 12."""
    parts = texts.str.extract(r"^\s*(\d{1,2})([-/.])(\d{1,2})[-/.]")
    if parts.empty or parts.isna().any(axis=None):
        return False
    first, second = parts[0].astype(int), parts[2].astype(int)
    return bool(((parts[1] == ".").all() or (first > 12).any()) and not (second > 12).any())


def _regular(values: pd.Series, path: Path) -> pd.Series:
    """Give dated values a frequency; dates that are missing from it become nan."""
    dates = pd.DatetimeIndex(values.index)
    repeated = dates[dates.duplicated()]
    if len(repeated):
        raise SeriesError(f"expected every date once in {path}, got {repeated[0]} more than once")
    for frequency in _frequencies(dates):
        regular = pd.date_range(dates[0], dates[-1], freq=frequency, name=dates.name)
        if dates.isin(regular).all():
            return values.reindex(regular)
    raise SeriesError(
        f"expected dates with a regular step (hourly, daily, monthly, …) in column {dates.name!r} of"
        f" {path}, got irregular ones; resample the file, or set series.date_column= to count rows instead"
    )


def _frequencies(dates: pd.DatetimeIndex) -> Iterator[pd.offsets.BaseOffset]:
    """Propose steps for dates in order, each from three in a row; days without any weekend are workdays."""
    if len(dates) == 2:
        yield pd.tseries.frequencies.to_offset(dates[1] - dates[0])
        return
    span = dates[-1] - dates[0]
    workdays = bool((dates.day_of_week < 5).all()) and span >= pd.Timedelta(days=7)
    proposed = set()
    for start in range(min(len(dates) - 2, _STEP_ROWS)):
        frequency = pd.DatetimeIndex(dates[start : start + 3], freq="infer").freq
        if frequency == pd.offsets.Day() and workdays:
            frequency = pd.offsets.BDay()
        plausible = span / (dates[start + 1] - dates[start]) <= _MOST_GAPS * len(dates)
        if frequency is not None and frequency not in proposed and plausible:
            proposed.add(frequency)
            yield frequency


def _without_gaps(values: pd.Series, gaps: Gaps, path: Path) -> pd.Series:
    """Refuse missing values, or put a straight line through them."""
    missing = values.index[values.isna()]
    if len(missing) == 0:
        return values
    if gaps == "refuse":
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
