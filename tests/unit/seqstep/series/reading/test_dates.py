"""Dates in all forms, read back as they were or refused; the steps between them, and what can't be told."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import ConfigError, SeriesError
from seqstep.series.reading.reading import UserSeries, read_file
from seqstep.series.sources import extend_index
from seqstep.settings.config import SeriesConfig
from tests.unit.seqstep.series.reading.written import ALL

Read = Callable[..., pd.Series]
Write = Callable[[pd.Timestamp], str]
NAMES = st.sampled_from(["date", "Datum", "ds", "x", "timestamp"])


def read_rows(folder: Path, rows: list[tuple[str, float]], name: str = "date", **how: Any) -> UserSeries:
    path = folder / "my.csv"
    path.write_text(f"{name};value\n" + "".join(f"{date};{value}\n" for date, value in rows))
    return read_file(path, SeriesConfig(column="value", **how))


@pytest.mark.parametrize(("form", "write", "step"), ALL[::3])
def test_forty_values_are_read_back_in_every_form(form: str, write: Write, step: str, tmp_path: Path) -> None:
    dates = pd.date_range("2003-02-11", periods=40, freq=step)
    series = read_rows(tmp_path, [(write(date), at) for at, date in enumerate(dates)]).series
    assert series.tolist() == list(range(40))
    assert series.index.tz_localize(None).tolist() == dates.tolist()
    after = pd.date_range(dates[-1], periods=4, freq=step)[1:]
    assert extend_index(series.index, 3).tz_localize(None).tolist() == after.tolist()


@settings(max_examples=150, deadline=None)
@given(
    case=st.sampled_from(ALL),
    start=st.datetimes(datetime.datetime(1975, 1, 1), datetime.datetime(2040, 1, 1)),
    count=st.integers(3, 50),
    name=NAMES,
    order=st.randoms(use_true_random=False),
)
@pytest.mark.thorough
def test_what_is_read_is_what_was_written_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, case: Any, start: Any, count: int, name: str, order: Any
) -> None:
    _form, write, step = case
    dates = pd.date_range(pd.Timestamp(start).normalize(), periods=count, freq=step)
    rows = [(write(date), float(at)) for at, date in enumerate(dates)]
    shuffled = order.sample(rows, len(rows))
    folder = tmp_path_factory.mktemp("dates")
    try:
        found = read_rows(folder, rows, name)
    except SeriesError as refused:
        assert "series." in str(refused)
        with pytest.raises(SeriesError):
            read_rows(folder, shuffled, name)
        return
    assert found.series.index.tz_localize(None).tolist() == dates.tolist()
    assert found.series.tolist() == list(range(count))
    again = read_rows(folder, shuffled, name)
    pd.testing.assert_series_equal(again.series, found.series)
    assert again.notices == found.notices


@settings(max_examples=100, deadline=None)
@given(
    case=st.sampled_from(ALL),
    start=st.datetimes(datetime.datetime(1975, 1, 1), datetime.datetime(2040, 1, 1)),
    count=st.integers(3, 40),
    more=st.integers(1, 40),
)
@pytest.mark.thorough
def test_more_rows_change_no_reading_of_those_before(
    tmp_path_factory: pytest.TempPathFactory, case: Any, start: Any, count: int, more: int
) -> None:
    _, write, step = case
    dates = pd.date_range(pd.Timestamp(start).normalize(), periods=count + more, freq=step)
    rows = [(write(date), float(at)) for at, date in enumerate(dates)]
    folder = tmp_path_factory.mktemp("dates")
    try:
        before = read_rows(folder, rows[:count]).series
        after = read_rows(folder, rows).series
    except SeriesError:
        return
    pd.testing.assert_series_equal(after.iloc[:count], before, check_freq=False)


@pytest.mark.parametrize(
    ("first", "codes"), [("01.01.19", "%d.%m.%y"), ("01/01/19", "%d/%m/%y"), ("01-01-19", "%d-%m-%y")]
)
def test_a_year_of_days_with_two_digit_years_has_one_regular_reading(
    first: str, codes: str, tmp_path: Path
) -> None:
    dates = pd.date_range("2019-01-01", periods=365)
    rows = [(date.strftime(codes), at + 1.0) for at, date in enumerate(dates)]
    assert rows[0][0] == first
    found = read_rows(tmp_path, rows, "Datum")
    assert found.series.index.equals(dates) and found.series.tolist() == list(range(1, 366))
    assert (found.date_format, found.step) == (codes, "daily")
    assert found.notices == (f"dates of column 'Datum' read as {codes}: 2019-01-01 to 2019-12-31, daily",)


@pytest.mark.parametrize("mark", ["/", "-"])
def test_days_that_could_be_months_are_refused_until_it_is_set_or_told_by_more_rows(
    mark: str, tmp_path: Path
) -> None:
    def rows(count: int) -> list[tuple[str, float]]:
        dates = pd.date_range("2020-01-01", periods=count, freq="MS")
        return [(date.strftime(f"%d{mark}%m{mark}%Y"), at) for at, date in enumerate(dates)]

    with pytest.raises(
        SeriesError, match=r"monthly ones .*and daily ones .*; set series\.date_format to the one"
    ):
        read_rows(tmp_path, rows(12))
    how = {"date_format": f"%d{mark}%m{mark}%Y"}
    assert read_rows(tmp_path, rows(12), **how).series.index[-1] == pd.Timestamp("2020-12-01")
    how = {"date_format": f"%m{mark}%d{mark}%Y"}
    assert read_rows(tmp_path, rows(12), **how).series.index[-1] == pd.Timestamp("2020-01-12")
    found = read_rows(tmp_path, rows(24))
    assert (found.date_format, found.step) == (f"%d{mark}%m{mark}%Y", "monthly")


@pytest.mark.parametrize(
    "dates", [["01/02/03", "02/02/03"], ["01-02-03", "01-02-04"], ["19.12.01", "19.12.02"]]
)
def test_two_digit_years_that_could_be_days_are_refused(dates: list[str], read: Read) -> None:
    with pytest.raises(SeriesError, match=r"set series\.date_format"):
        read(dict.fromkeys(dates, 1))


def test_the_century_of_two_digits_is_set_or_not_told(read: Read) -> None:
    rows = {"01.01.60": 1, "02.01.60": 2, "03.01.60": 3}
    with pytest.raises(
        SeriesError, match=r"century is not certain; series\.date_format=%d\.%m\.%y has it from 1969"
    ):
        read(rows)
    assert read(rows, date_format="%d.%m.%y").index[0] == pd.Timestamp("2060-01-01")


def test_rows_from_the_newest_to_the_oldest_are_put_in_order(read: Read) -> None:
    dates = pd.date_range("2019-01-01", "2019-04-30")
    series = read({date.strftime("%d-%b-%Y"): 100 + at for at, date in reversed(list(enumerate(dates)))})
    assert series.index.equals(dates) and series.iloc[[0, -1]].tolist() == [100, 219]
    assert extend_index(series.index, 1)[0] == pd.Timestamp("2019-05-01")


def test_a_gap_in_compact_dates_is_seen(read: Read) -> None:
    rows = dict.fromkeys(["20200107", "20200108", "20200109", "20200113", "20200114"], 1)
    with pytest.raises(SeriesError, match="1 missing, the first at 2020-01-10"):
        read(rows)


@pytest.mark.parametrize(
    ("dates", "following"),
    [
        (["2020-01-15", "2020-02-15", "2020-03-15"], "2020-04-15"),
        (["2019-12-30", "2020-01-30", "2020-02-29", "2020-03-30"], "2020-04-30"),
        (["2020-01-29", "2020-02-29", "2020-03-29"], "2020-04-29"),
        (["2021-01-29", "2021-02-28", "2021-03-29"], "2021-04-29"),
        (["2020-01-31", "2020-02-29", "2020-03-31"], "2020-04-30"),
        (["2020-02-15", "2020-05-15", "2020-08-15"], "2020-11-15"),
        (["2020-02-01", "2020-05-01", "2020-08-01"], "2020-11-01"),
        (["2019-11-30", "2020-02-29", "2020-05-31"], "2020-08-31"),
        (["2020-01-01", "2020-07-01", "2021-01-01"], "2021-07-01"),
        (["2020-03-10", "2020-09-10", "2021-03-10"], "2021-09-10"),
        (["2016-02-29", "2017-02-28", "2018-02-28"], "2019-02-28"),
        (["2020-01-02", "2020-01-09", "2020-01-16"], "2020-01-23"),
        (["2020-01-02", "2020-01-16", "2020-01-30"], "2020-02-13"),
        (["2020-01-01 00:00", "2020-01-01 06:00", "2020-01-01 12:00"], "2020-01-01 18:00"),
        (["2020-01-01 00:30", "2020-01-01 12:30", "2020-01-02 00:30"], "2020-01-02 12:30"),
        (["2020-01-15 08:00", "2020-02-15 08:00", "2020-03-15 08:00"], "2020-04-15 08:00"),
        (["2020-01-17", "2020-02-21", "2020-03-20", "2020-04-17"], "2020-05-15"),  # third Fridays
        (["2012-03-30", "2012-06-29", "2012-09-28"], "2012-12-31"),  # last workdays of quarters
        (["2002-03-08", "2002-03-11", "2002-03-12", "2002-03-13"], "2002-03-14"),
        (["2002-03-12", "2002-03-13", "2002-03-14", "2002-03-15", "2002-03-18"], "2002-03-19"),
        (["2002-03-13", "2002-03-14", "2002-03-15"], "2002-03-16"),
    ],
)
def test_steps_go_on_from_where_they_are_anchored(dates: list[str], following: str, read: Read) -> None:
    index = read(dict.fromkeys(dates, 1)).index
    assert extend_index(index, 1)[0] == pd.Timestamp(following)


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("1. Januar 2020", "no form of dates is known"),
        ("Jan 1st 2020", "no form"),
        ("2020年1月1日", "no form"),
        ("01-Jan", "no form"),
        ("00:00 01/01/2020", "no form"),
        ("FY2020", "no form"),
        ("2020-13-01", "no form|those before it"),
        ("01.01.2020 00:00 - 01.01.2020 01:00", "no form"),
        ("Jan", "no form"),
        ("31/31/2020", "no form"),
    ],
)
def test_what_looks_like_dates_is_never_left_in_silence(date: str, said: str, read: Read) -> None:
    text = f"month,value\n{date},1\n{date},2\n"
    with pytest.raises(SeriesError, match=rf"'{date}' \(line 2\); .*({said}).*series\.date_column="):
        read(text)
    assert read(text, date_column="").tolist() == [1, 2]


@pytest.mark.parametrize("text", ["Total", "Sum", "Summe 2019", "average"])
def test_a_total_is_no_row(text: str, tmp_path: Path) -> None:
    dates = pd.date_range("2015-01-01", periods=60, freq="MS")
    rows = [*((date.strftime("%Y-%m"), at) for at, date in enumerate(dates)), (text, 6330)]
    with pytest.raises(SeriesError, match=rf"column 'month', row 61 of .*, got '{text}' \(line 62\)"):
        read_rows(tmp_path, rows, "month")
    assert len(read_rows(tmp_path, rows, "month", footer=1).series) == 60


@pytest.mark.parametrize(
    ("form", "dates"),
    [
        ("%G-%V", ["2020-12", "2020-13", "2020-14"]),
        ("%d %B %Y", ["1 January 2020", "2 January 2020"]),
        ("serial", ["43831", "43832", "43833"]),
        ("epoch_s", ["0", "60", "120"]),
    ],
)
def test_a_form_that_is_set_is_the_one_that_is_read(form: str, dates: list[str], read: Read) -> None:
    assert isinstance(read(dict.fromkeys(dates, 1), date_format=form).index, pd.DatetimeIndex)
    with pytest.raises(SeriesError, match=rf"series\.date_format={form} does not read it"):
        read(dict.fromkeys([*dates, "x"], 1), date_format=form)


def test_half_years_begin_in_january_and_july(read: Read) -> None:
    for dates in (["2020H1", "2020H2", "2021H1"], ["S1 2020", "S2 2020", "S1 2021"]):
        assert read(dict.fromkeys(dates, 1)).index.month.tolist() == [1, 7, 1]


@pytest.mark.parametrize("form", ["%Q", "dmy", ""])
def test_a_form_that_is_none_is_refused(form: str, read: Read) -> None:
    with pytest.raises(ConfigError, match=r"codes such as %d/%m/%Y or one of iso, .* as series\.date_format"):
        read({"2020-01-01": 1, "2020-01-02": 2}, date_format=form)


def test_events_without_a_step_are_refused_with_their_place(read: Read) -> None:
    days = np.cumsum([0, 1, 1, 9, 4, 11, 2])
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.r_[days, days[-1] + 700], unit="D")
    with pytest.raises(SeriesError, match=r"irregular ones, 2020-01-02, 2020-01-03, 2020-01-12; resample"):
        read({str(date.date()): 1 for date in dates})
