import pytest

from seqstep.series.floors import known_floors
from seqstep.settings.config import SeriesConfig


def test_the_floors_of_the_notes_sine_are_the_roots_of_the_least_mean_squared_errors() -> None:
    floors = known_floors(SeriesConfig(), (4,), (1, 64))
    assert floors["best possible from 4 values"] == pytest.approx([0.0485**0.5, 0.2290**0.5], abs=2e-4)
    assert floors["the noise alone"] == [0.2, 0.2]


def test_nothing_is_known_of_a_file_and_of_a_sine_without_noise() -> None:
    assert known_floors(SeriesConfig(path="a.csv"), (4,), (1,)) == {}
    assert known_floors(SeriesConfig(noise_std=0), (4,), (1,)) == {}
