"""Files and folders that are there whole or not at all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from stagecraft.files.whole import PART, half_written, whole_folder, write_whole


class DiskFullError(OSError):
    """What a writer may end with."""


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b" / "c.json", b"content")
    assert (tmp_path / "a" / "b" / "c.json").read_bytes() == b"content"
    assert names(tmp_path) == ["a", "a/b", "a/b/c.json"]


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    for content in (b"a long first one", b"short", b""):
        write_whole(tmp_path / "file", content)
        assert (tmp_path / "file").read_bytes() == content
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("before", [None, b"before"])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, before: bytes | None, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        assert len(list(tmp_path.glob(f"file*{PART}"))) == 1  # it was half-way there, under another name
        raise DiskFullError

    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(DiskFullError):
        write_whole(path, b"after")
    monkeypatch.undo()
    assert names(tmp_path) == ([] if before is None else ["file"])
    assert before is None or path.read_bytes() == before


def test_what_is_no_bytes_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_whole(tmp_path / "file", "text")  # type: ignore[arg-type]
    assert names(tmp_path) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from stagecraft.files import whole as files
path = Path(sys.argv[1])
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
files.write_whole(path, b"after")
"""


def test_a_killed_writer_leaves_what_was_there_and_its_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "file")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "file").read_bytes() == b"before"
    (rest,) = half_written(tmp_path)
    assert rest.read_bytes() == b"after" and rest.name.startswith("file")


def test_a_reader_never_sees_a_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 300_000 for letter in b"ab"]
    write_whole(path, contents[0])
    writer = "import sys\nfrom pathlib import Path\nfrom stagecraft.files.whole import write_whole\n"
    writer += "for n in range(60): write_whole(Path(sys.argv[1]), b'ba'[n % 2 :][:1] * 300_000)\n"
    process = subprocess.Popen([sys.executable, "-c", writer, str(path)])
    seen = set()
    while process.poll() is None:
        seen.add(path.read_bytes())
    assert process.returncode == 0 and seen <= set(contents)


def test_a_folder_appears_whole_under_its_name(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "state"
    with whole_folder(place) as folder:
        assert list(folder.iterdir()) == [] and folder.name.endswith(PART)
        (folder / "one").write_text("1")
        assert not place.exists()
        (folder / "below").mkdir()
        (folder / "below" / "two").write_text("2")
    assert names(tmp_path) == [
        "deep",
        "deep/state",
        "deep/state/below",
        "deep/state/below/two",
        "deep/state/one",
    ]


@pytest.mark.parametrize("error", [DiskFullError, KeyboardInterrupt])
def test_a_folder_whose_writer_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_folder(tmp_path / "state") as folder:
        (folder / "one").write_text("1")
        raise error
    assert names(tmp_path) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    for number in count(1):
        with whole_folder(tmp_path / "state") as folder:
            (folder / "number").write_text(str(number))
        if number == 2:
            break
    assert names(tmp_path) == ["state", "state/number"]
    assert (tmp_path / "state" / "number").read_text() == "1"


@pytest.fixture
def littered(tmp_path: Path) -> Iterator[Path]:
    for name in (f"a/x{PART}", "a/whole", f"b{PART}", f"set-aside/1/x{PART}", f"a/.set-aside/1/x{PART}"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    yield tmp_path


def test_what_is_half_written_is_found_at_any_depth_but_for_what_was_set_aside(littered: Path) -> None:
    assert half_written(littered) == [littered / f"a/x{PART}", littered / f"b{PART}"]
