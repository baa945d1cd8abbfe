"""Several series in one file, one below the other: refused, for they are never one."""

import re

import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.series.reading.formats import are_numbers
from seqstep.series.reading.table import UserTable

_NAMES_SERIES = re.compile(
    r"(?:.*[ _.-])?(?:id|ids|series|item|group|sensor|store|station|symbol|ticker|product|region|country)",
    re.IGNORECASE,
)
_SHOWN = 3


def refuse_several(table: UserTable, value: int, times: "pd.Series[str] | None" = None) -> None:
    """Refuse a table of several series, if there are any.

    Args:
        value: the place of the series itself.
        times: what is repeated, and stands once for each series; None where nothing tells the time.

    Raises:
        SeriesError: there are several.
    """
    for place in range(len(table.names)):
        if place != value and _parts(table, place, times):
            names = list(dict.fromkeys(table.cells[place]))
            more = ", …" if len(names) > _SHOWN else ""
            raise SeriesError(
                f"expected one series in {table.path}, got {len(names)}, by column"
                f" {quote(table.names[place])}: {', '.join(map(quote, names[:_SHOWN]))}{more}; name one,"
                f" such as series.only={table.names[place]}={names[0]}"
            )


def doubt(table: UserTable, value: int) -> str:
    """Say that there may be several series: a column of words has each of its values in rows of its own."""
    for place in range(len(table.names)):
        cells = table.cells[place]
        is_in_blocks = place != value and _is_in_blocks(cells) and cells.value_counts().min() > 1
        if is_in_blocks and not are_numbers(cells):
            name, first = table.names[place], cells.iloc[0]
            return (
                f"column {quote(name)} has {cells.nunique()} values, each in rows of its own; if these are"
                f" several series, series.only={name}={first} reads one"
            )
    return ""


def _is_in_blocks(cells: "pd.Series[str]") -> bool:
    """Tell whether a column has several values, each in rows that follow each other."""
    texts, different = cells.to_numpy(), cells.nunique()
    return 1 < different <= len(texts) / 2 and 1 + (texts[1:] != texts[:-1]).sum() == different


def _parts(table: UserTable, place: int, times: "pd.Series[str] | None") -> bool:
    """Tell whether a column says which series a row belongs to."""
    cells = table.cells[place]
    is_called_so = bool(_NAMES_SERIES.fullmatch(table.names[place]))
    if times is None:
        return is_called_so and _is_in_blocks(cells)
    if not 1 < cells.nunique() <= len(cells) / 2 or not (is_called_so or not are_numbers(cells)):
        return False
    return not pd.DataFrame({"series": cells, "time": times}).duplicated().any() and not cells.equals(times)
