"""Records as texts: one field of JSON lines, or one column of Parquet."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from secrecy import quote
from seqstep.corpus.lines import lines_of

#: makes the error of what was found
Refuse = Callable[[str], Exception]

_ROWS = 1024


class _Pairs(tuple[Any, ...]):
    """An object of JSON, with names that stand there twice."""

    __slots__ = ()


def texts_of_lines(parts: Iterable[str], field: str, refuse: Refuse) -> Iterator[str]:
    """Take a field of each record of JSON lines; one that is null is an empty text.

    Args:
        refuse: makes the error of a line that is no object, or has no such field with a text.
    """
    for number, line in enumerate(lines_of(parts), start=1):
        if line.strip():
            try:
                yield _text_of(line, field)
            except _OtherwiseError as error:
                raise refuse(f"{error} in line {number}") from None


class _OtherwiseError(Exception):
    """What stands where a record's text should."""


def _text_of(line: str, field: str) -> str:
    try:
        record = json.loads(line, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise _OtherwiseError(f"no JSON ({error})") from None
    if not isinstance(record, _Pairs):
        raise _OtherwiseError("no object")
    values = [value for name, value in record if name == field]
    if len(values) != 1:
        names = ", ".join(dict.fromkeys(name for name, _ in record))
        raise _OtherwiseError(f"{len(values)} of that name among {quote(names)}")
    return _checked(values[0])


def _checked(value: object) -> str:
    """See that a value is a text that can be written."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _OtherwiseError(f"{'an object' if isinstance(value, _Pairs) else quote(repr(value))}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _OtherwiseError("half a character") from None
    return value


def columns_of_text(path: Path) -> list[str]:
    """List the columns of a Parquet file that hold texts; nothing of a damaged one."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with path.open("rb") as file:
            schema = parquet.ParquetFile(file).schema_arrow
            return [column.name for column in schema if _is_text(column.type)]
    except (pa.ArrowException, OSError):
        return []


def texts_of_parquet(path: Path, column: str, refuse: Refuse) -> Iterator[str]:
    """Take a column of each row of a Parquet file; one that is null is an empty text.

    Args:
        refuse: makes the error of a damaged file, or one without such a column of texts.
    """
    import pyarrow as pa
    from pyarrow import parquet

    known = columns_of_text(path)
    if known.count(column) != 1:
        raise refuse(
            f"{known.count(column)} of that name among its columns of texts, {quote(', '.join(known))}"
        )
    try:
        with path.open("rb") as file:
            # Asked for by name, the fields of a struct come too that are called alike with a point.
            for rows in parquet.ParquetFile(file).iter_batches(_ROWS, columns=[column]):
                yield from (
                    text or "" for text in rows.column(rows.schema.get_field_index(column)).to_pylist()
                )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise refuse(f"a damaged file ({error})") from None


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
