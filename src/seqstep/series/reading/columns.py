"""What columns of a table are called and hold: whether one may tell the time, or a part of it."""

import re
from collections.abc import Sequence

import numpy as np

from seqstep.series.reading import formats
from seqstep.series.reading.table import UserTable

_NAMES_TIME = re.compile(
    r"date|time|day|week|month|year|quarter|period|stamp|epoch|datum|fecha|monat|jahr|woche|\bds\b|\bt\b|when"
    r"|\btag\b|mois|ann[ée]e|semaine|jour|zeit|\bdt\b|\bindex\b|\bstep\b",
    re.IGNORECASE,
)
_IS_TIME = re.compile(
    r"(?:ds|t|date|time|dates?_?times?|timestamps?|index|steps?|time[ _]?(?:step|index)s?|period|dt)",
    re.IGNORECASE,
)
_HOUR_NAME = re.compile(r"(?:hours?|hr|stunde|heure|hora)", re.IGNORECASE)
_HOUR = re.compile(r"(?:[01]?\d|2[0-3])")
_YEAR_NAME = re.compile(r"(?:year|yr|yyyy|jahr|ann[ée]e|anno|año)", re.IGNORECASE)
_MONTH_NAME = re.compile(r"(?:month|mon|mo|mm|monat|mois|mes)", re.IGNORECASE)
_DAY_NAME = re.compile(r"(?:day|dd|dom|day_?of_?month|mday|tag|jour|dia|día)", re.IGNORECASE)
_TIME_NUMBER = re.compile(r"(?:1[6-9]|20)\d\d|(?:19|20)\d{6}|\d{10}|\d{13}", re.ASCII)


def is_named(table: UserTable, place: int) -> bool:
    """Tell whether a column is called after time."""
    return bool(_NAMES_TIME.search(table.names[place]) or _YEAR_NAME.fullmatch(table.names[place]))


def may_tell(table: UserTable, place: int) -> bool:
    """Tell whether numbers in a column may tell the time: in the first, or one called after time."""
    return place == 0 or is_named(table, place)


def cells_like_dates(table: UserTable, place: int) -> np.ndarray:
    """Tell which cells look like dates; in a column that is called so all that has a digit does."""
    texts = table.cells[place]
    if is_time(table, place):
        return np.array([any(map(str.isdigit, text)) for text in texts], dtype=bool)
    looks = formats.look_like_dates(texts)
    return looks | formats.fit(texts, _TIME_NUMBER) if may_tell(table, place) else looks


def is_time(table: UserTable, place: int) -> bool:
    """Tell whether a column's name is one of the time itself."""
    return bool(_IS_TIME.fullmatch(table.names[place]))


def is_part(table: UserTable, place: int) -> bool:
    """Tell whether all cells are times of the day, or names of months or of weekdays."""
    return bool(formats.fit(table.cells[place], formats.PART_OF_DATE).all())


def completed(table: UserTable, value: int, places: Sequence[int]) -> list[int]:
    """Add columns with the time of the day, or the month and the day of a year; none if there are none."""
    if len(places) > 1:
        return []
    others = [place for place in range(len(table.names)) if place != value and place not in places]
    clocks = [place for place in others if formats.fit(table.cells[place], formats.CLOCK).all()]
    hours = [place for place in others if _is(table, place, _HOUR_NAME, _HOUR)]
    if len(clocks or hours) == 1:
        return [*places, *(clocks or hours)]
    months = [place for place in others if _MONTH_NAME.fullmatch(table.names[place])]
    days = [place for place in others if _DAY_NAME.fullmatch(table.names[place])]
    is_year = _YEAR_NAME.fullmatch(table.names[places[0]])
    return [*places, *months, *days] if is_year and len(months) == 1 and len(days) <= 1 else []


def _is(table: UserTable, place: int, name: re.Pattern[str], cell: re.Pattern[str]) -> bool:
    return bool(name.fullmatch(table.names[place])) and bool(formats.fit(table.cells[place], cell).all())
