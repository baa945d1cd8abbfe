"""A column of texts as numbers: in all ways of writing them that the whole column fits, if these agree."""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.series.reading.formats import fit
from seqstep.series.reading.table import UserTable
from seqstep.settings.config import SeriesConfig

# What pandas takes for a missing value, in any case of its letters.
_MISSING = frozenset(
    {"", "na", "nan", "n/a", "null", "none", "<na>", "#n/a", "#na", "-nan", "#n/a n/a", "1.#ind", "-1.#ind"}
    | {"1.#qnan", "-1.#qnan"}
)
_DECIMALS = (".", ",")
_SPACES = " \u00a0\u202f\u2009"
_THOUSANDS = {"none": "", ",": ",", ".": ".", "'": "'’", "space": _SPACES}
_MINUS = "\u2212"
_CURRENCIES = re.compile(r"[$€£¥₹₽₩¢]|\b(?:USD|EUR|GBP|CHF|JPY|CNY|INR)\b")


class Marks(NamedTuple):
    """A way of writing numbers: marks of decimals and of thousands, the latter by their setting."""

    decimal: str
    thousands: str


_PLAIN = Marks(".", "none")


class Numbers(NamedTuple):
    """Numbers, nan where there is none, and the ways in which the column writes them.

    Attributes:
        is_likely: whether another way fits too, in which nobody writes such a file.
    """

    values: "pd.Series[float]"
    ways: tuple[Marks, ...]
    is_likely: bool

    def said(self) -> str:
        """Say in which way they are written, if it is another one than `1234.5`."""
        plain = Marks(".", "none")
        if plain in self.ways:
            return "its points are taken for decimal ones; series.thousands=. says otherwise" * self.is_likely
        way = self.ways[0]
        marks = [] if way.decimal == "." else ["a comma before the decimals"]
        if way.thousands != "none":
            marks.append(
                f"{'spaces' if way.thousands == 'space' else quote(way.thousands)} between thousands"
            )
        return f"its numbers have {' and '.join(marks)}"


def read_numbers(table: UserTable, place: int, config: SeriesConfig) -> Numbers:
    """Read a column of numbers.

    Raises:
        SeriesError: a cell is no number, or the column can be read in two ways that differ.
    """
    texts = table.cells[place].map(lambda text: text.replace(_MINUS, "-"))
    is_missing = are_missing(texts) | texts.isin(config.missing)
    given = texts[~is_missing]
    marks = "".join(set().union(*given))
    # What a file knows to be numbers is written plainly; what it does not may still be some, as texts.
    typed = [_PLAIN] if not table.separator and _fits(given, _PLAIN).all() else []
    ways = typed or [way for way in _ways(config) if _may_fit(marks, way)] or list(_ways(config))
    read = {way: _values(given, way) for way in ways if _fits(given, way).all()}
    if not read:
        raise _no_number(table, place, given, config)
    if is_likely := not _agree(read):
        read = _likelier(read, given, table)
    if not _agree(read):
        raise _ambiguous(table, place, given, list(read))
    agreed = next(iter(read.values()))
    if not np.isfinite(agreed).all():
        raise _wrong(table, place, int(given.index[~np.isfinite(agreed)][0]), "")
    values = pd.Series(np.nan, index=texts.index, name=table.names[place], dtype=float)
    values[given.index] = agreed
    values[values.isin(list(_declared(config.missing)))] = np.nan
    return Numbers(values, tuple(read), is_likely)


def are_missing(texts: "pd.Series[str]") -> "pd.Series[bool]":
    """Tell which texts stand for a missing value without being declared."""
    return texts.map(str.lower).isin(_MISSING)


def _ways(config: SeriesConfig) -> Iterator[Marks]:
    """List the ways that the settings leave, the plain one first."""
    decimals = _DECIMALS if config.decimal == "auto" else (config.decimal,)
    thousands = tuple(_THOUSANDS) if config.thousands == "auto" else (config.thousands,)
    for way in itertools.starmap(Marks, itertools.product(decimals, thousands)):
        if way.decimal != way.thousands:
            yield way


def _may_fit(marks: str, way: Marks) -> bool:
    """Tell whether a column has a mark that makes a way another one than the plain one."""
    plain = "" if way.decimal == "." else way.decimal
    return not (own := _THOUSANDS[way.thousands] or plain) or any(mark in marks for mark in own)


