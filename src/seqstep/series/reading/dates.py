"""Columns that are meant to hold dates, read in the one way that fits them all and gives a regular step."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.errors import ConfigError, SeriesError
from seqstep.series.reading import formats, zones
from seqstep.series.reading.formats import Read
from seqstep.series.reading.steps import find_step, steps_from, words
from seqstep.series.reading.table import UserTable
from seqstep.settings.config import SeriesConfig

_SPACES = re.compile(r"\s+")
_OTHER_UNITS = re.compile(r"week|woche|semaine|quarter|quartal|trimest", re.IGNORECASE)
_PUT_BACK = "if the clock was put back there, set series.zone; else "
_OTHERWISE = "correct it, or set series.date_column= to count rows instead"


@dataclass(frozen=True)
class Dates:
    """The dates of a series in order, and how they were read.

    Attributes:
        order: the rows, in the order of their dates.
        dates: in that order, in the zone of the file.
        step: that leads from the first to all others.
        form: how the file writes them; see `formats.NAMES`.
        columns: that hold them.
    """

    order: np.ndarray
    dates: pd.DatetimeIndex
    step: pd.offsets.BaseOffset | None
    form: str
    columns: tuple[str, ...]

    @property
    def has_gaps(self) -> bool:
        """Whether some step has no date."""
        return self.step is not None and len(steps_from(self.dates, self.step)) > len(self.dates)

    def agrees_with(self, other: "Dates") -> bool:
        """Tell whether another reading gives every row the same date."""
        return np.array_equal(self.order, other.order) and bool((self.dates == other.dates).all())

    def said(self) -> str:
        """Say how they were read, if they are not plain ISO dates of one column; else nothing."""
        zone = self.dates.tz
        is_plain = self.form == "iso" and len(self.columns) == 1 and (zone is None or "/" not in str(zone))
        if is_plain:
            return ""
        step = words(self.step) if self.step else "one date"
        return (
            f"dates of {_called(self.columns)} read as {formats.shape(self.form)}:"
            f" {show_date(self.dates[0])} to {show_date(self.dates[-1])}, {step}"
            f"{f', in the zone {zone}' if zone else ''}"
        )


class UnreadableError(SeriesError):
    """A column is no column of dates; or it is one that can't be used."""


class RepeatedError(UnreadableError):
    """Every reading has a date more than once."""


def show_date(date: pd.Timestamp) -> str:
    """Write a date, without its time where it has none."""
    return str(date.date()) if date == date.normalize() and date.tzinfo is None else str(date)


def joined(table: UserTable, places: Sequence[int]) -> "pd.Series[str]":
    """Join the cells of columns with a space, and make one of several spaces."""
    texts = table.cells[places[0]]
    for place in places[1:]:
        texts = texts + " " + table.cells[place]
    return texts.map(lambda text: _SPACES.sub(" ", text))


def read_dates(table: UserTable, places: Sequence[int], config: SeriesConfig) -> Dates:
    """Read columns that are meant to hold dates.

    Raises:
        UnreadableError: a cell is no date, a date stands there twice, there is no regular step, or several
            readings fit.
        ConfigError: `series.date_format` or `series.zone` is none.
    """
    names = tuple(table.names[place] for place in places)
    texts = joined(table, places)
    empty = np.flatnonzero(texts == "")
    if len(empty):
        raise _no_date(table, names, int(empty[0]), "none")
    try:
        zoned = zones.split_zones(texts)
        reads = _reads(zoned.clocks, config.date_format)
        if not reads:
            raise _unread(table, names, zoned.clocks, texts, config.date_format)
        found = [_ordered(read, zoned, config.zone, names) for read in reads]
    except zones.ZoneError as error:
        raise UnreadableError(
            f"expected dates in {_called(names)} of {table.path}: {error}; {_OTHERWISE}"
        ) from None
    return _only_one(found, table, names)


def _reads(texts: "pd.Series[str]", form: str) -> list[Read]:
    """Read texts in the form that is set, or in all that fit."""
    if form == "auto":
        return formats.readings(texts)
    try:
        read = formats.read_as(texts, form)
    except ValueError:
        raise ConfigError(
            f"expected codes such as %d/%m/%Y or one of {', '.join(formats.NAMES)} as series.date_format,"
            f" got {quote(form)}"
        ) from None
    return [] if read.dates.hasnans else [read]


def _ordered(read: Read, zoned: zones.Zoned, zone: str, names: tuple[str, ...]) -> Dates:
    """Put dates in order, and find their step; none where they are repeated or irregular."""
    if zone and read.form.startswith("epoch"):
        dates = zones.moments_in(read.dates, zone)
    else:
        dates = zones.in_zone(read.dates, zoned, zone)
    dates = dates.rename(" ".join(names))
    order = np.argsort(dates.asi8, kind="stable")
    ordered = dates[order]
    step = find_step(ordered) if len(ordered) > 1 and ordered.is_unique else None
    return Dates(order, ordered, step, read.form, names)


