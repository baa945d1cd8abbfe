"""Numbers in all ways of writing them: read as they were meant, or refused."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import read_file
from seqstep.settings.config import SeriesConfig

Read = Callable[..., pd.Series]


def read_cells(folder: Path, cells: list[str], separator: str = ",", **how: Any) -> list[float]:
    path = folder / "my.csv"
    path.write_text(f"name{separator}value\n" + "".join(f'x{separator}"{cell}"\n' for cell in cells))
    return read_file(path, SeriesConfig(column="value", **how)).series.tolist()


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["900", "1,000"], [900, 1000]),
        (["900", "1,234", "1,234,567"], [900, 1234, 1234567]),
        (["1,234.5", "980"], [1234.5, 980]),
        (["1.234,5", "980"], [1234.5, 980]),
        (["1 234,5", "980"], [1234.5, 980]),
        (["1\u00a0234,5", "1\u202f000"], [1234.5, 1000]),
        (["1'234.5", "980"], [1234.5, 980]),
        (["1’234", "12"], [1234, 12]),
        (["1,5", "2"], [1.5, 2]),
        (["0,125", "2,250"], [0.125, 2.25]),
        (["0.125", "2.250"], [0.125, 2.25]),
        (["1234,567", "2"], [1234.567, 2]),
        (["1.5e3", "1.000"], [1500, 1]),
        (["−1.5", "+2", ".5", "3."], [-1.5, 2, 0.5, 3]),
        (["1.234.567", "12"], [1234567, 12]),
        (["007", "1e-3"], [7, 0.001]),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_has_one_reading_is_read(
    cells: list[str], values: list[float], separator: str, tmp_path: Path
) -> None:
    assert read_cells(tmp_path, cells, separator) == values


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["1.000", "980"], ";"),
        (["1.000", "980"], ","),
        (["1.234", "2.500"], ";"),
        (["1.234", "2.500"], "\t"),
        (["1,234", "980"], ","),
        (["1,234", "2,501"], ","),
        (["1,234", "2,501"], ";"),
        (["-1,234", "12"], "\t"),
        (["12.345"], ";"),
        (["100.000", "5"], ";"),
    ],
)
def test_what_has_two_readings_is_refused_until_it_is_set(
    cells: list[str], separator: str, tmp_path: Path
) -> None:
    cells = [*cells, "7"]
    with pytest.raises(
        SeriesError, match=r"row 1 .*\(line 2\), which is .* with series\.decimal=.*series\.thou"
    ):
        read_cells(tmp_path, cells, separator)
    mark = "." if "." in cells[0] else ","
    as_decimal = [float(cell.replace(mark, ".")) for cell in cells]
    as_thousands = [float(cell.replace(mark, "")) for cell in cells]
    assert read_cells(tmp_path, cells, separator, decimal=mark, thousands="none") == as_decimal
    assert read_cells(tmp_path, cells, separator, thousands=mark) == as_thousands


def test_points_that_commas_part_are_decimal_ones_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("value,other\n1.234,1\n2.500,2\n")
    found = read_file(tmp_path / "my.csv", SeriesConfig(column="value"))
    assert found.series.tolist() == [1.234, 2.5]
    said = "column 'value': its points are taken for decimal ones; series.thousands=. says otherwise"
    assert found.notices[0] == said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("12%", "take the percent signs out"),
        ("12 %", "take the percent signs out"),
        ("€12", "signs of currencies"),
        ("$1,200.50", "signs of currencies"),
        ("12 EUR", "signs of currencies"),
        ("(12)", "with a minus"),
        ("5-", "correct it"),
        ("1,00,000", "correct it"),
        ("5 MW", "correct it"),
        ("true", "correct it"),
        ("0x10", "correct it"),
        ("1_000", "correct it"),
        ("١", "correct it"),
        ("?", "series.missing if it stands for a missing value"),
        ("n/d", "series.missing"),
        ("1.2.3", "correct it"),
        ("1,2,3", "correct it"),
        ("12:30", "correct it"),
    ],
)
def test_what_is_no_number_is_named_with_its_line(cell: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"row 2 of .*\(line 3\)") as refused:
        read_cells(tmp_path, ["1", cell, "2"])
    assert said in str(refused.value) and repr(cell) in str(refused.value)


def test_what_stands_for_a_missing_value_is_declared_as_text_or_number(read: Read) -> None:
    text = "date,value\n2020-01-01,1\n2020-01-02,?\n2020-01-03,n/a\n2020-01-04,-9999.0\n2020-01-05,5\n"
    with pytest.raises(SeriesError, match=r"got '\?' \(line 3\)"):
        read(text)
    how = {"missing": ("?", "n/a", "-9999")}
    with pytest.raises(SeriesError, match="3 missing, the first at 2020-01-02"):
        read(text, **how)
    assert read(text, gaps="interpolate", **how).tolist() == [1, 2, 3, 4, 5]


MARKS = [(".", ""), (".", ","), (".", " "), (".", "'"), (",", ""), (",", "."), (",", " "), (",", "\u202f")]


def written(value: float, places: int, decimal: str, thousands: str) -> str:
    whole, _, rest = f"{value:,.{places}f}".partition(".")
    return whole.replace(",", thousands) + (decimal + rest if rest else "")


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(st.floats(-1e7, 1e7, allow_nan=False), min_size=2, max_size=12),
    places=st.integers(0, 6),
    marks=st.sampled_from(MARKS),
    separator=st.sampled_from(",;\t"),
    order=st.randoms(use_true_random=False),
)
@pytest.mark.thorough
def test_numbers_are_read_back_or_refused(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[float],
    places: int,
    marks: tuple[str, str],
    separator: str,
    order: random.Random,
) -> None:
    cells = [written(value, places, *marks) for value in values]
    # Where commas part the fields, points that all numbers have are taken for decimal ones, and that is said.
    assume(not (separator == "," and marks == (",", ".") and all(cell.count(".") == 1 for cell in cells)))
    folder = tmp_path_factory.mktemp("numbers")
    try:
        read = read_cells(folder, cells, separator)
    except SeriesError as refused:
        assert "series.thousands" in str(refused)
        return
    assert read == [float(f"{value:.{places}f}") for value in values]
    shuffled = order.sample(cells, len(cells))
    assert sorted(read_cells(folder, shuffled, separator)) == sorted(read)
