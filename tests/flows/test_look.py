"""`seqstep look`, on the command line."""

import gzip
import json
import shlex
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "my text.txt"
    path.write_text("Vaka vanha Väinämöinen\nelelevi aikojansa\n" * 60, encoding="utf-8")
    return path


def test_a_text_is_shown_with_what_a_run_would_do_and_what_fits(seqstep: Any, text: Path) -> None:
    seqstep("look", str(text)).ends(
        0,
        "encoding UTF-8",
        "lines 120",
        "letters kept ascii_letters",
        "unicode_letters 100.0%",
        "vaka 60 vanha 60 väinämöinen 60",
        "↵ 120",
        "space 180",
        "text.clean=ascii_letters drops",
        "settings that fit text.clean=unicode_letters text.lines=space",
    )


def test_a_document_has_the_command_that_fits(seqstep: Any, text: Path) -> None:
    found = json.loads(seqstep("look", str(text), "--json").out)
    assert (found["as"], found["lines"], found["common_words"][0]) == ("text", 120, ["vaka", 60])
    assert shlex.split(found["command"])[:6] == [
        "seqstep",
        "run",
        "--flow",
        "text",
        "--set",
        f"corpus.path={text}",
    ]


def test_long_words_are_cut_where_they_are_shown(seqstep: Any, tmp_path: Path) -> None:
    (tmp_path / "acgt.txt").write_text("acgt" * 5000)
    result = seqstep("look", str(tmp_path / "acgt.txt"))
    result.ends(0, "the text has 1 word between spaces", "acgtacgtacgtacgtacgtacgtacgtac… 1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.txt"], ["nowhere.txt can't be read: No such file"]),
        (["table.csv"], ["table.csv can't be read: No such file"]),
        (["text", "--as", "series"], ["text can't be read: No such file"]),
        (["page.html", "--as", "series"], ["page.html"]),
        (["."], ["expected a file in corpus.path='.', got none"]),
        (["page.html"], ["page.html, got an HTML page"]),
    ],
)
def test_what_can_not_be_shown_is_refused(
    words: list[str], said: list[str], seqstep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    if "page.html" in words:
        Path("page.html").write_text("<!DOCTYPE html><html><body>lamps</body></html>")
    seqstep("look", *words).ends(2, *said)


def test_what_is_compressed_or_a_field_is_looked_at_as_a_run_would_read_it(
    seqstep: Any, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("packed.txt.gz").write_bytes(gzip.compress(text.read_bytes()))
    records = [json.dumps({"text": line}) for line in text.read_text().splitlines()]
    Path("records.jsonl").write_text("\n".join(records))
    plain, packed, fields = (
        json.loads(seqstep("look", *words, "--json").out)
        for words in (
            [text.name],
            ["packed.txt.gz"],
            ["records.jsonl", "--set", "corpus.field=text"],
        )
    )
    own = ("file", "command", "fitting")
    assert {**packed, **{name: plain[name] for name in own}} == plain
    assert fields["common_words"] == plain["common_words"]
    assert "corpus.field=text" in fields["command"]


def test_a_text_in_another_encoding_is_shown_in_the_one_that_is_guessed(
    seqstep: Any, text: Path, tmp_path: Path
) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(text.read_text().encode("cp1252"))
    found = json.loads(seqstep("look", str(latin), "--json").out)
    assert found["encoding"] == found["fitting"]["corpus.encoding"] == "cp1252"
    assert found["common_words"][2] == ["väinämöinen", 60]
    assert found["would"][0].startswith("refuse it: expected utf-8") and found["would_then"]
    (command,) = [word for word in shlex.split(found["command"]) if word.startswith("corpus.encoding")]
    again = json.loads(seqstep("look", str(latin), "--set", command, "--json").out)
    assert again["common_words"] == found["common_words"] and "refuse" not in again["would"][0]


def test_a_table_can_be_looked_at_as_a_text(seqstep: Any, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("date,load\n2020-01-01,7\n" * 99)
    seqstep("look", str(tmp_path / "table.csv"), "--as", "text").ends(0, "text.clean=none")


def test_a_series_is_shown_with_what_a_run_would_do_and_what_fits(seqstep: Any, tmp_path: Path) -> None:
    days = "".join(f"{day:02d}.01.2024;{day},5;x\n" for day in range(1, 32) if day != 9)
    (tmp_path / "my sales.csv").write_text(f"Tag;Absatz;Notiz\n{days}")
    looked = ["look", str(tmp_path / "my sales.csv")]
    seqstep(*looked).ends(
        0,
        "columns 'Tag', 'Absatz', 'Notiz'",
        "read as values 'Absatz'",
        "dates 'Tag', as %d.%m.%Y",
        "step daily",
        "from, to 2024-01-01 00:00:00, 2024-01-31 00:00:00",
        "values 31, 1 of them missing",
        "▁",
        "series.gaps=interpolate to fill them",
        "expected horizons of up to 8 steps",
        "settings that fit series.column=Absatz series.gaps=interpolate forecast.horizons=1,4",
    )
    found = json.loads(seqstep(*looked, "--json", "--set", "series.name=mine").out)
    assert (found["as"], found["gaps"], found["low"], found["high"]) == ("series", 1, 1.5, 31.5)
    command = shlex.split(found["command"])
    assert command[:6] == ["seqstep", "run", "--flow", "series", "--set", f"series.path={looked[1]}"]
    assert command[6] == "series.column=Absatz" and command[-1] == "series.name=mine"
    seqstep(*command[1:2], "--until", "series", *command[2:]).ends(0)
