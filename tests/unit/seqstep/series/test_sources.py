"""The noisy sine and the index that goes on."""

import numpy as np
import pandas as pd
import pytest

from seqstep.series.sources import extend_index, noisy_sine


def test_without_noise_it_is_the_sine_at_the_times_1_to_points() -> None:
    series = noisy_sine(1000, 0.01, 0, seed=0)
    assert series.index.tolist() == list(range(1, 1001))
    assert series.to_numpy() == pytest.approx(np.sin(0.01 * np.arange(1, 1001)))
    assert series.dtype == np.float64


def test_the_noise_has_the_deviation_that_was_asked_for() -> None:
    noise = noisy_sine(100_000, 0.01, 0.2, seed=0) - noisy_sine(100_000, 0.01, 0, seed=0)
    assert noise.mean() == pytest.approx(0, abs=5 * 0.2 / 100_000**0.5)
    assert noise.std() == pytest.approx(0.2, rel=0.02)


def test_a_seed_gives_one_series_and_another_seed_another() -> None:
    one = noisy_sine(50, 0.01, 0.2, seed=1)
    assert one.equals(noisy_sine(50, 0.01, 0.2, seed=1))
    assert not one.equals(noisy_sine(50, 0.01, 0.2, seed=2))


def test_a_longer_sine_starts_with_the_shorter_one() -> None:
    assert noisy_sine(80, 0.01, 0.2, seed=1)[:50].equals(noisy_sine(50, 0.01, 0.2, seed=1))


@pytest.mark.parametrize(
    ("frequency", "last", "following"),
    [
        ("D", "2020-02-27", ["2020-02-28", "2020-02-29", "2020-03-01"]),
        ("ME", "2019-12-31", ["2020-01-31", "2020-02-29", "2020-03-31"]),
        ("MS", "2019-12-01", ["2020-01-01", "2020-02-01", "2020-03-01"]),
        ("h", "2019-12-31 22:00", ["2019-12-31 23:00", "2020-01-01 00:00", "2020-01-01 01:00"]),
        ("B", "2020-01-02", ["2020-01-03", "2020-01-06", "2020-01-07"]),
        ("W-SUN", "2020-01-05", ["2020-01-12", "2020-01-19", "2020-01-26"]),
    ],
)
def test_dates_go_on_at_their_frequency(frequency: str, last: str, following: list[str]) -> None:
    index = pd.date_range(end=last, periods=5, freq=frequency, name="date")
    extended = extend_index(index, 3)
    assert extended.tolist() == [pd.Timestamp(date) for date in following]
    assert extended.name == "date"


def test_numbers_go_on() -> None:
    assert extend_index(pd.RangeIndex(1, 6, name="row"), 3).tolist() == [6, 7, 8]
    assert extend_index(pd.Index([4, 5], name="row"), 1).name == "row"
