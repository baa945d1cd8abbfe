"""A user's CSV: numbers, dates and the future of dates."""

from collections.abc import Callable

import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.series.sources import extend_index

Read = Callable[..., pd.Series]
DAYS = ["2020-02-27", "2020-02-28", "2020-02-29", "2020-03-01"]


def test_a_column_without_dates_is_numbered_from_1(read: Read) -> None:
    series = read("value,other\n1.5,x\n-2,y\n3e2,z\n")
    assert series.to_dict() == {1: 1.5, 2: -2.0, 3: 300.0}
    assert (series.name, series.index.name) == ("value", "row")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("how", ["auto", "named"])
def test_every_separator_is_found_or_can_be_named(read: Read, separator: str, how: str) -> None:
    text = "date,value,note\n2020-01-01,1,a\n2020-01-02,2,b\n".replace(",", separator)
    assert read(text, separator="auto" if how == "auto" else separator).tolist() == [1, 2]


@pytest.mark.parametrize("decimal", ["auto", ","])
def test_a_decimal_comma_is_read_but_where_a_point_is_set(read: Read, decimal: str) -> None:
    text = 'date;value\n2020-01-01;1,5\n2020-01-02;"-2,25"\n'
    assert read(text, decimal=decimal).tolist() == [1.5, -2.25]
    with pytest.raises(SeriesError, match=r"row 1 of .*, got '1,5' \(line 2\); set series.decimal=,$"):
        read(text, decimal=".")


def test_a_point_that_parts_no_thousands_is_refused_where_the_decimal_mark_is_a_comma(read: Read) -> None:
    with pytest.raises(SeriesError, match=r"got '1\.5'"):
        read("value\n2,5\n1.5\n", separator=";", decimal=",")


def test_spaces_quotes_line_ends_and_a_byte_order_mark_do_not_matter(read: Read) -> None:
    text = "\ufeffdate , value \r\n2020-01-01, 1 \r\n2020-01-02,'2'\r\n".replace("'", '"')
    assert read(text).to_dict() == {pd.Timestamp("2020-01-01"): 1, pd.Timestamp("2020-01-02"): 2}


@pytest.mark.parametrize(
    ("dates", "following"),
    [
        (DAYS, ["2020-03-02", "2020-03-03"]),
        (["2019-11", "2019-12", "2020-01"], ["2020-02-01", "2020-03-01"]),
        (["2019-11-30", "2019-12-31", "2020-01-31"], ["2020-02-29", "2020-03-31"]),
        (["2019-12-31 22:00", "2019-12-31 23:00", "2020-01-01 00:00"], ["2020-01-01 01:00"]),
        (["2020-01-31", "2020-02-28", "2020-03-31", "2020-04-30"], ["2020-05-29"]),  # last workdays
        (["2020-05-01", "2020-06-01", "2020-07-01"], ["2020-08-01"]),
        (["2020-01-05", "2020-01-12", "2020-01-19"], ["2020-01-26"]),
        (["2020-01-06 09:00", "2020-01-06 09:15", "2020-01-06 09:30"], ["2020-01-06 09:45"]),
        ([f"2020-01-{day:02}" for day in (6, 7, 8, 9, 10, 13, 14, 15, 16, 17)], ["2020-01-20"]),
        (["28.02.2020", "29.02.2020", "01.03.2020"], ["2020-03-02"]),
        (["01.01.2020", "02.01.2020", "03.01.2020"], ["2020-01-04"]),
        (["12/01/2020", "13/01/2020", "14/01/2020"], ["2020-01-15"]),
        (["1/12/2020", "1/13/2020", "1/14/2020"], ["2020-01-15"]),
        (["01.12.2020", "01.13.2020", "01.14.2020"], ["2020-01-15"]),
        (["2020-01-01", "2020-01-02"], ["2020-01-03"]),
    ],
)
def test_the_future_of_dates_has_the_right_dates(read: Read, dates: list[str], following: list[str]) -> None:
    series = read(dict.fromkeys(dates, 1))
    assert len(series) == len(dates)
    future = extend_index(series.index, len(following))
    assert future.tolist() == [pd.Timestamp(date) for date in following]
    assert future.name == "date"


def test_a_time_zone_is_kept(read: Read) -> None:
    series = read({f"2020-01-01T0{hour}:00Z": hour for hour in range(3)})
    assert extend_index(series.index, 1)[0] == pd.Timestamp("2020-01-01T03:00Z")


def test_rows_are_put_in_the_order_of_their_dates(read: Read) -> None:
    series = read({DAYS[2]: 3, DAYS[0]: 1, DAYS[3]: 4, DAYS[1]: 2})
    assert series.tolist() == [1, 2, 3, 4]
    assert series.index.is_monotonic_increasing


@pytest.mark.parametrize("other", ["id", "2.5", "2000.5"])
def test_the_first_column_with_dates_is_taken_and_no_column_of_numbers(read: Read, other: str) -> None:
    series = read(f"other,when,value\n{other},2020-01-01,1\n{other},2020-01-02,2\n")
    assert series.index.name == "when"
    assert read(f"other,value\n{other},1\n{other},2\n").index.name == "row"


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("2020-02-30", r"'2020-02-30' \(line 4\); those before it are ISO 8601"),
        ("2020-02-29 24:00", "24:00"),
        ("total", r"'total' \(line 4\)"),
        ("", "row 3 of .*, got none"),
    ],
)
@pytest.mark.parametrize("names", ["when,value,other", "value,month,other"])
def test_a_column_that_is_dates_but_for_a_cell_is_not_passed_over(
    read: Read, names: str, last: str, said: str
) -> None:
    days = [*DAYS[:2], last]
    cells = [f"{day},1,x" if names.startswith("when") else f"1,{day},x" for day in days]
    text = "\n".join([names, *cells])
    with pytest.raises(SeriesError, match=f"expected a?.*dates? in column '(when|month)'.*({said}).*; corr"):
        read(text)
    if last == "total":
        with pytest.raises(SeriesError, match=r"got 'total' \(line 4\); set series.footer=1"):
            read(text, date_column="")
    else:
        assert read(text, date_column="").index.name == "row"


@pytest.mark.parametrize("cells", [["10.0.0.1", "10.0.0.2"], ["2020-01-01-a", "2020-01-02-b"], ["1", "2"]])
def test_what_is_no_date_is_passed_over(read: Read, cells: list[str]) -> None:
    text = f"host,when,value\n{cells[0]},2020-01-01,1\n{cells[1]},2020-01-02,2\n"
    assert read(text).index.name == "when"


def test_the_column_with_the_dates_can_be_named_or_left_out(read: Read) -> None:
    text = "first,second,value\n2020-01-01,2021-01-01,1\n2020-01-02,2021-01-02,2\n"
    assert read(text, date_column="second").index[0] == pd.Timestamp("2021-01-01")
    assert read(text, date_column="").index.tolist() == [1, 2]
    years = read("year,value\n2001,1\n2002,2\n2003,3\n", date_column="year")
    assert extend_index(years.index, 1)[0] == pd.Timestamp("2004-01-01")
