"""The lines of a CSV file as a table: which is the header, and which ones are no rows.

A line is left out where it can't be a row; where it could be one it is refused by its number.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.series.reading.table import UserTable
from seqstep.settings.config import SeriesConfig

_SEPARATORS = ",;\t|"
_SAID = re.compile(r'"?sep=(.)"?[,;\t|]*\n', re.IGNORECASE)
_COMMENT = "#"
_TRIED = 100  # lines by which the separator and the header are found


class _Line(NamedTuple):
    number: int
    cells: list[str]


def lay_out(text: str, path: Path, config: SeriesConfig) -> UserTable:
    """Read a table with a header line.

    Raises:
        SeriesError: there is no header, or a line fits neither the header nor what may stand beside a table.
    """
    told = _SAID.match(text)
    separator = _separator(text, told[1] if told else config.separator, config)
    lines = [line for line in _lines(text, separator, path) if not (told and line.number == 1)]
    width = _width(lines)
    # In a file of one column a line without anything is a row without a value.
    rows = _without_end(lines, config.footer)
    filled = [line for line in rows if width == 1 or len(line.cells) > 1 or any(line.cells)]
    header, said = _header(filled, width, config.column, path)
    names = filled[header].cells
    rows, comments = _rows(filled[header + 1 :], len(names), path, separator)
    if comments:
        said = (*said, f"{_numbers(comments)} left out, as comments")
    cells = pd.DataFrame([line.cells for line in rows], columns=range(len(names)), dtype=object)
    return _without_blank_columns(
        UserTable(path, tuple(names), cells, tuple(line.number for line in rows), separator, said)
    )


def _separator(text: str, wanted: str, config: SeriesConfig) -> str:
    """Take the separator that parts the most lines into as many fields, one of them called as the column."""
    if wanted == "auto":
        start = [line for _, line in zip(range(_TRIED), io.StringIO(text), strict=False)]
        return max(_SEPARATORS, key=lambda mark: _fit(start, mark, config.column))
    if len(wanted) != 1:
        raise SeriesError(f"expected one character or auto as series.separator, got {quote(wanted)}")
    return wanted


def _fit(start: Sequence[str], separator: str, column: str) -> tuple[bool, int, int]:
    try:
        lines = list(csv.reader(start, delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return False, 0, 0
    named = any(column == cell.strip() for line in lines for cell in line if len(line) > 1)
    (width, often), *_ = [*Counter(len(line) for line in lines if len(line) > 1).most_common(1), (0, 0)]
    return named, often, width


def _lines(text: str, separator: str, path: Path) -> list[_Line]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    lines = []
    try:
        for cells in reader:
            lines.append(_Line(reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise SeriesError(
            f"expected a CSV file at {path}, got {error} in line {reader.line_num}; correct it"
        ) from None
    return lines


def _without_end(lines: Sequence[_Line], footer: int) -> Sequence[_Line]:
    """Leave out what the user calls a footer, and empty lines at the end."""
    last = len(lines)
    while last and not any(lines[last - 1].cells):
        last -= 1
    last = max(0, last - footer)
    while last and not any(lines[last - 1].cells):
        last -= 1
    return lines[:last]


def _used(cells: Sequence[str]) -> int:
    """Count cells up to the last that is not empty."""
    return max((place for place, cell in enumerate(cells, start=1) if cell), default=0)


def _is_comment(line: _Line) -> bool:
    return bool(line.cells) and line.cells[0].startswith(_COMMENT)


def _width(lines: Sequence[_Line]) -> int:
    """Count the fields that most lines have."""
    used = [_used(line.cells) for line in lines[: _TRIED * 10] if not _is_comment(line)]
    return max(Counter(filter(None, used)).most_common(1), default=(1, 0))[0]


def _header(lines: Sequence[_Line], width: int, column: str, path: Path) -> tuple[int, tuple[str, ...]]:
    """Find the header: the first line with the column's name, or else the first that is as wide as most."""
    start = [at for at, line in enumerate(lines[:_TRIED]) if not _is_comment(line)]
    wide = [at for at in start if _used(lines[at].cells) >= width]
    # What may be a place may be any cell; so it is looked for where the header has to be.
    known = wide[:1] if column.isdecimal() else start
    named = [at for at in known if column in lines[at].cells and (_used(lines[at].cells) > 1 or width == 1)]
    named = named or [at for at in start[:1] if lines[at].cells[0] == column]
    if not (named or wide):
        raise SeriesError(f"expected a CSV file with a header line at {path}, got {len(lines)} lines")
    header = (named or wide)[0]
    before = [line for line in lines[:header] if not _is_comment(line)]
    for line in before:
        if width > 1 and sum(map(bool, line.cells)) > 1 and _used(line.cells) >= width:
            raise SeriesError(
                f"expected titles or nothing before the header of {path}, line {lines[header].number}, got as"
                f" many fields as it has in line {line.number}; take one of both out"
            )
    said = []
    before = [line for line in before if any(line.cells)]
    if before:
        said.append(f"{_numbers(before)} left out, as titles before the header")
    if comments := [line for line in lines[:header] if _is_comment(line)]:
        said.append(f"{_numbers(comments)} left out, as comments")
    return header, tuple(said)


def _rows(lines: Sequence[_Line], width: int, path: Path, separator: str) -> tuple[list[_Line], list[_Line]]:
    """Tell rows from comments; fill those up that end early, and cut off what is empty."""
    rows, comments = [], []
    for line in lines:
        if _is_comment(line) and (width == 1 or sum(map(bool, line.cells)) < width):
            comments.append(line)
        elif _used(line.cells) > width:
            raise SeriesError(
                f"expected as many fields in every row of {path} as in its header, {width}, got more; look"
                f" for a {quote(separator)} too many in line {line.number}, such as a decimal comma, or for a"
                " name that the header lacks"
            )
        else:
            rows.append(_Line(line.number, [*line.cells[:width], *[""] * (width - len(line.cells))]))
    marked = [line for line in rows if _is_comment(line)]
    if 0 < len(marked) < len(rows):
        raise SeriesError(
            f"expected comments or rows after the header of {path}, got line {marked[0].number}, which begins"
            " as a comment and has as many fields as the header; take it out, or its #"
        )
    return rows, comments


def _without_blank_columns(table: UserTable) -> UserTable:
    kept = [place for place, name in enumerate(table.names) if name or (table.cells[place] != "").any()]
    cells = table.cells[kept].set_axis(range(len(kept)), axis=1)
    names = tuple(table.names[place] for place in kept)
    return UserTable(table.path, names, cells, table.lines, table.separator, table.said)


def _numbers(lines: Sequence[_Line]) -> str:
    """Name lines by their numbers, of many the first and the last."""
    numbers = [line.number for line in lines]
    if len(numbers) > 2:
        return f"{len(numbers)} lines, {numbers[0]} to {numbers[-1]},"
    return f"line{'s' * (len(numbers) > 1)} {' and '.join(map(str, numbers))}"
