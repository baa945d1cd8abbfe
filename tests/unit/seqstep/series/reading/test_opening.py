"""Encodings, compressed files and files that know their types."""

import bz2
import gzip
import io
import itertools
import lzma
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import read_file
from seqstep.settings.config import SeriesConfig

TEXT = "date,größe,value\n2020-01-01,ä,1.5\n2020-01-02,ö,2\n"


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.csv", data)
    return content.getvalue()


def read_bytes(folder: Path, content: bytes, **how: Any) -> list[float]:
    (folder / "my.csv").write_bytes(content)
    return read_file(folder / "my.csv", SeriesConfig(column="value", **how)).series.tolist()


@pytest.mark.parametrize(
    "content",
    [
        *map(TEXT.encode, ["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        *(pack(TEXT.encode()) for pack in (gzip.compress, bz2.compress, lzma.compress)),
        gzip.compress(TEXT.encode("utf-16")),
        zipped(one=TEXT.encode()),
    ],
    # Not by their bytes, in which the time stands: processes name tests alike.
    ids=itertools.count(),
)
def test_what_the_first_bytes_tell_is_read(content: bytes, tmp_path: Path) -> None:
    assert read_bytes(tmp_path, content) == [1.5, 2]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be", "cp437"])
def test_an_encoding_that_nothing_tells_is_refused_until_it_is_set(encoding: str, tmp_path: Path) -> None:
    content = TEXT.encode(encoding)
    with pytest.raises(SeriesError, match=r"expected a table in utf-8 at .*series\.encoding"):
        read_bytes(tmp_path, content)
    assert read_bytes(tmp_path, content, encoding=encoding) == [1.5, 2]


@pytest.mark.parametrize(
    ("content", "how", "said"),
    [
        (zipped(a=b"", b=b""), {}, "name one with series.member"),
        (zipped(a=TEXT.encode()), {"member": "b.csv"}, "expected one file called 'b.csv'"),
        (gzip.compress(TEXT.encode())[:-9], {}, "expected a whole gzip file"),
        (TEXT.encode(), {"max_bytes": 20}, "expected at most 20 bytes"),
        (gzip.compress(b"0" * 10**6), {"max_bytes": 10**5}, "expected at most 100000 bytes"),
        (b"PAR1 and no more", {}, "expected a whole Parquet file"),
        (b"%PDF-1.7", {}, "got a PDF; save it as CSV"),
        (b"\xd0\xcf\x11\xe0", {}, "got an old workbook"),
    ],
    ids=itertools.count(),
)
def test_what_can_not_be_opened_is_named(
    content: bytes, how: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SeriesError) as refused:
        read_bytes(tmp_path, content, **how)
    assert said in str(refused.value) and str(tmp_path) in str(refused.value)
    assert "corpus." not in str(refused.value)


def test_a_file_of_an_archive_is_named(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, zipped(a=b"", b=TEXT.encode()), member="b.csv") == [1.5, 2]


def test_a_workbook_is_refused_where_nothing_reads_it(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(SeriesError, match="workbook"):
        read_bytes(tmp_path, content.getvalue())


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("is_index", [False, True])
def test_parquet_is_read_as_it_was_written(zone: str | None, is_index: bool, tmp_path: Path) -> None:
    dates = pd.date_range("2020-03-27", periods=5, name="when", tz=zone)
    values = np.array([1.125, 2.25, 1e22, 1 / 3, 1234.0])
    table = pd.DataFrame({"value": values}, index=dates)
    (table if is_index else table.reset_index()).to_parquet(tmp_path / "my.parquet")
    series = read_file(tmp_path / "my.parquet", SeriesConfig(column="value")).series
    assert series.tolist() == values.tolist() and (series.index == dates).all()
    assert str(series.index.tz) == str(zone)


def test_missing_values_of_parquet_are_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=3), "value": [1.0, None, 3.0]})
    table.to_parquet(tmp_path / "my.parquet")
    config = SeriesConfig(column="value", gaps="interpolate")
    assert read_file(tmp_path / "my.parquet", config).series.tolist() == [1, 2, 3]


def test_dates_of_an_index_without_a_name_are_dates(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=5)[::-1]
    pd.DataFrame({"value": [5, 4, 3, 2, 1]}, index=days).to_parquet(tmp_path / "my.parquet")
    series = read_file(tmp_path / "my.parquet", SeriesConfig(column="value")).series
    assert series.tolist() == [1, 2, 3, 4, 5] and series.index[0] == pd.Timestamp("2020-01-01")


def test_numbers_that_parquet_holds_as_texts_are_read_as_in_other_files(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=3), "value": ["1,5", "2,25", "3"]})
    frame.to_parquet(tmp_path / "my.parquet")
    assert read_file(tmp_path / "my.parquet", SeriesConfig(column="value")).series.tolist() == [1.5, 2.25, 3]
