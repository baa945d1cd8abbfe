"""Ways of writing dates, each tried on a whole column."""

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

# Dates with four-digit years first.
_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y.%m", "%Y %m", "%Y%m"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y", "%d %m %Y", "%m %d %Y"),
    *("%m/%Y", "%m-%Y", "%m.%Y", "%m %Y", "%Y-%j"),
    *("%d-%b-%Y", "%d %b %Y", "%d/%b/%Y", "%d. %b %Y", "%d.%b.%Y", "%d%b%Y", "%b %d %Y", "%b %d, %Y"),
    *("%d-%B-%Y", "%d %B %Y", "%d. %B %Y", "%B %d %Y", "%B %d, %Y", "%b. %d, %Y"),
    *("%b-%Y", "%b %Y", "%b/%Y", "%b%Y", "%B-%Y", "%B %Y", "%Y-%b", "%Y %b", "%Y-%b-%d", "%Y %b %d", "%Y%b"),
    *("%Y-%B", "%Y %B", "%b, %Y", "%B, %Y"),
    *(
        "%d/%m/%y",
        "%m/%d/%y",
        "%y/%m/%d",
        "%d-%m-%y",
        "%m-%d-%y",
        "%y-%m-%d",
        "%d.%m.%y",
        "%m.%d.%y",
        "%y.%m.%d",
    ),
    *("%d-%b-%y", "%d %b %y", "%d/%b/%y", "%b-%y", "%b %y", "%b %d %y", "%b %d, %y", "%y%m%d"),
)
_TIMES = (
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%I:%M:%S%p",
    "%H.%M",
    "%I %p",
    "%H",
)
_BETWEEN = (" ", "T", ", ", ":")
_WEEKDAYS = ("", "%a ", "%a, ", "%A ", "%A, ")
_CLOCK = re.compile(r"((?:T|, | |:)\d{1,2}(?:[:.]\d{2}(?:[:.][\d.]+)?)?(?: ?[AaPp][Mm])?)$")
_WITH_WEEKDAY = re.compile(r"[A-Za-z]{3,9},? .*\d.*")
_COMPACT_TIMES = ("%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H%M", "%Y%m%dT%H%M", "%Y%m%dT%H%M%S")
_ISO = re.compile(r"\d{4}-\d{2}(?:-\d{2}(?:[ T]\d{2}(?::\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?)?)?", re.ASCII)
# By setting: the digits of years, and what follows; or what comes before them.
_PERIODS = {
    "quarter": r"(?P<part>[1-4])",
    "half-year": r"(?P<part>[12])",
    "month": r"(?P<part>1[0-2]|0?[1-9])",
    "week": r"(?P<part>[0-5]?\d)(?:-?(?P<day>[1-7]))?",
}
_LETTERS = {"quarter": "[Qq]", "half-year": "[HhSs]", "month": "[Mm]", "week": "[Ww]"}
_MONTHS_OF = {"quarter": 3, "half-year": 6, "month": 1}
_Unit = Literal["s", "ms", "us", "ns"]
# A number of some unit is none of the next one, where it is so large; no moment lies after the last.
_EPOCHS: dict[str, _Unit] = {"epoch_s": "s", "epoch_ms": "ms", "epoch_us": "us", "epoch_ns": "ns"}
_LAST_EPOCH_S, _SERIALS, _SERIAL_0 = 4_102_444_800, (18_264, 73_051), datetime(1899, 12, 30)
_EPOCH_0, _LEAST_EPOCH = datetime(1970, 1, 1), timedelta(seconds=10**8)
_UNITS_PER_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_YEARS = (1000, 2999)
# In which a year of two digits lies, where no setting says that there are such.
_TWO_DIGIT_YEARS = (1950, 2049)
#: a number that may count time
NUMBER = re.compile(r"[+-]?\d{1,19}(?:\.\d+)?", re.ASCII)
# Of digits alone these codes read more than they write.
_LENGTHS = {
    "%Y-%j": 8,
    **{"%Y%m": 6, "%y%m%d": 6, "%Y.%m": 7, "%Y%m%d": 8, "%Y%m%d%H": 10, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14},
    **{"%Y%m%d %H%M": 13, "%Y%m%dT%H%M": 13, "%Y%m%dT%H%M%S": 15},
}
_SAMPLE = 3
_CODE, _OF_LETTERS = re.compile("%[A-Za-z]"), ("%a", "%A", "%b", "%B", "%p")
_DIGIT, _LETTER = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|mär(?:z)?|apr(?:il)?|may|mai|jun[ei]?|jul[iy]?|aug(?:ust)?"
    r"|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?|ene|abr|ago|dic|avr|juin|juil|août|déc|févr)"
)
_DAY_NAMES = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_WEEKDAY = rf"(?:{_DAY_NAMES},? )?"
_LOOKS = re.compile(
    r"(?:\d{4}[-/]\d{1,3}\b|\d{1,4}(?P<mark>[-/. ])\d{1,2}(?P=mark)\d{1,4})(?!\.?[-/\d])"
    r"|\d{4}[-:/. ]? ?[qwmhst]\d{1,2}\b|[qwmhst]\d{1,2}[-:/. ]? ?'?\d{2,4}$|\d{1,2}[-/.]\d{4}$|fy ?\d{2,4}"
    rf"|{_WEEKDAY}(?:\d{{1,2}}(?:st|nd|rd|th)?|\d{{4}})[-/., ]{{0,2}}{_MONTH}(?![a-z])"
    rf"|{_WEEKDAY}{_MONTH}(?:[-/., ]{{0,3}}\d{{1,4}}|$)|\d{{4}}年"
    r"|\d{1,2}:\d{2}(?::\d{2})? \d{1,4}[-/.]",
    re.IGNORECASE,
)

