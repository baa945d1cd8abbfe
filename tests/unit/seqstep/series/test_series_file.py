"""The pipeline's own file of a series."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.series.reading.reading import read_file
from seqstep.series.series_file import read_series, write_series
from seqstep.series.sources import extend_index, noisy_sine
from seqstep.settings.config import SeriesConfig

ZONES = [None, "UTC", "Etc/GMT+3", "Europe/Berlin", "America/New_York"]
STEPS = ["D", "ME", "MS", "QS-FEB", "YE", "W-TUE", "2D", "h", "15min", "B", "BME", "WOM-3FRI"]
ANCHORED = [(1, 30), (3, 15), (12, 29)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("frequency", [None, *STEPS, *ANCHORED])
def test_a_written_series_is_read_back_with_its_frequency(
    tmp_path: Path, frequency: str | tuple[int, int] | None, zone: str | None
) -> None:
    series = noisy_sine(8, 0.01, 0.2, seed=0)
    if frequency:
        step, start = frequency, "2020-01-06"
        if isinstance(frequency, tuple):
            step, start = pd.DateOffset(months=frequency[0], day=frequency[1]), f"2020-01-{frequency[1]}"
        dates = pd.date_range(start, periods=8, freq=step, name="date")
        series.index = pd.DatetimeIndex(dates.tz_localize(ZoneInfo(zone) if zone else None), freq=step)
    write_series(series, tmp_path / "series.csv")
    again = read_series(tmp_path / "series.csv")
    assert again.to_dict() == series.to_dict()
    assert (again.name, again.index.name) == (series.name, series.index.name)
    assert extend_index(again.index, 3).equals(extend_index(series.index, 3))


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2))
def test_values_are_written_and_read_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.mktemp("series") / "series.csv"
    write_series(pd.Series(values, index=pd.RangeIndex(1, len(values) + 1, name="row"), name="value"), path)
    assert read_series(path).tolist() == values
    assert read_file(path, SeriesConfig(column="value")).series.tolist() == values
