"""A user's CSV with gaps and mistakes: what is filled, and in which words the rest is refused."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import read_file
from seqstep.settings.config import SeriesConfig

Read = Callable[..., pd.Series]
DAYS = ["2020-02-27", "2020-02-28", "2020-02-29", "2020-03-01"]
CELL = {DAYS[0]: 1, DAYS[1]: "", DAYS[2]: 3, DAYS[3]: 4}
DATE = {"2020-02-26": 0, DAYS[0]: 1, **dict.fromkeys(DAYS[2:], 3)}
ENDS = {"2020-01-31": 0, "2020-02-29": 29, "2020-03-31": 60, "2020-05-31": 121}
WORK = {f"2020-01-{day:02}": day for day in (6, 7, 8, 9, 10, 13, 15, 16, 17)}


@pytest.mark.parametrize(
    ("rows", "first_gap", "filled"),
    [
        (CELL, "2020-02-28", [1, 2, 3, 4]),
        (DATE | {"2020-03-02": 3}, "2020-02-28", [0, 1, 2, 3, 3, 3]),
        (ENDS, "2020-04-30", [0, 29, 60, 90, 121]),  # straight in time: 30 days of April
        (WORK, "2020-01-14", [6, 7, 8, 9, 10, 13, 14, 15, 16, 17]),
        ({DAYS[0]: 1, DAYS[1]: "NaN", DAYS[2]: 3}, "2020-02-28", [1, 2, 3]),
    ],
)
def test_gaps_are_refused_with_their_place_or_filled(
    read: Read, rows: dict[str, object], first_gap: str, filled: list[float]
) -> None:
    with pytest.raises(SeriesError, match=f"1 missing, the first at {first_gap} .*gaps=interpolate"):
        read(rows)
    series = read(rows, gaps="interpolate")
    assert series.tolist() == pytest.approx(filled)
    assert series.index.freq is not None


@pytest.mark.parametrize("rows", [{DAYS[0]: "", DAYS[1]: 1, DAYS[2]: 2}, dict.fromkeys(DAYS, "")])
def test_a_gap_at_the_start_can_not_be_interpolated(read: Read, rows: dict[str, object]) -> None:
    with pytest.raises(SeriesError, match="starts or ends with a gap; cut those rows off"):
        read(rows, gaps="interpolate")


@pytest.mark.parametrize(
    ("content", "how", "message"),
    [
        (
            {DAYS[0]: 1, DAYS[1]: "two", DAYS[2]: "x"},
            {},
            "'value', row 2 of .*csv, got 'two' .line 3.; correct it",
        ),
        ({DAYS[0]: 1, DAYS[1]: "inf"}, {}, "expected a number .*row 2 .*got 'inf'"),
        ({DAYS[0]: "-1e999", DAYS[1]: 1}, {}, "expected a number .*row 1 .*got '-1e999'"),
        ({DAYS[0]: 1}, {}, "at least 2 rows in .*, got 1"),
        ("date,value\n", {}, "at least 2 rows in .*, got 0"),
        ("", {}, "CSV file with a header line at .*my.csv"),
        (
            "date,valeur\n2020-01-01,é\n".encode("latin-1"),
            {},
            "a table in utf-8 at .*0xe9 in it; .*series.encoding=cp",
        ),
        (b":#\xc3", {}, "expected a table in utf-8 at .*my.csv, got the byte 0xc3 in it; "),
        ({"day": 1}, {"column": "valeu"}, "no column 'valeu' in .*; did you mean value"),
        ({"day": 1}, {"column": "x"}, "no column 'x' in .*; there are: date, value"),
        ({"day": 1}, {"date_column": "dat"}, "no column 'dat' in .*; did you mean date"),
        ("date,value\n2020-01-01,1\n2020-01-02,2\n2020-01-01,3\n", {}, "once .*2020-01-01.* more than once"),
        (dict.fromkeys(["2020-01-01", "2020-01-02", "2020-01-05", "2020-01-13"], 1), {}, "regular step"),
        (
            dict.fromkeys(["x", "y"], 1),
            {"date_column": "date"},
            "a date in column 'date', row 1 .*'x'",
        ),
        (
            dict.fromkeys([DAYS[0], "1.2.2020"], 1),
            {"date_column": "date"},
            r"row 2 of .*, got '1.2.2020' \(line 3\); those before it are ISO 8601; correct it",
        ),
        (dict.fromkeys([*DAYS, ""], 1), {"date_column": "date"}, "expected a date .*row 5 of .*, got none"),
        (
            "date,value\n2020-01-01,1,5\n2020-01-02,2,5\n",
            {},
            "as in its header, 2, got more; .*decimal comma",
        ),
        ("date,value\n2020-01-01,1\n2020-01-02,2,5\n", {}, "as in its header, 2, got more; .*line 3"),
        ({DAYS[0]: 1}, {"separator": "[["}, r"one character or auto .*got '\[\['"),
    ],
)
def test_what_is_wrong_is_named(
    read: Read, content: str | bytes | dict[str, object], how: dict[str, str], message: str
) -> None:
    with pytest.raises(SeriesError, match=message):
        read(content, **how)


def test_timestamps_of_events_are_refused_soon_and_not_filled_second_by_second(read: Read) -> None:
    seconds = [0, 1, 2, *(7 * n * n for n in range(1, 3000))]
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(seconds, unit="s")
    with pytest.raises(SeriesError, match="regular step"):
        read(dict.fromkeys(map(str, dates), 1))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"none\.csv can't be read: No such file"):
        read_file(tmp_path / "none.csv", SeriesConfig(column="value"))