#: a time of the day alone
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?")
#: a part of the time: a time of the day, or the name of a month or a weekday
PART_OF_DATE = re.compile(rf"{CLOCK.pattern}|{_MONTH}\.?|{_DAY_NAMES}", re.IGNORECASE)
#: what `series.date_format` may be besides codes
NAMES = ("iso", "year", *_PERIODS, *_EPOCHS, "serial")


class Read(NamedTuple):
    """A column as dates.

    Attributes:
        form: how it writes them: codes, or one of `NAMES`.
        dates: of each text; NaT where it is none in that form.
    """

    form: str
    dates: pd.DatetimeIndex


def readings(texts: "pd.Series[str]") -> list[Read]:
    """List the ways in which a whole column can be read as dates; ISO, where it is that, alone."""
    return [read for read in _whole_readings(texts) if _may_be(read)]


def have_one_form(texts: "pd.Series[str]") -> bool:
    """Tell whether texts can all be read as dates of some form, be their years likely or not."""
    return next(_whole_readings(texts), None) is not None


def _whole_readings(texts: "pd.Series[str]") -> Iterator[Read]:
    """Read a whole column in the forms that its first texts and its last have."""
    sample = pd.concat([texts.iloc[:_SAMPLE], texts.iloc[-1:]])
    return (read for form in forms_of(sample) if not (read := read_as(texts, form)).dates.hasnans)


def _may_be(read: Read) -> bool:
    """Tell whether years of two digits lie in their century, and numbers far from 0."""
    if read.form in _EPOCHS:
        return bool(((read.dates - _EPOCH_0).map(abs) >= _LEAST_EPOCH).all())
    first, last = _TWO_DIGIT_YEARS
    return "%y" not in read.form or bool(read.dates.year.min() >= first and read.dates.year.max() <= last)


def read_as(texts: "pd.Series[str]", form: str) -> Read:
    """Read a column as dates in one form; what is none in it becomes NaT.

    Raises:
        ValueError: there is no such form.
    """
    if form == "iso":
        dates = pd.to_datetime(texts.where(fit(texts, _ISO)), format="ISO8601", errors="coerce")
    elif form in _PERIODS:
        dates = _read_periods(texts, form)
    elif form == "year":
        dates = _read_codes(texts, "%Y")
    elif form in _EPOCHS or form == "serial":
        dates = _read_numbers(texts, form)
    else:
        dates = _read_codes(texts, form)
    return Read(form, pd.DatetimeIndex(dates))


def look_like_dates(texts: Iterable[str]) -> np.ndarray:
    """Tell which texts look like dates, in whatever form; numbers alone do not."""
    return np.array([bool(_LOOKS.match(text)) for text in texts], dtype=bool)


def fit(texts: Iterable[str], pattern: re.Pattern[str]) -> np.ndarray:
    """Tell which texts fit a pattern as a whole."""
    return np.array([bool(pattern.fullmatch(text)) for text in texts], dtype=bool)


def are_numbers(texts: Iterable[str]) -> bool:
    """Tell whether all texts are numbers."""
    return bool(fit(texts, NUMBER).all())


def shape(form: str) -> str:
    """Say what dates in a form look like."""
    return "ISO 8601" if form == "iso" else form


