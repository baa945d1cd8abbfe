"""Which files a setting names, and in which order."""

from pathlib import Path
from typing import Any

import pytest

from seqstep.corpus.files import named, text_files
from seqstep.errors import ConfigError

TREE = [
    "b.txt",
    "a.txt",
    "Z.txt",
    "sub/c.txt",
    "sub/deep/d.txt",
    "sub.txt",
    "sub/e.md",
    ".hidden",
    ".git/config",
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = (tmp_path / "here").resolve()
    for name in TREE:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    monkeypatch.chdir(path)
    monkeypatch.setenv("HOME", str(path))
    return path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", ["Z.txt", "a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "sub/e.md", "sub.txt"]),
        ("sub", ["sub/c.txt", "sub/deep/d.txt", "sub/e.md"]),
        ("sub/", ["sub/c.txt", "sub/deep/d.txt", "sub/e.md"]),
        ("~/sub/../sub", ["sub/c.txt", "sub/deep/d.txt", "sub/e.md"]),
        ("*.txt", ["Z.txt", "a.txt", "b.txt", "sub.txt"]),
        ("[ab].txt", ["a.txt", "b.txt"]),
        ("?.txt", ["Z.txt", "a.txt", "b.txt"]),
        ("**/*.txt", ["Z.txt", "a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "sub.txt"]),
        ("**", ["Z.txt", "a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt", "sub/e.md", "sub.txt"]),
        ("**/deep/*", ["sub/deep/d.txt"]),
        ("**/**/d.txt", ["sub/deep/d.txt"]),
        ("*/*.md", ["sub/e.md"]),
        ("~/*/c.txt", ["sub/c.txt"]),
        (".h*", [".hidden"]),
        (["sub/e.md", "a.txt"], ["sub/e.md", "a.txt"]),
        (["sub/*.txt", "a.txt"], ["sub/c.txt", "a.txt"]),
        (["a.txt"], ["a.txt"]),
        ("a.txt", ["a.txt"]),
    ],
)
def test_files_come_in_the_order_of_their_paths_and_lists_in_their_own(
    path: Any, expected: list[str], here: Path
) -> None:
    assert text_files(path).files == [here / name for name in expected]


def test_what_is_passed_over_is_told_and_folders_are_those_that_were_listed(here: Path) -> None:
    (here / "nowhere").symlink_to("no such file")
    (here / "loop").symlink_to(here)
    found = text_files(".")
    assert found.passed_over == [here / name for name in (".git", ".hidden", "loop", "nowhere")]
    assert found.folders == [here, here / "sub", here / "sub" / "deep"] and found.is_several
    assert text_files("a.txt").folders == [] and not text_files("a.txt").is_several


def test_a_file_that_is_called_like_a_pattern_is_that_file(here: Path) -> None:
    (here / "[ab].txt").write_text("x")
    assert text_files("[ab].txt").files == [here / "[ab].txt"]


def test_spellings_of_the_same_files_have_one_name_and_another_text_has_another(here: Path) -> None:
    listed = [f"sub/{name}" for name in ("c.txt", "deep/d.txt", "e.md")]
    names = {named(path) for path in ("sub", "./sub/**", str(here / "sub"), listed)}
    assert names == {"3 files, c.txt to e.md"}
    assert named("a.txt") == named("a*") == named(["a.txt"]) == "a.txt"
    assert named("") == "" and named("builtin:lighthouse") == "builtin:lighthouse"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("*.csv", r"expected a file in corpus.path='\*.csv', got none; name others"),
        ("no/**/*.txt", "got none; name others"),
        (["a.txt", "./a.txt"], "expected each file once in corpus.path, got '.*/a.txt' twice"),
        (["a.txt", "*.txt"], "expected each file once"),
        ("-", "standard input is read where a command line says --set corpus.path=-; say it there"),
        ("~nosuchuser/*", "got none|there is no such user"),
        ("a\0*", "embedded null"),
        ([""], r"expected paths in corpus.path, got \"\[''\]\", where one is empty; name a file"),
        (["", "a.txt"], "where one is empty; name a file"),
        ("a" * 5000, "File name too long; name another"),
        ("a" * 5000 + "*", "expected a file in corpus.path='a*…a*[*]'.*, got none|got none"),
    ],
)
def test_what_names_no_file_or_one_twice_is_refused(path: Any, message: str, here: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        text_files(path)


def test_a_folder_that_is_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".only-hidden").touch()
    with pytest.raises(ConfigError, match="got none; name others"):
        text_files(str(tmp_path))
