"""A series that has grown is the same; one that differs anywhere, or meets the other nowhere, is another."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import SeriesError
from seqstep.series.continuation import SeriesFacts, unseen_values
from seqstep.series.series_file import read_series, write_series

VALUES = np.random.default_rng(3).normal(50, 9, 60)


def dated(
    values: np.ndarray, start: str = "2024-03-01", step: str = "D", zone: str | None = None
) -> pd.Series:
    return pd.Series(values, pd.date_range(start, periods=len(values), freq=step, tz=zone))


def rows(values: np.ndarray) -> pd.Series:
    return pd.Series(values, pd.RangeIndex(1, len(values) + 1))


@given(
    st.integers(2, 59), st.sampled_from(["D", "W-WED", "MS", "h", "B"]), st.sampled_from([None, "Asia/Tokyo"])
)
def test_what_has_grown_is_the_same_series(known: int, step: str, zone: str | None) -> None:
    whole = dated(VALUES, step=step, zone=zone)
    assert unseen_values(whole[:known], whole) == 60 - known
    assert unseen_values(rows(VALUES[:known]), rows(VALUES)) == 60 - known
    assert unseen_values(whole, whole[known // 2 :]) == 0  # its beginning was cut off


def test_it_is_the_same_as_the_pipeline_keeps_it_and_in_another_zone(tmp_path: Path) -> None:
    here = dated(VALUES, "2024-10-20", "h", "Europe/Berlin")
    write_series(here[:50], tmp_path / "series.csv")
    kept = read_series(tmp_path / "series.csv")
    assert unseen_values(kept, here) == 10
    assert unseen_values(kept, here.tz_convert("UTC")) == 10


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (rows(VALUES), "it has no dates, and what trained the model had some"),
        (dated(VALUES, step="W"), "its dates have the step W-SUN, and those of what trained the model D"),
        (
            dated(VALUES, zone="UTC"),
            "its dates have a time zone, and those of what trained the model had none",
        ),
        (dated(VALUES, "2025-01-01"), "so nothing tells that they are the same"),
        (dated(VALUES * 2), "at 2024-03-01 00:00:00 it is"),
        (
            dated(np.where(np.arange(60) == 7, 0, VALUES)),
            r"at 2024-03-08 00:00:00 it is 0, .* \(1 of 60 values",
        ),
        (dated(VALUES[:59]), "it ends at 2024-04-28 00:00:00, before 2024-04-29"),
    ],
)
def test_another_series_is_refused_by_what_tells_it_apart(series: pd.Series, words: str) -> None:
    with pytest.raises(SeriesError, match=words):
        unseen_values(dated(VALUES), series)


def test_facts_of_a_series_are_those_of_its_dates_and_values() -> None:
    facts = SeriesFacts.of(dated(np.array([3.0, 1.0, 2.0])), "ab", 7)
    assert SeriesFacts.model_validate_json(facts.model_dump_json()) == facts
    assert (facts.step, facts.season, facts.points, facts.low, facts.high) == ("D", 7, 3, 1.0, 3.0)
    assert (facts.first, facts.last) == ("2024-03-01 00:00:00", "2024-03-03 00:00:00")
    assert SeriesFacts.of(rows(VALUES), "ab", 1).step == ""
