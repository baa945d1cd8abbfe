"""Tables from files that know what is a number and what is a date: Parquet, and workbooks."""

import io
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from seqstep.errors import SeriesError
from seqstep.series.reading.table import UserTable


def read_parquet(content: bytes, path: Path) -> UserTable:
    """Read a Parquet file; an index that it names, or that has dates, becomes its first columns.

    Raises:
        SeriesError: it is damaged.
    """
    import pyarrow as pa

    try:
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SeriesError(f"expected a whole Parquet file at {path}, got: {error}; write it again") from None
    if any(name is not None for name in frame.index.names) or isinstance(frame.index, pd.DatetimeIndex):
        frame = frame.reset_index()
    return _table(frame, path, first_line=1)


def read_workbook(content: bytes, path: Path) -> UserTable:
    """Read the first sheet of a workbook, whose first row has the names.

    Raises:
        SeriesError: it is damaged, or openpyxl is not installed.
    """
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise SeriesError(
            f"expected a table in {path}, got a workbook of a spreadsheet; save its sheet as CSV, or install"
            " openpyxl"
        ) from None
    try:
        frame = pd.read_excel(io.BytesIO(content), engine="openpyxl", keep_default_na=False)
    except (KeyError, OSError, ValueError) as error:
        raise SeriesError(f"expected a whole workbook at {path}, got: {error}; save it again") from None
    return _table(frame, path, first_line=2)


def _table(frame: pd.DataFrame, path: Path, first_line: int) -> UserTable:
    columns = {place: frame.iloc[:, place].astype(object).map(_text) for place in range(frame.shape[1])}
    cells = pd.DataFrame(columns, dtype=object).reset_index(drop=True)
    lines = tuple(range(first_line, first_line + len(cells)))
    return UserTable(path, tuple(str(name).strip() for name in frame.columns), cells, lines)


def _text(value: object) -> str:
    """Write a value as a text that is read as that value."""
    if isinstance(value, datetime | date):
        zone = getattr(getattr(value, "tzinfo", None), "key", "")
        return "" if pd.isna(value) else f"{value.isoformat()}{f'[{zone}]' if zone else ''}"
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    return repr(value) if isinstance(value, float) else str(value).strip()