def forms_of(texts: "pd.Series[str]") -> list[str]:
    """List the forms that some texts have, the more likely ones first; of ISO no other."""
    if fit(texts, _ISO).all():
        return ["iso"]
    return [form for form in _all_forms(texts) if not read_as(texts, form).dates.hasnans]


def _all_forms(sample: "pd.Series[str]") -> Iterator[str]:
    if are_numbers(sample):
        yield from (
            "year",
            *_EPOCHS,
            "serial",
            "%Y%m%d",
            "%Y%m",
            "%y%m%d",
            "%Y.%m",
            "%m.%Y",
            *_COMPACT_TIMES[:3],
        )
        return
    yield from _PERIODS
    yield from _COMPACT_TIMES[3:]
    weekdays = _WEEKDAYS if fit(sample, _WITH_WEEKDAY).all() else ("",)
    found = [_CLOCK.search(text) for text in sample]
    clocks = pd.Series([match[0] if match else "" for match in found], dtype=object)
    days = pd.Series(
        [text.removesuffix(clock) for text, clock in zip(sample, clocks, strict=True)], dtype=object
    )
    times = [form for form in map("".join, itertools.product(_BETWEEN, _TIMES)) if _fits(clocks, form)]
    for date in map("".join, itertools.product(weekdays, _DATES)):
        if _fits(sample, date):
            yield date
        if times and _tells_day(date) and _fits(days, date):
            yield from (f"{date}{time}" for time in times)


def _kind(code: re.Match[str]) -> str:
    return "a" if code[0] in _OF_LETTERS else "9"


def _marks(text: str) -> str:
    """Write each run of digits as one 9, and each of letters as one a."""
    return _LETTER.sub("a", _DIGIT.sub("9", text))


def _tells_day(date: str) -> bool:
    return "%d" in date or "%j" in date


def _fits(texts: "pd.Series[str]", form: str) -> bool:
    """Tell whether texts have a form; most have not even the same marks, which is seen soon."""
    if len(texts) and _marks(_CODE.sub(_kind, form)) != _marks(texts.iloc[0]):
        return False
    return bool(pd.to_datetime(texts, format=form, errors="coerce").notna().all())


def _read_codes(texts: "pd.Series[str]", form: str) -> "pd.Series[pd.Timestamp]":
    """Read texts in codes of `strptime`; a week without a day begins on its Monday."""
    codes = form
    if "%V" in form and "%u" not in form:
        texts, codes = texts + " 1", f"{form} %u"
    elif not form.isascii() or "%" not in form:
        raise ValueError(form)
    if form in _LENGTHS:
        texts = texts.where(texts.map(len) == _LENGTHS[form])
    dates = pd.to_datetime(texts, format=codes, errors="coerce")
    return dates.where(dates.dt.year.between(*_YEARS))


def _read_periods(texts: "pd.Series[str]", form: str) -> "pd.Series[pd.Timestamp]":
    """Read `2020-Q1`, `Q1 2020` and their like as the first day of the period."""
    part, letter = _PERIODS[form], _LETTERS[form]
    year, between = r"(?P<year>\d{4})", r"[-/:.]? ?"
    first = re.compile(f"{year}{between}{letter}{part}", re.ASCII)
    last = re.compile(f"{letter}{part}{between}{year}", re.ASCII)
    codes = "%G %V %u" if form == "week" else "%Y %m"

    def spelled(text: str) -> str | None:
        match = first.fullmatch(text) or last.fullmatch(text)
        if match is None:
            return None
        if form == "week":
            return f"{match['year']} {match['part']} {match['day'] or 1}"
        return f"{match['year']} {(int(match['part']) - 1) * _MONTHS_OF[form] + 1}"

    spellings = pd.Series([spelled(text) for text in texts], index=texts.index, dtype=object)
    return pd.to_datetime(spellings, format=codes, errors="coerce")


def _read_numbers(texts: "pd.Series[str]", form: str) -> "pd.Series[pd.Timestamp]":
    """Read numbers that count time from an epoch, or the days of a spreadsheet."""
    plain = texts.where(fit(texts, NUMBER))
    numbers: pd.Series[float] = pd.to_numeric(plain)
    if form == "serial":
        first, end = _SERIALS
        days = numbers.where((numbers >= first) & (numbers < end))
        return _SERIAL_0 + pd.to_timedelta((days * 86_400).round(), unit="s")
    unit = _EPOCHS[form]
    given = numbers.where(numbers.abs() < _LAST_EPOCH_S * _UNITS_PER_S[unit])
    return _EPOCH_0 + pd.to_timedelta(given, unit=unit)
