"""Where what a reach names stands."""

from itertools import count
from pathlib import Path

import pytest

from stagecraft.code import Codebase

_numbers = count()

_MAIN = """
from functools import cache
from pathlib import Path

LIMIT = 3
TABLE = {}
TABLE["a"] = LIMIT


class Counter:
    kind = "letters"

    def count(self, text):
        return len(text)


@cache
def target(record):
    words = (Path(__file__).parent / "data" / "words.txt").read_text()
    return Counter().count(words), Counter.kind, TABLE
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / f"placed_{next(_numbers)}"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "main.py").write_text(_MAIN)
    (folder / "data" / "words.txt").write_text("some words")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_each_definition_of_a_reach_stands_on_its_line(package: Path) -> None:
    code = Codebase((package.name,))
    found = {name: code.place(name) for name in code.follow(f"{package.name}.main.target").definitions}
    lines = _MAIN.splitlines()
    starts = {
        "LIMIT": "LIMIT = 3",
        "TABLE": "TABLE = {}",
        "<statements>": 'TABLE["a"] = LIMIT',
        "Counter": "class Counter:",
        "Counter.count": "    def count(self, text):",
        "target": "def target(record):",
    }
    expected = {f"{package.name}.main.{name}": (package / "main.py", start) for name, start in starts.items()}
    words = f"{package.name}/data/words.txt"
    assert found.keys() == {*expected, words}
    assert {
        name: place and (place.file, lines[place.line - 1]) for name, place in found.items() if name != words
    } == expected
    names = {place.name for place in found.values() if place}
    assert names == {*starts, ""} and found[words] == (package / "data" / "words.txt", 0, "")


@pytest.mark.parametrize(
    "name", ["PKG.main.lost", "PKG.lost.target", "PKG.main.Counter.lost", "PKG/lost.txt"]
)
def test_what_is_not_there_has_no_place(package: Path, name: str) -> None:
    assert Codebase((package.name,)).place(name.replace("PKG", package.name)) is None
