"""What stands in a file beside its rows: left out where it can be no row, and else refused by its line."""

from pathlib import Path
from typing import Any

import pytest

from seqstep.errors import SeriesError
from seqstep.series.reading.reading import UserSeries, read_file
from seqstep.settings.config import SeriesConfig

ROWS = "2020-01-01,1,x\n2020-01-02,2,y\n2020-01-03,3,z\n"
PLAIN = f"date,value,note\n{ROWS}"


def read_text(folder: Path, text: str, column: str = "value", **how: Any) -> UserSeries:
    (folder / "my.csv").write_text(text)
    return read_file(folder / "my.csv", SeriesConfig(column=column, **how))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"# made by us\n# on, a day\n{PLAIN}", ["lines 1 and 2 left out, as comments"]),
        (PLAIN.replace("2020-01-02", "# a note\n2020-01-02"), ["line 3 left out, as comments"]),
        (f"{PLAIN}# the end\n", ["line 5 left out, as comments"]),
        (f"Sales of 2020\n\n{PLAIN}", ["line 1 left out, as titles before the header"]),
        (f"Sales,,\nin EUR,,\n{PLAIN}", ["lines 1 and 2 left out, as titles before the header"]),
        (f"Sales, in EUR\n{PLAIN}", ["line 1 left out, as titles before the header"]),
        (f"sep=,\n{PLAIN}", []),
        (f"sep=;\n{PLAIN}".replace(",", ";"), []),
        (f"{PLAIN},,\n,,\n\n", []),
        (PLAIN.replace("\n", ",,\n"), []),
        (PLAIN.replace("\n", ",\n").replace("note,", "note"), []),
        (f",{PLAIN}".replace("\n2", "\n,2"), []),
        (PLAIN.replace("\n", "\n\n"), []),
        (PLAIN.replace("note\n", "note\n,MW,\n"), ["line 2 left out, as units ('MW')"]),
        (PLAIN.replace("note\n", "note\n[-],[kWh],[]\n"), ["line 2 left out, as units ('[kWh]')"]),
        (PLAIN.replace("note\n", "note\ndate,value,note\n"), ["line 2 left out, as units ('value')"]),
        (f"{PLAIN}Source: someone,,\n", ["line 5 left out, as words below the table"]),
        (
            f"{PLAIN}\nSource: someone\nDownloaded in 2021\n",
            ["lines 6 to 7 left out, as words below the table"],
        ),
        (f"{PLAIN}Total\n", ["line 5 left out, as words below the table"]),
        (PLAIN.replace("\n", "\r\n"), []),
        (PLAIN.replace("\n", "\r"), []),
        (PLAIN.replace("x", '"a\nb, c"'), []),
    ],
)
def test_what_can_be_no_row_is_left_out_and_said(text: str, said: list[str], tmp_path: Path) -> None:
    found = read_text(tmp_path, text)
    assert found.series.tolist() == [1, 2, 3]
    assert (found.step, list(found.notices)) == ("daily", said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PLAIN}Total,6,\n", "got 'Total' (line 5)"),
        (f"{PLAIN},6,\n", "row 4 of {path}, got none (line 5)"),
        (PLAIN.replace("2020-01-02", "#2020-01-02"), "got line 3, which begins as a comment"),
        (PLAIN.replace("2,y", "2,5,y"), "as in its header, 3, got more; look for a ',' too many in line 3"),
        (PLAIN.replace("2020-01-02", ""), "row 2 of {path}, got none (line 3)"),
        (PLAIN.replace("2020-01-02,2,y", ",,"), "row 2 of {path}, got none (line 3)"),
        (f"a,b,c\n{PLAIN}", "before the header of {path}, line 2, got as many fields as it has in line 1"),
        (PLAIN.replace("2,y", '"2,y'), "line 4; correct it"),
        (PLAIN.replace("2,y", "value,y"), "got 'value' (line 3)"),
        (PLAIN.replace("note\n", "note\nd,m3/s,\n"), "got 'm3/s' (line 2)"),
        (ROWS, "there is no column 'value'"),
        (
            PLAIN.replace("note", "value"),
            "got 2 that are called so; set series.column to the place of one",
        ),
        (PLAIN.replace("note", "value "), "expected one column 'value' in {path}, got 2"),
        (PLAIN.replace("date,", ""), "or for a name that the header lacks"),
        ("", "expected a CSV file with a header line at {path}, got 0 lines"),
        ("<!DOCTYPE html><html></html>", "got an HTML page; save it as CSV"),
        ("value\n1\n\n2\n", "1 missing, the first at 2"),
        ("value\nMW\n1\n2\n", "got 'MW' (line 2)"),
        ("id,value\n1,1\n2,2\n3,3\nTotal,6\n", "row 4 of {path}, got 'Total' (line 5); take that line out"),
    ],
)
def test_what_could_be_a_row_is_refused_by_its_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SeriesError) as refused:
        read_text(tmp_path, text)
    assert said.format(path=tmp_path / "my.csv") in str(refused.value)


def test_a_column_is_named_by_its_name_or_by_its_place(tmp_path: Path) -> None:
    assert read_text(tmp_path, PLAIN, "2").series.tolist() == [1, 2, 3]
    assert read_text(tmp_path, PLAIN.replace("note", "value"), "2").series.tolist() == [1, 2, 3]
    assert read_text(tmp_path, PLAIN.replace("value", "load: MW"), "load: MW").series.tolist() == [1, 2, 3]
    named = "2,1\n5,6\n7,8\n"  # a name goes before a place
    assert read_text(tmp_path, named, "2", date_column="").series.tolist() == [5, 7]
    for place in ("0", "4"):
        with pytest.raises(SeriesError, match=f"there is no column '{place}'"):
            read_text(tmp_path, PLAIN, place)
    with pytest.raises(SeriesError, match=r"expected a name of column 2 in the header of .*, got '1'"):
        read_text(tmp_path, ROWS, "2")


@pytest.mark.parametrize("column", ["1", "2"])
def test_a_place_is_not_looked_for_among_the_cells(column: str, tmp_path: Path) -> None:
    text = "value,other\n1,2\n2,1\n3,3\n"
    assert len(read_text(tmp_path, text, column, date_column="").series) == 3


def test_lines_at_the_end_are_left_out_where_it_is_set(tmp_path: Path) -> None:
    assert read_text(tmp_path, f"{PLAIN}Total,6,\n\n", footer=1).series.tolist() == [1, 2, 3]
    assert read_text(tmp_path, f"{PLAIN}Sum,6,\nMean,2,\n", footer=2).series.tolist() == [1, 2, 3]
