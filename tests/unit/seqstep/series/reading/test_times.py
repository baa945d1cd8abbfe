"""Which column tells the time, where several could, or none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import UserSeries, read_file
from seqstep.settings.config import SeriesConfig

Read = Callable[..., pd.Series]
COUNTED = "rows are counted as they stand, for no column is read as dates; series.date_column names one"
HOURS = [(day, hour) for day in range(1, 5) for hour in range(24)]


def read_text(folder: Path, text: str, column: str = "value", **how: Any) -> UserSeries:
    (folder / "my.csv").write_text(text)
    return read_file(folder / "my.csv", SeriesConfig(column=column, **how))


@pytest.mark.parametrize(
    ("header", "cells", "columns"),
    [
        ("Date,Time", lambda day, hour: f"2020-01-{day:02},{hour:02}:00", ("Date", "Time")),
        ("Date,Time", lambda day, hour: f"{day:02}.01.2020,{hour:02}:00:00", ("Date", "Time")),
        ("Time,Date", lambda day, hour: f"{hour:02}:00,2020-01-{day:02}", ("Date", "Time")),
        ("day,at", lambda day, hour: f"Jan {day} 2020,{hour}:00", ("day", "at")),
        ("dteday,hr", lambda day, hour: f"2020-01-{day:02},{hour}", ("dteday", "hr")),
        ("date,Hour", lambda day, hour: f"202001{day:02},{hour}", ("date", "Hour")),
    ],
)
def test_date_and_time_in_two_columns(
    header: str, cells: Callable[[int, int], str], columns: tuple[str, ...], tmp_path: Path
) -> None:
    rows = "".join(f"{cells(day, hour)},{day * 100 + hour}\n" for day, hour in HOURS)
    found = read_text(tmp_path, f"{header},value\n{rows}")
    assert found.series.index.equals(pd.date_range("2020-01-01", periods=96, freq="h"))
    assert found.date_columns == columns and "columns" in found.notices[0]
    named = read_text(tmp_path, f"{header},value\n{rows}", date_column=",".join(columns))
    pd.testing.assert_series_equal(named.series, found.series)


@pytest.mark.parametrize(
    ("header", "start", "step", "cells"),
    [
        ("year,month,day", "2020-01-28", "D", lambda date: f"{date.year},{date.month},{date.day}"),
        ("Year,Month", "2020-01-01", "MS", lambda date: f"{date.year},{date.month}"),
        ("YYYY,MM", "2020-01-01", "MS", lambda date: f"{date.year},{date.month:02}"),
        ("Jahr,Monat,Tag", "2020-01-28", "D", lambda date: f"{date.year},{date.month},{date.day}"),
        ("year,month", "2020-01-01", "MS", lambda date: f"{date.year},{date:%b}"),
    ],
)
def test_years_and_months_in_columns_of_their_own(
    header: str, start: str, step: str, cells: Callable[[pd.Timestamp], str], tmp_path: Path
) -> None:
    dates = pd.date_range(start, periods=40, freq=step)
    rows = "".join(f"{cells(date)},{at}\n" for at, date in enumerate(dates))
    assert read_text(tmp_path, f"{header},value\n{rows}").series.index.equals(dates)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["id", "", "ds", "t", "n"])
def test_whole_numbers_that_count_by_one_are_an_index_and_put_in_order(
    first: int, name: str, tmp_path: Path
) -> None:
    numbers = [first + at for at in (3, 0, 1, 4, 2)]
    found = read_text(tmp_path, f"{name},value\n" + "".join(f"{one},{one}\n" for one in numbers))
    assert found.series.to_dict() == {row: first + row - 1 for row in range(1, 6)}
    assert found.notices == (f"column '{name}' counts the rows from {first}; they are taken in its order",)


def test_dates_go_before_an_index(tmp_path: Path) -> None:
    for dates in (["2020-01-01", "2020-01-02"], ["1577836800", "1577923200"], ["20200101", "20200102"]):
        rows = "".join(f"{at},{date},{at}\n" for at, date in enumerate(dates))
        found = read_text(tmp_path, f",ds,value\n{rows}")
        assert found.series.index[0] == pd.Timestamp("2020-01-01")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ds,value\n1,1\n2,2\n4,3\n", "numbers that lie evenly apart, in column 'ds'"),
        ("time,value\n0.0,1\n0.1,2\n0.5,3\n", "numbers that lie evenly apart, in column 'time'"),
        ("ds,value\n1,1\n1,2\n", "numbers that lie evenly apart"),
        ("date,value\n19991301,1\n19991302,2\n19991310,3\n", "numbers that lie evenly apart"),
        ("date,value\n2001,1\n2001,2\n2002,3\n", "every date once"),
        (
            "id,value\n43831,1\n43832,2\n43833,3\n",
            "may be the days of a spreadsheet (2020-01-01 to 2020-01-03)",
        ),
    ],
)
def test_numbers_that_may_tell_the_time_are_not_left_in_silence(text: str, said: str, read: Read) -> None:
    with pytest.raises(SeriesError, match=r"series\.date_column=") as refused:
        read(text)
    assert said in str(refused.value)
    assert read(text, date_column="").index.name == "row"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "time,value\n0.0,1\n0.1,2\n0.2,3\n",
            ("column 'time' holds no dates; rows are counted, in its order",),
        ),
        ("month,value\n1,1\n2,2\n1,3\n", ("no dates found in 'month'; rows are counted as they stand",)),
        ("speed,value\n1000,1\n1100,2\n1200,3\n", (COUNTED,)),
        ("speed,value\n3.5,1\n2.5,2\n4.5,3\n", (COUNTED,)),
        ("store,d,value\n7,2020-01-03,1\n7,2020-01-02,2\n7,tba,3\n", (COUNTED,)),
        ("value\n1\n2\n3\n", ()),
    ],
)
def test_other_numbers_leave_rows_counted(text: str, said: tuple[str, ...], tmp_path: Path) -> None:
    found = read_text(tmp_path, text)
    assert found.series.tolist() == [1, 2, 3] and found.notices == said


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("k,value\n" + "north,1\n" * 3 + "south,2\n" * 3, "k"),
        (
            "shop,date,value\n" + "".join(f"{'ab'[day > 8]},2020-01-{day:02d},1\n" for day in range(1, 17)),
            "shop",
        ),
    ],
)
def test_a_column_that_may_part_several_series_is_named(text: str, column: str, tmp_path: Path) -> None:
    said = read_text(tmp_path, text).notices[-1]
    assert said.startswith(
        f"column '{column}' has 2 values, each in rows of its own; if these are several series"
    )


@pytest.mark.parametrize(
    "text",
    [
        "unique_id,ds,value\nH1,2020-01-01,1\nH1,2020-01-02,2\nH2,2020-01-03,900\nH2,2020-01-04,901\n",
        "store,date,value\n" + "".join(f"{'AB'[day > 8]},2020-01-{day:02d},1\n" for day in range(1, 17)),
    ],
)
def test_series_that_follow_each_other_in_time_are_several(text: str, tmp_path: Path) -> None:
    for setting in ("auto", ""):
        with pytest.raises(SeriesError, match=r"expected one series in .*, got 2, by column"):
            read_text(tmp_path, text, date_column=setting)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("country,1990,1991,1992\nFrance,1,2,3\nSpain,2,3,4\nItaly,1,1,1\n", "1992"),
        ("store,2020-01-01,2020-01-02,2020-01-03\n1,1,2,3\n2,2,3,4\n", "2020-01-02"),
    ],
)
def test_a_table_whose_columns_are_dates_is_refused(text: str, column: str, tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"got 3 columns that are called after dates .* turn the table"):
        read_text(tmp_path, text, column=column)


@pytest.mark.parametrize("called", ["Total", "Mean:", "Gesamtsumme"])
def test_a_total_below_rows_that_are_counted_is_refused_by_its_line(called: str, tmp_path: Path) -> None:
    text = f"name,value\np1,2\np2,3\np3,4\n{called},9\n"
    with pytest.raises(SeriesError, match=rf"got '{called}' \(line 5\); set series\.footer=1"):
        read_text(tmp_path, text)
    assert read_text(tmp_path, text, footer=1).series.tolist() == [2, 3, 4]


@pytest.mark.parametrize(("form", "factor"), [("epoch_s", 1), ("epoch_ms", 1000)])
def test_epochs_are_moments_whatever_the_zone_that_they_are_shown_in(
    form: str, factor: int, tmp_path: Path
) -> None:
    hours = pd.date_range("2020-10-24T22:00Z", periods=30, freq="h")
    rows = "".join(f"{int(hour.timestamp()) * factor},{at}\n" for at, hour in enumerate(hours))
    found = read_text(tmp_path, f"date,value\n{rows}", zone="Europe/Berlin").series
    assert str(found.index.tz) == "Europe/Berlin"
    assert found.index.tz_convert("UTC").equals(hours.rename("date"))


@pytest.mark.parametrize("name", ["week", "Quarter", "Kalenderwoche"])
def test_months_in_a_column_of_weeks_or_quarters_are_refused(name: str, tmp_path: Path) -> None:
    rows = "".join(f"2020-{month:02d},{month}\n" for month in range(1, 13))
    with pytest.raises(SeriesError, match=r"expected weeks or quarters .* got what reads as months"):
        read_text(tmp_path, f"{name},value\n{rows}")
    assert read_text(tmp_path, f"month,value\n{rows}").step == "monthly"


SEVERAL = [
    "unique_id,ds,value\n"
    + "".join(f"H{one},{at},{at + one * 10**5}\n" for one in (1, 2) for at in range(1, 61)),
    "store,date,value\n"
    + "".join(f"{one},2020-01-{at:02},{at}\n" for one in (1, 2, 3) for at in range(1, 21)),
    "date,store,value\n"
    + "".join(f"2020-01-{at:02},{one},{at}\n" for at in range(1, 21) for one in (1, 2, 3)),
    "date,variable,value\n"
    + "".join(f"2020-01-{at:02},{one},{at}\n" for one in ("a", "b") for at in range(1, 21)),
    "series,value\n" + "".join(f"{one},{at}\n" for one in ("a", "b") for at in range(1, 21)),
    "year,country,value\n"
    + "".join(f"{year},{one},1\n" for one in ("FR", "DE") for year in range(1990, 2020)),
    "Date,Time,id,value\n"
    + "".join(f"2020-01-{day:02},{hour:02}:00,{one},1\n" for one in "ab" for day, hour in HOURS),
]


@pytest.mark.parametrize("text", SEVERAL)
def test_several_series_are_never_one(text: str, read: Read) -> None:
    with pytest.raises(
        SeriesError, match=r"expected one series in .*, got [23], by column .*series\.only="
    ) as refused:
        read(text)
    setting = str(refused.value).rpartition("series.only=")[2]
    one = read(text, only=setting)
    assert len(one) == text.count("\n") // (3 if "got 3" in str(refused.value) else 2)
    with pytest.raises(SeriesError, match=r"expected rows with 'nothing' .*set series\.only"):
        read(text, only=f"{setting.partition('=')[0]}=nothing")


def test_a_date_that_stands_there_twice_is_no_second_series(read: Read) -> None:
    with pytest.raises(SeriesError, match=r"expected every date once in .*, got 2020-01-02 more than once"):
        read("date,z,value\n2020-01-01,5,1\n2020-01-02,6,2\n2020-01-02,6,3\n2020-01-03,8,3\n")


def test_a_form_that_no_column_has_is_not_left_in_silence(read: Read) -> None:
    with pytest.raises(SeriesError, match=r"expected a column with dates .*series\.date_format=%d/%m/%Y"):
        read("name,value\na,1\nb,2\n", date_format="%d/%m/%Y")
