"""Whatever goes wrong: the exit status, the words, and nothing left half-done."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.home import Home
from tests.patience import PATIENCE_S

ZEROS = "0" * 40
WRONG = hashlib.sha1(b"another text\n", usedforsecurity=False).hexdigest()
SMALL = ["corpus.attempts=1", f"corpus.timeout_s={PATIENCE_S}", "corpus.max_bytes=100000"]


@pytest.fixture
def sha1(text: bytes) -> str:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


@pytest.fixture
def downloads(home: Home) -> Callable[[], list[str]]:
    return lambda: [path.name for path in home.downloads.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/wrong", 2, ["expected SHA-1 {sha1}", f"got {WRONG}", "from {url}", "set corpus.sha1"]),
        ("/fails", 1, ["{url} answered with status 500; try again later"]),
        ("closed", 1, ["{url} can't be reached", "check the network, or use a local file with corpus.path"]),
    ],
)
def test_a_text_that_does_not_come_as_asked_is_refused_in_words(
    path: str, status: int, words: list[str], seqstep: Any, server: Any, failed: Any, downloads: Any,
    sha1: str, closed_port: int,
) -> None:  # fmt: skip
    url = f"http://127.0.0.1:{closed_port}/text.txt" if path == "closed" else server.url(path)
    expected = [word.format(url=url, sha1=sha1) for word in words]
    settings = [f"corpus.url={url}", f"corpus.sha1={sha1}", *SMALL]
    result = seqstep("run", "--until", "verify", "--set", *settings)
    result.ends(status, "download failed", "verify skipped", "after download", *expected)
    failed("download", *expected)
    assert downloads() == []


def test_the_right_cached_text_is_never_fetched_again_and_works_offline(
    seqstep: Any, server: Any, sha1: str, home: Home
) -> None:
    run = ["run", "--until", "verify", "--set", f"corpus.url={server.url('/ok')}", f"corpus.sha1={sha1}"]
    seqstep(*run, "--offline").ends(2, "expected the text in the cache, got nothing at", "without --offl")
    assert server.requests == {}
    for options in ([], [], ["--offline"]):
        assert seqstep(*run, *options).status == 0
    assert server.requests == {"/ok": 1}


def test_several_addresses_are_mirrors_in_order(seqstep: Any, server: Any, sha1: str, runs: Any) -> None:
    names = ["/missing", "/wrong", "/fails", "/ok", "/flaky"]
    urls = f"corpus.url={' '.join(map(server.url, names))}"
    result = seqstep("run", "--until", "download", "--set", urls, f"corpus.sha1={sha1}", *SMALL)
    assert result.status == 0 and list(server.requests) == names[:4]
    (dataset,) = runs()["download"].inputs.dataset_inputs
    assert dataset.dataset.source == server.url("/ok")


def test_a_text_without_a_hash_is_accepted_with_a_notice_and_later_held_to_it(
    seqstep: Any, server: Any, text: bytes, sha1: str, home: Home
) -> None:
    server.bodies = [text, b"another text\n"]
    run = ["run", "--until", "download", "--set", f"corpus.url={server.url('/changing')}", "corpus.sha1="]
    result = seqstep(*run)
    result.ends(0, "download: note: accepted without a hash", f"corpus.sha1={sha1}")
    next(home.downloads.rglob("corpus.txt")).unlink()
    seqstep(*run).ends(2, f"expected SHA-1 {sha1}, got {WRONG}")


@pytest.mark.parametrize(
    ("content", "stage", "settings", "words"),
    [
        (b"", "verify", [], ["expected a text, got an empty file at {path}"]),
        (b"12 34 ... \n!\n" * 50, "tokenize", [], ["at least one char, got 100 lines", "text.clean="]),
        (b"the \xff traveller\n", "download", [], ["expected utf-8 in {path}", "0xff", "corpus.encoding="]),
        (b"<html>\n", "download", [], ["expected a text in {path}, got an HTML page; save its text, or pin"]),
        (b"too short\n", "train_rnn", [], ["at least 1155 tokens", "got 9", "lower rnn.batch or rnn.steps"]),
        (b"a b c d\n", "vocab", ["text.min_freq=3"], ["text.min_freq=3 leaves no", "<unk>", "lower it"]),
        (b"right\n", "verify", [f"corpus.sha1={ZEROS}"], [f"expected SHA-1 {ZEROS}", "got ", "at {path}"]),
    ],
)
def test_a_text_that_can_not_be_used_is_refused_in_words(
    content: bytes, stage: str, settings: list[str], words: list[str],
    seqstep: Any, failed: Any, tmp_path: Path,
) -> None:  # fmt: skip
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    expected = [word.format(path=path) for word in words]
    result = seqstep("run", "--until", stage, "--set", f"corpus.path={path}", *settings)
    result.ends(2, f"{stage} failed", *expected)
    failed(stage, *expected)


def test_a_text_that_is_too_short_to_compare_on_is_refused_before_anything_is_trained(
    seqstep: Any, runs: Any, tmp_path: Path
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("the keeper kept the lamp\n" * 280)  # 6720 characters
    settings = [f"corpus.path={path}", "comparison.enabled=true", "rnn.epochs=1"]
    words = "got a text of 6720 tokens; take a longer text, lower rnn.max_tokens"
    result = seqstep("run", "--until", "compare_language", "--set", *settings)
    result.ends(2, "check_comparison failed", "rnn.max_tokens", words)
    assert not {"train_rnn", "train_rnn_scratch", "compare_language"} & set(runs())


CSV = "date,load,name\n" + "".join(f"2024-01-{day:02d},{day}.5,x{day}\n" for day in range(1, 31))


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        (CSV, ["series.column=laod"], ["there is no column 'laod' in {path}; did you mean load?"]),
        (CSV, ["series.column=name"], ["expected a number in column 'name', row 1 of {path}, got 'x1'"]),
        (CSV, [], ["which column of {path} is the series? set series.column"]),
        (CSV.replace("3.5", "nan", 1), ["series.column=load"], ["got 1 missing, the first at 2024-01-03"]),
        (CSV.replace("3.5", "", 1), ["series.column=load"], ["{path}", "set series.gaps=interpolate"]),
        (CSV[:30], ["series.column=load"], ["expected at least 2 rows in {path}, got 1"]),
        ("", ["series.column=load"], ["expected a CSV file with a header line at {path}"]),
        (None, ["series.column=load"], ["the series {path} can't be read: No such file or directory"]),
    ],
)
def test_a_csv_file_that_can_not_be_used_is_refused_in_words(
    content: str | None, settings: list[str], words: list[str], seqstep: Any, failed: Any, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    if content is not None:
        path.write_text(content)
    expected = [word.format(path=path) for word in words]
    result = seqstep("run", "--until", "series", "--set", f"series.path={path}", *settings)
    result.ends(2, "series failed", *expected)
    failed("series", *expected)
