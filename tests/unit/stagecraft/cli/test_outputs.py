"""Where a command writes: what is there stays what it is."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqstep_cli.main import PROGRAM
from stagecraft.cli.main import run_command
from stagecraft.cli.outputs import check_outside, whole_output, write_output
from stagecraft.errors import StagecraftError, UsageError
from stagecraft.files import opening
from stagecraft.files.home import Home

TEXT = "time,forecast\n1,2.5\n"


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    write_output(tmp_path / "new.csv", TEXT, "--output")
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]
    assert ((tmp_path / "new.csv").read_text(), mode(tmp_path / "new.csv")) == (TEXT, 0o640)


def test_a_file_that_is_there_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("old")
    path.chmod(0o604)
    before = path.stat().st_ino
    write_output(path, TEXT, "--output")
    assert (path.read_text(), mode(path)) == (TEXT, 0o604)
    assert path.stat().st_ino != before


@pytest.mark.parametrize("content", [None, "old"])
def test_a_link_is_followed(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "there").mkdir()
    target, first, second = tmp_path / "there" / "a.csv", tmp_path / "first", tmp_path / "second"
    if content:
        target.write_text(content)
    first.symlink_to("there/a.csv")
    second.symlink_to(first)
    write_output(second, TEXT, "--output")
    assert second.is_symlink() and first.is_symlink() and target.read_text() == TEXT


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_output(pipe, TEXT, "--output")
    reader.join()
    assert read == [TEXT] and stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_reader_that_goes_before_the_end_is_an_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: pipe.open("rb").close())
    reader.start()
    said = pytest.raises(StagecraftError, match=r"to write all to .*pipe, but what reads it ended before")
    with said, whole_output(pipe) as file:
        reader.join()
        file.write(b"x" * 10_000_000)


def test_another_file_that_fails_meanwhile_is_not_taken_for_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="elsewhere"), whole_output(tmp_path / "f"):
        raise OSError(errno.ENOSPC, "No space left on device", "/elsewhere/of-the-home")


@pytest.mark.parametrize("name", ["a" * 255, "予" * 84, "é" * 127])
def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path, name: str) -> None:
    write_output(tmp_path / name, TEXT, "--output")
    assert (tmp_path / name).read_text("utf-8") == TEXT


@pytest.mark.parametrize("name", ["pipe", "a" * 300, "loop", "loop/below", "a/" * 3000])
def test_what_can_not_be_opened_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(opening, "PATIENCE_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    words = "a pipe that nobody reads|File name too long|Too many levels of symbolic links"
    with pytest.raises(UsageError, match=f"got: ({words}); set --output to another"):
        write_output(tmp_path / name, TEXT, "--output")


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes devices")
def test_a_device_stays_one(tmp_path: Path) -> None:
    null = tmp_path / "null"
    try:
        os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        null.open("ab").close()
    except OSError:
        pytest.skip("no devices can be made, or opened, in this folder")
    write_output(null, TEXT, "--output")
    assert stat.S_ISCHR(null.stat().st_mode)


@pytest.mark.first_quick
@pytest.mark.parametrize("place", ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("is_piped", [True, False])
def test_its_own_streams_are_written_through_in_order(tmp_path: Path, place: str, is_piped: bool) -> None:
    program = (
        "import sys; from pathlib import Path; from stagecraft.cli.outputs import write_output;"
        f"stream = sys.stderr if 'err' in {place!r} else sys.stdout; stream.write('before\\n');"
        f"write_output(Path({place!r}), {TEXT!r}, '--output'); stream.write('after\\n')"
    )
    command, file = [sys.executable, "-c", program], tmp_path / "out"
    with file.open("w") as opened:
        output = subprocess.PIPE if is_piped else opened
        done = subprocess.run(command, stdout=output, stderr=output, text=True, check=True)
    got = (done.stdout + done.stderr) if is_piped else file.read_text()
    assert got == f"before\n{TEXT}after\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [("folder", "Is a directory"), ("no/such.csv", "No such file"), ("file/x.csv", "Not a directory")],
)
def test_what_can_not_be_written_is_told_with_the_option(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UsageError, match=f"at {tmp_path / name}, got: {words}.*; set --output to another"):
        write_output(tmp_path / name, TEXT, "--output")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_what_is_written_bit_by_bit_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target, link = tmp_path / "a.tar", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(KeyboardInterrupt), whole_output(link) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old" and sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tar",
        "link",
    ]
    with whole_output(link) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new" and link.is_symlink()
    with (
        pytest.raises(UsageError, match=r"No such file.*; choose another place"),
        whole_output(tmp_path / "b/c"),
    ):
        pass


@pytest.mark.parametrize(
    "name",
    [
        "mlflow.db",
        "mlflow.db-wal",
        "link",
        "mlartifacts/a",
        ".seqstep/home.json",
        ".seqstep/logs/../a",
        "over",
    ],
)
def test_what_the_home_keeps_is_no_place_for_outputs(home: Home, name: str) -> None:
    (home.root / "link").symlink_to("mlflow.db")
    (home.root / "over").symlink_to(".seqstep/results/a/b")
    with pytest.raises(UsageError, match="expected a file outside of what"):
        check_outside(home, home.root / name)


@pytest.mark.parametrize("name", ["a.csv", ".seqstep/logs/run.log", "mlflow.db.tar", "../mlflow.db"])
def test_elsewhere_outputs_are_the_users_own(home: Home, name: str) -> None:
    check_outside(home, home.root / name)
    check_outside(home, None)


def test_neither_a_backup_nor_a_log_is_written_over_a_home(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    database = home.root / "mlflow.db"
    before = database.read_bytes()
    for argv in (["backup", str(database)], ["run", "--log-file", str(home.private / "home.json")]):
        assert run_command(PROGRAM, argv) == 2
        assert "which belongs to it; choose another place" in capsys.readouterr().err
    assert database.read_bytes() == before
