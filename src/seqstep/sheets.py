"""Tables for people, as CSV: a spreadsheet shows every text in them, and runs none as a formula."""

import csv
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

# What a spreadsheet may take for the begin of a formula, however wide it is written.
_SIGNS, _BEGINS = tuple("=+-@"), tuple("\t\r\n")


def write_table(table: pd.DataFrame, as_read: Sequence[str] = (), float_format: str | None = None) -> str:
    """Write a table as CSV, without its index; a text that could be a formula gets an apostrophe before it.

    Numbers stay numbers.

    Args:
        as_read: columns that repeat what a user's file has, to be joined with it: written as they were read.
        float_format: how a number is written, such as `%.6g`; to the last digit if None.
    """
    shown = table.copy()
    for place, name in enumerate(table.columns):
        if name not in as_read and _may_hold_texts(table.iloc[:, place]):
            shown.isetitem(place, table.iloc[:, place].map(_shown).to_list())
    shown.columns = pd.Index([name if name in as_read else _shown(name) for name in table.columns])
    written = shown.to_csv(index=False, float_format=float_format)
    # Bare, a lone \r ends a row; and there are spreadsheets that part fields at ; or at tabs.
    if not any(mark in written for mark in "\r;\t"):
        return written
    return shown.to_csv(index=False, float_format=float_format, quoting=csv.QUOTE_NONNUMERIC)


def read_table(path: Path, texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read what `write_table` wrote; empty fields are nan.

    Args:
        texts: columns that hold texts, also where all look like numbers; empty ones stay empty.
    """
    dtypes: dict[Any, Any] = dict.fromkeys(texts, str)
    table = pd.read_csv(path, dtype=dtypes, keep_default_na=False, na_values=[""])
    for name in texts:
        table[name] = table[name].fillna("")
    for name in table.columns:
        if _may_hold_texts(table[name]):
            table[name] = table[name].map(_meant)
    return table.rename(columns=_meant)


def _may_hold_texts(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_object_dtype(column) or isinstance(column.dtype, pd.StringDtype)


def _may_run(text: str) -> bool:
    """Tell whether a text could be a formula but for an apostrophe before it, which says that it is text."""
    bare = text.lstrip("'")
    seen = next((sign for sign in bare if unicodedata.category(sign)[0] not in "CZ"), "")
    return bare.startswith(_BEGINS) or unicodedata.normalize("NFKC", seen).startswith(_SIGNS)


def _shown(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and _may_run(value) else value


def _meant(value: Any) -> Any:
    is_marked = isinstance(value, str) and value.startswith("'") and _may_run(value[1:])
    return value[1:] if is_marked else value
