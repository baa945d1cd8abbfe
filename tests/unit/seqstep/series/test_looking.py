"""What a look at ten small tables tells is what a run reads of them."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqstep.errors import SeriesError
from seqstep.series.looking import look_at_series, sketch
from seqstep.settings.resolving import resolve

MONTHS = pd.date_range("2016-01-01", periods=96, freq="MS")
HOURS = pd.date_range("2024-10-20", periods=24 * 14, freq="h", tz="Europe/Berlin")
WAVE = 50 + 20 * np.cos(2 * np.pi * np.arange(400) / 12)


def lines(header: str, rows: Any) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


TABLES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "months.csv": (
        lines("month,sales", (f"{day:%Y-%m},{value:.3f}" for day, value in zip(MONTHS, WAVE, strict=False))),
        {"column": "sales", "step": "monthly", "values": 96, "dates": "'month', as iso"},
    ),
    "german.csv": (
        lines(
            "Datum;Absatz",
            (
                f"{day:%d.%m.%Y};{value:.2f}".replace(".5", ",5")
                for day, value in zip(
                    pd.date_range("2024-01-01", periods=90), np.arange(90) + 0.5, strict=True
                )
            ),
        ),
        {"column": "Absatz", "step": "daily", "dates": "'Datum', as %d.%m.%Y"},
    ),
    "packed.csv.gz": (
        gzip.compress(lines("t,v", (f"{row},{row * row}" for row in range(1, 90)))),
        {
            "column": "v",
            "dates": "",
            "step": "",
            "first": "1",
            "season": "none, for rows without dates suggest none",
        },
    ),
    "zone.csv": (
        lines("hour,load", (f"{hour.isoformat()},{at % 24}" for at, hour in enumerate(HOURS))),
        {"zone": "Europe/Berlin", "step": "hourly", "values": 336},
    ),
    "weeks.csv": (
        lines(
            "week,n",
            (
                f"{day:%G-W%V},{at}"
                for at, day in enumerate(pd.date_range("2020-01-06", periods=80, freq="W"))
            ),
        ),
        {"step": "weekly, on Mondays", "values": 80},
    ),
    "quarters.csv": (
        lines("q,gdp", (f"{2000 + at // 4}Q{at % 4 + 1},{at}" for at in range(80))),
        {"step": "quarterly", "values": 80},
    ),
    "gaps.csv": (
        lines("day,n", (f"2024-01-{day:02d},{day}" for day in range(1, 32) if day % 7)),
        {
            "gaps": 4,
            "values": 31,
            "fitting": {"series.column": "n", "series.gaps": "interpolate", "forecast.horizons": "1,4"},
        },
    ),
    "several.csv": (
        lines(
            "day,load,temperature",
            (f"2024-{1 + at // 28:02d}-{1 + at % 28:02d},{at},{-at}" for at in range(28)),
        ),
        {"column": "temperature", "columns": ["day", "load", "temperature"]},
    ),
    "titled.csv": (
        lines(
            "Sales of 2024",
            ["", "day,n", *(f"{day:%Y-%m-%d},{day.day}" for day in pd.date_range("2024-01-01", periods=80))],
        ),
        {"column": "n", "values": 80},
    ),
    "words.csv": (
        lines(
            "day,n,note",
            (f"{day:%Y-%m-%d},{day.day},fine" for day in pd.date_range("2024-01-01", periods=80)),
        ),
        {"column": "n", "values": 80, "low": 1.0, "high": 31.0},
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_what_is_understood_of_a_table_is_told(name: str, tmp_path: Path) -> None:
    content, expected = TABLES[name]
    (tmp_path / name).write_bytes(content)
    found = look_at_series(tmp_path / name, resolve())._asdict()
    assert {key: found[key] for key in expected} == expected
    again = resolve(changes=[{"series.path": str(tmp_path / name), **found["fitting"]}])
    assert look_at_series(tmp_path / name, again).fitting["series.column"] == found["column"]


def test_the_season_that_a_run_finds_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TABLES["months.csv"][0])
    assert look_at_series(tmp_path / "a.csv", resolve()).season.startswith("12 steps, by the autocorrelation")
    told = resolve(changes=[{"backtest.season": 6}])
    assert look_at_series(tmp_path / "a.csv", told).season == "6 steps"


@pytest.mark.parametrize("content", [b"", b"a,b\nx,y\nz,w\n", b"\x00\x01", b"a\n1\n"])
def test_what_no_run_would_read_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(SeriesError):
        look_at_series(tmp_path / "a.csv", resolve())


def test_a_sketch_goes_from_the_lowest_to_the_highest_bar() -> None:
    assert sketch(np.arange(8.0)) == "▁▂▃▄▅▆▇█"
    assert sketch(np.ones(3)) == "▁▁▁" and len(sketch(np.arange(1000.0))) == 60
