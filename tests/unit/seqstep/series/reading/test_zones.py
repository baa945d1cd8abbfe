"""Dates with offsets from UTC or names of zones, over changes of the clock."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seqstep.errors import ConfigError, SeriesError
from seqstep.series.series_file import read_series, write_series
from seqstep.series.sources import extend_index

Read = Callable[..., pd.Series]
AUTUMN = pd.date_range("2020-10-24 22:30", periods=8, freq="h", tz="Europe/Berlin")
SPRING = pd.date_range("2020-03-28 22:00", periods=8, freq="h", tz="Europe/Berlin")


def next_dates(series: pd.Series, count: int = 3) -> list[str]:
    return [date.isoformat() for date in extend_index(series.index, count)]


WRITES: dict[str, Callable[[pd.Timestamp], str]] = {
    "iso": lambda date: date.isoformat(),
    "space": str,
    "no colon": lambda date: date.strftime("%Y-%m-%d %H:%M %z"),
    "day first": lambda date: date.strftime("%d.%m.%Y %H:%M%z"),
    "abbreviation": lambda date: date.strftime("%Y-%m-%d %H:%M %Z"),
    "rfc 9557": lambda date: f"{date.isoformat()}[Europe/Berlin]",
    "name": lambda date: date.strftime("%Y-%m-%d %H:%M Europe/Berlin"),
}


@pytest.mark.first_quick
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("dates", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_hours_go_on_through_a_change_of_the_clock(
    write: Callable[[pd.Timestamp], str], dates: pd.DatetimeIndex, read: Read, tmp_path: Path
) -> None:
    series = read("date,value\n" + "".join(f"{write(date)},{at}\n" for at, date in enumerate(dates)))
    assert series.tolist() == list(range(8)) and (series.index == dates).all()
    after = pd.date_range(dates[-1], periods=4, freq="h")[1:]
    assert next_dates(series) == [date.isoformat() for date in after]
    write_series(series, tmp_path / "series.csv")
    assert next_dates(read_series(tmp_path / "series.csv")) == next_dates(series)


@pytest.mark.first_quick
@pytest.mark.parametrize(
    ("zone", "start", "step"),
    [
        ("Europe/Berlin", "2020-03-27", "D"),
        ("America/New_York", "2020-03-06", "D"),
        ("Australia/Sydney", "2020-04-03", "D"),
        ("Europe/London", "2020-01-01", "MS"),
        ("Europe/Berlin", "2020-02-03", "W-MON"),
        ("America/Chicago", "2020-10-30", "15min"),
    ],
)
def test_days_and_months_are_those_of_the_clock_on_the_wall(
    zone: str, start: str, step: str, read: Read
) -> None:
    dates = pd.date_range(start, periods=500, freq=step, tz=zone)
    series = read({date.isoformat(): at for at, date in enumerate(dates[:400])})
    assert next_dates(series, 100) == [date.isoformat() for date in dates[400:]]


def test_a_zone_that_is_set_tells_which_hour_is_meant(read: Read) -> None:
    text = "date,value\n" + "".join(f"{date:%Y-%m-%d %H:%M},1\n" for date in AUTUMN)
    with pytest.raises(
        SeriesError, match=r"02:30:00 more than once .*clock was put back there, set series\.zone"
    ):
        read(text)
    assert (read(text, zone="Europe/Berlin").index == AUTUMN).all()
    with pytest.raises(ConfigError, match=r"such as Europe/Berlin as series\.zone, got 'Mars/Olympus'"):
        read(text, zone="Mars/Olympus")


def test_one_offset_stays_as_it_is(read: Read) -> None:
    series = read({f"2020-01-01 0{hour}:00+05:30": hour for hour in range(4)})
    assert next_dates(series, 1) == ["2020-01-01T04:00:00+05:30"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ["2020-01-01T00:00Z", "2020-01-02T00:00", "2020-01-03T00:00Z"],
            "offset from UTC in every row, got '2020",
        ),
        (["2020-01-01T00:00+01:00", "2020-01-01T02:00+02:00", "2020-01-01T02:00+01:00"], r"set series\.zone"),
        (["2020-01-01 00:00 Europe/Berlin", "2020-01-01 01:00 Europe/Paris"], "one time zone in all rows"),
    ],
)
def test_offsets_of_no_zone_are_refused(rows: list[str], said: str, read: Read) -> None:
    with pytest.raises(SeriesError, match=said):
        read(dict.fromkeys(rows, 1))
