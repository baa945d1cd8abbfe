"""Texts as people keep them, from the command line."""

import gzip
import io
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.home import Home

LINES = [f"the keeper of the {number}th lamp was glad\n" for number in range(90)]
Ends = Callable[..., dict[str, Any]]


@pytest.fixture
def ends(seqstep: Any, home: Home) -> Ends:
    """Run or plan a text up to its tokens; return how its stages ended."""

    def run(command: str, path: str, *settings: str, profile: str = "quick") -> dict[str, Any]:
        words = [command, profile, "--until", "tokenize", "--json", "--set", f"corpus.path={path}", *settings]
        if command == "run":
            words.append("--strict")
        told = json.loads(seqstep(*words).out)
        return {stage["name"]: stage for stage in told["stages"]}

    return run


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_text("".join(LINES[:30]))
    (folder / "b" / "b.txt.gz").write_bytes(gzip.compress("".join(LINES[30:60]).encode()))
    (folder / "c.txt").write_text("".join(LINES[60:]), encoding="utf-8-sig")
    return folder


def states(stages: dict[str, Any]) -> set[str]:
    return {stage["state"] for stage in stages.values()}


def test_a_folder_is_one_text_however_it_is_named_and_a_file_more_is_another(
    ends: Ends, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tmp_path / "one.txt"
    one.write_text("".join(LINES))
    whole, parts = ends("run", str(one)), ends("run", str(books))
    assert parts["download"]["state"] == "completed" and parts["tokenize"]["state"] == "cached"
    assert whole["tokenize"]["key"] == parts["tokenize"]["key"]
    monkeypatch.setenv("HOME", str(tmp_path))
    listed = json.dumps([f"{books}/a.txt", "~/books/b/b.txt.gz", f"{books}/../books/c.txt"])
    (books / ".hidden").touch()
    for spelling in (f"{books}/", "~/books", f"{books}/**", f"{books}/../books/**", listed):
        assert states(ends("plan", spelling)) == {"cached"}, spelling
    (books / "d.txt").write_text("more\n")
    assert ends("plan", str(books))["download"]["state"] == "would_run"


def test_the_command_of_a_refusal_works_when_it_is_pasted(seqstep: Any, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "my text's.txt"
    path.write_bytes("die große Lampe brannte für ihn noch am Abend und am Morgen\n".encode("cp1252") * 40)
    refused = seqstep("run", "--until", "tokenize", "--set", f"corpus.path={path}")
    assert refused.status == 2
    said = refused.err[refused.err.index("as in: ") :].splitlines()[0]
    words = shlex.split(said.removeprefix("as in: "))
    assert words[0] == "seqstep"
    result = seqstep(*words[1:], "--until", "tokenize")
    assert result.status == 0


def test_a_pipe_is_read_once_and_is_the_same_text_when_it_comes_again(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pipe(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe("".join(LINES))
    assert states(ends("run", "-")) == {"completed"}
    pipe("".join(LINES))
    assert states(ends("run", "-")) == {"cached"}
    pipe("another text\n")
    assert ends("plan", "-")["download"]["state"] == "would_run"


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"", [], "expected a text on standard input, got nothing; pipe one in"),
        (b"x" * 20, ["corpus.max_bytes=10"], "expected at most 10 bytes from standard input, got 20 or more"),
        (b"x", ["corpus={path='-'}"], "standard input is read where a command line says --set corpus.path=-"),
    ],
)
def test_a_pipe_that_can_not_be_read_is_refused(
    content: bytes,
    settings: list[str],
    message: str,
    seqstep: Any,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    where = ["corpus.path=-", *settings] if "corpus={path='-'}" not in settings else settings
    seqstep("plan", "--until", "download", "--set", *where).ends(2, message)


def test_a_terminal_is_no_pipe(seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    seqstep("plan", "--set", "corpus.path=-").ends(
        2, "got a terminal; pipe it in, as in `zcat books/*.gz | seq"
    )
