"""The commands that keep a home in order: what they print, and what they are asked for."""

import errno
import json
import os
from typing import Any

import pytest

from seqstep_cli.main import PROGRAM
from stagecraft.cache.sessions import home_id
from stagecraft.cli.main import build_parser
from stagecraft.files.home import Home
from stagecraft.files.set_aside import SetAside
from stagecraft.mlflow import Tracker


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("gc --max-bytes many", ["--max-bytes: expected a size such as 500MB, 2GB or 1GiB, got 'many'"]),
        ("gc --max-bytes 5XB", ["expected a size", "got '5XB'"]),
        ("gc --max-bytes=-5", ["expected a size", "got '-5'"]),
        ("gc --max-bytes=", ["expected a size", "got ''"]),
        ("gc --max-bytes 1e9999", ["expected a size", "got '1e9999'"]),
        (
            "gc --older-than month",
            ["--older-than: expected an age such as 30d, 12h, 45m or 90s, got 'month'"],
        ),
        ("gc --older-than 30", ["expected an age", "got '30'"]),
        ("gc --older-than 3MB", ["expected an age", "got '3MB'"]),
        ("gc 30d", ["unrecognized arguments: 30d", "see `seqstep --help`"]),
        ("doctor --fix-all", ["unrecognized arguments: --fix-all"]),
    ],
)
def test_a_wrong_amount_is_refused_in_one_line(argv: str, words: list[str], seqstep: Any, home: Home) -> None:
    result = seqstep(*argv.split())
    result.ends(2, "seqstep: ", *words)
    assert result.out == "" and len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12", 12), ("5B", 5), ("500MB", 5e8), ("1.5 gb", 1.5e9), ("2k", 2000), ("1GiB", 2**30)],
)
def test_a_size_may_have_a_unit(text: str, size: int) -> None:
    assert build_parser(PROGRAM).parse_args(["gc", "--max-bytes", text]).max_bytes == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("45m", 2700), ("12h", 43200), ("30d", 2592000), ("2w", 1209600)]
)
def test_an_age_has_a_unit(text: str, seconds: int) -> None:
    assert build_parser(PROGRAM).parse_args(["gc", "--older-than", text]).older_than == seconds


def test_doctor_says_what_it_found_and_repairs_it_only_when_asked(seqstep: Any, home: Home) -> None:
    run_id = Tracker(home).start_run("train_rnn", {}, session=f"{home_id(home)}-gone")
    (home.results / "vocab").mkdir(parents=True)
    (home.results / "vocab" / "0-1").write_text("{")
    found = seqstep("doctor")
    found.ends(1, "run without a process", f"{run_id} (train_rnn)", "mark it as killed")
    found.ends(1, "result without artifacts", "vocab/0-1: result damaged", "2 found; `seqstep doctor --fix`")
    document = json.loads(seqstep("doctor", "--json").out)
    assert [(entry["kind"], entry["fixed"]) for entry in document["findings"]] == [
        ("result without artifacts", None),
        ("run without a process", None),
    ]
    fixed = seqstep("doctor", "--fix", "--json")
    assert fixed.status == 0 and [e["fixed"] for e in json.loads(fixed.out)["findings"]] == [True, True]
    seqstep("doctor").ends(0, "nothing found", "set aside: ", "1 bytes; `seqstep doctor --put-back ")
    document = json.loads(seqstep("doctor", "--json").out)
    (repair,) = document["set_aside"]
    assert document["findings"] == []
    seqstep("gc", "--set-aside", "1d").ends(0, "freed 0 bytes that 0 repairs set aside")
    seqstep("gc", "--set-aside", "--dry-run").ends(0, "would free 1 bytes that 1 repairs set aside")
    seqstep("doctor", "--put-back", "").ends(2, "expected the time of a repair, got ''")
    seqstep("doctor", "--put-back", "no-such").ends(2, f"got 'no-such'; there are: {repair}")
    seqstep("doctor", "--put-back", repair).ends(0, f"put back what {repair} set aside")
    assert (home.results / "vocab" / "0-1").read_text() == "{"
    seqstep("doctor", "--fix").ends(0, "repaired 1 of 1")
    seqstep("gc", "--set-aside").ends(0, "freed 1 bytes that 1 repairs set aside")
    assert json.loads(seqstep("doctor", "--json").out) == {"findings": []}


def test_doctor_says_what_it_could_not_repair(
    seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (home.results / "vocab").mkdir(parents=True)
    (home.results / "vocab" / "0-1").symlink_to("0-1")
    monkeypatch.setattr(SetAside, "take", fail)
    seqstep("doctor", "--fix").ends(1, "not done: set it aside", os.strerror(errno.EIO), "repaired 0 of 1")
    assert json.loads(seqstep("doctor", "--fix", "--json").out)["findings"][0]["fixed"] is False


def test_gc_says_what_it_frees_and_how_much_is_kept(seqstep: Any, home: Home) -> None:
    home.damaged.mkdir(parents=True)
    (home.damaged / "out.txt").write_bytes(b"x" * 2000)
    seqstep("gc", "--dry-run").ends(
        0, "would go", "damaged", "out.txt", "2.0 kB", "would free", "keep 0 bytes"
    )
    told = json.loads(seqstep("gc", "--dry-run", "--json").out)
    assert told == {
        "freed": [{"what": "out.txt", "kind": "damaged", "bytes": 2000, "why": "nobody needs it"}],
        "freed_bytes": 2000,
        "kept_bytes": 0,
    }
    assert json.loads(seqstep("gc", "--json").out) == told
    seqstep("gc").ends(0, "freed 0 bytes, kept 0 bytes")


def test_gc_says_plainly_if_more_must_be_kept_than_may_be(seqstep: Any, home: Home) -> None:
    run_id = Tracker(home).start_run("vocab", {"seqstep.pinned": "true"}, session=f"{home_id(home)}-gone")
    file = home.artifacts / run_id / "artifacts" / "out.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 2000)
    result = seqstep("gc", "--max-bytes", "1k", "--json")
    result.ends(0, "expected to keep at most 1.0 kB (1,000 bytes), keeps 2.0 kB (2,000 bytes): runs in")
    assert json.loads(result.out) == {"freed": [], "freed_bytes": 0, "kept_bytes": 2000}