def _agree(read: dict[Marks, np.ndarray]) -> bool:
    first, *others = read.values()
    return all(np.array_equal(first, other) for other in others)


def _fits(texts: "pd.Series[str]", way: Marks) -> np.ndarray:
    """Tell which texts are numbers in a way of writing them."""
    mark = re.escape(way.decimal)
    if way.thousands == "none":
        pattern = rf"[+-]?(?:\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    else:
        groups = rf"(?:[{re.escape(_THOUSANDS[way.thousands])}]\d{{3}})+"
        pattern = rf"[+-]?(?:\d+|[1-9]\d{{0,2}}{groups})(?:{mark}\d+)?"
    return fit(texts, re.compile(pattern, re.ASCII))


def _values(texts: "pd.Series[str]", way: Marks) -> np.ndarray:
    table = str.maketrans({way.decimal: ".", **dict.fromkeys(_THOUSANDS[way.thousands])})
    return pd.to_numeric(texts.map(lambda text: text.translate(table))).to_numpy(float)


def _likelier(
    read: dict[Marks, np.ndarray], texts: "pd.Series[str]", table: UserTable
) -> dict[Marks, np.ndarray]:
    """Leave out ways of writing in which nobody wrote the column.

    Where commas part the fields, points that all numbers have stand before decimals. And nobody writes some
    numbers without decimals, and others with decimals that end in 0: so written, a comma parts thousands.
    """
    decimal_comma = Marks(",", "none")
    if _PLAIN in read and table.separator == "," and all("." in text for text in texts):
        return {_PLAIN: read[_PLAIN]}
    parted = [text for text in texts if "," in text]
    if decimal_comma in read and len(parted) < len(texts) and any(text.endswith("0") for text in parted):
        return {way: values for way, values in read.items() if way.decimal != ","}
    return read


def _declared(missing: Sequence[str]) -> Iterator[float]:
    for text in missing:
        try:
            yield float(text)
        except ValueError:
            continue


def _no_number(table: UserTable, place: int, texts: "pd.Series[str]", config: SeriesConfig) -> SeriesError:
    """Name the first cell that does not fit the way that most cells fit."""
    best = max(_ways(config), key=lambda way: _fits(texts, way).sum())
    row = int(texts.index[~_fits(texts, best)][0])
    text = texts[row]
    if text.endswith("%"):
        return _wrong(table, place, row, "; take the percent signs out")
    if _CURRENCIES.search(text):
        return _wrong(table, place, row, "; take the signs of currencies out")
    if text.startswith("(") and text.endswith(")"):
        return _wrong(table, place, row, "; write negative numbers with a minus")
    others = [way for way in _ways(SeriesConfig()) if _fits(texts.loc[[row]], way).all()]
    if others and others[0].decimal != config.decimal != "auto":
        return _wrong(table, place, row, f"; set series.decimal={others[0].decimal}")
    if others and others[0].thousands != config.thousands != "auto":
        return _wrong(table, place, row, f"; set series.thousands={others[0].thousands}")
    return _wrong(table, place, row, "; correct it, or set series.missing if it stands for a missing value")


def _wrong(table: UserTable, place: int, row: int, advice: str) -> SeriesError:
    return SeriesError(
        f"expected a number in column {quote(table.names[place])}, {table.where(row)}, got"
        f" {quote(table.cells[place][row])} (line {table.lines[row]}){advice}"
    )


def _ambiguous(table: UserTable, place: int, texts: "pd.Series[str]", ways: Sequence[Marks]) -> SeriesError:
    values = {way: _values(texts, way) for way in ways}
    first, second = ways[0], next(way for way in ways if not np.array_equal(values[ways[0]], values[way]))
    at = int(np.flatnonzero(values[first] != values[second])[0])
    row = int(texts.index[at])
    return SeriesError(
        f"expected numbers of one reading in column {quote(table.names[place])}, {table.where(row)}, got"
        f" {quote(texts[row])} (line {table.lines[row]}), which is {values[first][at]:g} with"
        f" series.decimal={first.decimal} series.thousands={first.thousands} and {values[second][at]:g} with"
        f" series.decimal={second.decimal} series.thousands={second.thousands}; set the ones that are meant"
    )