def _only_one(found: Sequence[Dates], table: UserTable, names: tuple[str, ...]) -> Dates:
    """Take the reading that alone has a regular step; one without gaps goes before those with some.

    Where points part days and months, the day comes first if it can.
    """
    if len(table.cells) < 2:
        return found[0]
    usable = [one for one in found if one.step is not None]
    if not usable:
        raise _unusable(found, table, names)
    usable = [one for one in usable if not one.has_gaps] or usable
    swapped = {one.form.replace("%d.%m", "%m.%d") for one in usable if one.form.startswith("%d.%m")}
    usable = [one for one in usable if one.form not in swapped]
    first = usable[0]
    second = next((one for one in usable if not one.agrees_with(first)), None)
    if second is None:
        _check_unit(first, table, names)
        return first
    raise UnreadableError(
        f"expected dates of one reading in {_called(names)} of {table.path}, got"
        f" {' and '.join(map(_reading, (first, second)))}; set series.date_format to the one that is meant"
    )


def _check_unit(found: Dates, table: UserTable, names: tuple[str, ...]) -> None:
    """Refuse months in a column that is called after weeks or quarters: `2020-01` may be either.

    Raises:
        UnreadableError: they are.
    """
    is_months = isinstance(found.step, pd.offsets.MonthBegin) and found.step.n == 1
    if is_months and found.form == "iso" and any(map(_OTHER_UNITS.search, names)):
        raise UnreadableError(
            f"expected weeks or quarters in {_called(names)} of {table.path}, as it is called, got what reads"
            f" as months ({show_date(found.dates[0])} to {show_date(found.dates[-1])}); write 2020-W01 or"
            " 2020Q1, or call the column after months"
        )


def _reading(found: Dates) -> str:
    step = words(found.step) if found.step else "irregular"
    dates = f"{show_date(found.dates[0])} to {show_date(found.dates[-1])}"
    return f"{step} ones with series.date_format={found.form} ({dates})"


def _unusable(found: Sequence[Dates], table: UserTable, names: tuple[str, ...]) -> UnreadableError:
    repeated = [one.dates[one.dates.duplicated()] for one in found]
    has_clock = found[0].dates.tz is None and (found[0].dates != found[0].dates.normalize()).any()
    if all(map(len, repeated)):
        return RepeatedError(
            f"expected every date once in {table.path}, got {show_date(repeated[0][0])} more than once in"
            f" {_called(names)}; {_PUT_BACK if has_clock else ''}{_OTHERWISE}"
        )
    return UnreadableError(
        "expected dates with a regular step (hourly, daily, monthly, …) in"
        f" {_called(names)} of {table.path}, got irregular ones, {_odd_place(found)}; resample the file, or"
        " set series.date_column= to count rows instead"
    )


def _odd_place(found: Sequence[Dates]) -> str:
    """Show where a step is unlike the one before it."""
    dates = next(one.dates for one in found if one.dates.is_unique)
    apart = np.diff(dates.asi8)
    odd = next((at for at, (one, other) in enumerate(pairwise(apart)) if one != other), 0)
    return ", ".join(map(show_date, dates[odd : odd + 3]))


def _unread(
    table: UserTable, names: tuple[str, ...], clocks: "pd.Series[str]", texts: "pd.Series[str]", wanted: str
) -> UnreadableError:
    """Name the first cell that is not written as is wanted, or as the one before it; else the first."""
    forms = formats.forms_of(clocks.iloc[:1]) if wanted == "auto" else [wanted]
    reads = [formats.read_as(clocks, form) for form in forms]
    if not reads:
        return _no_date(table, names, 0, quote(texts.iloc[0]), "no form of dates is known that it has; ")
    best = max(reads, key=lambda read: int(np.argmax(read.dates.isna())))
    row = int(np.argmax(best.dates.isna()))
    known = f"those before it are {formats.shape(best.form)}; "
    if not best.dates.hasnans:
        known = f"its century is not certain; series.date_format={best.form} has it from 1969 to 2068; "
    elif wanted != "auto":
        known = f"series.date_format={wanted} does not read it; "
    return _no_date(table, names, row, quote(texts.iloc[row]), known)


def _no_date(
    table: UserTable, names: tuple[str, ...], row: int, got: str, known: str = ""
) -> UnreadableError:
    return UnreadableError(
        f"expected a date in {_called(names)}, {table.where(row)}, got {got} (line {table.lines[row]});"
        f" {known}{_OTHERWISE}"
    )


def _called(names: Sequence[str]) -> str:
    return f"column{'s' * (len(names) > 1)} {' and '.join(map(quote, names))}"
