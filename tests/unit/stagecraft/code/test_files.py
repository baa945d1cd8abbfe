"""Whether a process imported the code that was read: files that are changed in between are named."""

import importlib
import os
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagecraft.code import Codebase
from stagecraft.files.whole import state_of

_SOURCES = {
    "__init__": "",
    "main": "from {0}.api import total\n\ndef target():\n    return total() + late()\n\n"
    "def late():\n    from {0}.lazy import rest\n    return rest()\n",
    "api": "from {0}.sums import total\n",
    "sums": "def total():\n    return 1\n",
    "lazy": "from pathlib import Path\n\ndef rest():\n"
    "    return int((Path(__file__).parent / 'data' / 'rest.txt').read_text())\n",
    "apart": "def apart():\n    return 1\n",
}


@pytest.fixture
def package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Path]:
    folder = tmp_path / f"watched_{abs(hash(request.node.name))}"
    (folder / "data").mkdir(parents=True)
    for name, text in _SOURCES.items():
        (folder / f"{name}.py").write_text(text.format(folder.name))
    (folder / "data" / "rest.txt").write_text("2")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        del sys.modules[name]


def touch(file: Path) -> None:
    """Write the same once more: what was there in between, nobody knows."""
    before = state_of(file)
    while state_of(file) == before:
        file.write_text(file.read_text())


def behind(code: Codebase, package: Path) -> dict[Path, str]:
    return code.files.behind(code.follow(f"{package.name}.main.target").definitions)


def changed(code: Codebase, package: Path) -> set[str]:
    files = behind(code, package)
    return {path.relative_to(package).as_posix() for path in code.files.changed(files)}


def test_nothing_is_changed_at_first(package: Path) -> None:
    assert changed(Codebase([package.name]), package) == set()


@pytest.mark.parametrize("name", ["__init__.py", "main.py", "api.py", "sums.py", "lazy.py", "data/rest.txt"])
def test_a_file_that_was_written_before_it_was_imported_is_named(package: Path, name: str) -> None:
    code = Codebase([package.name])
    touch(package / name)
    assert changed(code, package) == {name}


def test_a_file_that_counts_for_nothing_is_not_named(package: Path) -> None:
    code = Codebase([package.name])
    touch(package / "apart.py")
    assert changed(code, package) == set()


def test_what_was_imported_stays_what_it_was_but_what_was_not_may_change(package: Path) -> None:
    code = Codebase([package.name])
    importlib.import_module(f"{package.name}.main")
    code.files.note_imports(behind(code, package))
    assert changed(code, package) == set()
    for name in ("main.py", "api.py", "sums.py", "lazy.py", "data/rest.txt"):
        touch(package / name)
    assert changed(code, package) == {"lazy.py", "data/rest.txt"}
    importlib.import_module(f"{package.name}.lazy")
    code.files.note_imports(behind(code, package))
    assert changed(code, package) == {"lazy.py", "data/rest.txt"}


def test_a_file_that_is_gone_or_has_come_is_named(package: Path) -> None:
    code = Codebase([package.name])
    (package / "sums.py").unlink()
    (package / "api.py").write_text("def total():\n    return 3\n")
    assert changed(code, package) == {"api.py"}
    code = Codebase([package.name])
    (package / "fresh.py").write_text("def total():\n    return 4\n")
    (package / "api.py").write_text(f"from {package.name}.fresh import total\n")
    assert changed(code, package) == {"api.py", "fresh.py"}


def test_a_package_that_is_one_file_is_watched_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "watched_alone.py"
    file.write_text("def target():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    code = Codebase([file.stem])
    files = code.files.behind(code.follow("watched_alone.target").definitions)
    assert code.files.changed(files) == []
    touch(file)
    assert code.files.changed(files) == [file]


@pytest.mark.parametrize("is_unchecked", [False, True])
def test_older_code_that_python_had_kept_is_named_once(
    package: Path, monkeypatch: pytest.MonkeyPatch, is_unchecked: bool
) -> None:
    """It takes a file of the same second and the same size, or any file, for the one that it has compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = package / "sums.py"
    os.utime(file, (1000, 1000))
    if is_unchecked:
        py_compile.compile(str(file), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert importlib.import_module(f"{package.name}.sums").total() == 1
    del sys.modules[f"{package.name}.sums"]
    file.write_text(file.read_text().replace("return 1", "return 2"))
    os.utime(file, (2000, 2000) if is_unchecked else (1000, 1000))
    code = Codebase([package.name])
    assert importlib.import_module(f"{package.name}.sums").total() == 1
    code.files.note_imports(behind(code, package))
    assert changed(code, package) == {"sums.py"}
    del sys.modules[f"{package.name}.sums"]
    again = Codebase([package.name])
    assert importlib.import_module(f"{package.name}.sums").total() == 2
    again.files.note_imports(behind(again, package))
    assert changed(again, package) == set()
