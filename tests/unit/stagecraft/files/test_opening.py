"""Files that a user names, whatever they are: nothing waits for ever, nothing is read without an end."""

import os
import stat
import threading
import time
from pathlib import Path

import pytest

from stagecraft.files import opening
from stagecraft.files.opening import MOST, open_at_once, open_soon, parse_toml, read_toml, why_not


def test_a_file_of_settings_is_read_with_or_without_a_mark_of_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    for start in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(start + "a = 'ß'\n".encode())
        assert read_toml(path) == {"a": "ß"}


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_a_device_is_no_file_of_settings(place: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place)
    for path in (Path(place), tmp_path / "link"):
        with pytest.raises(OSError, match="it is no regular file"):
            read_toml(path)


def test_nobody_waits_for_a_pipe_that_nobody_writes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no regular file"):
        read_toml(tmp_path / "pipe")


def test_what_a_shell_hands_over_open_is_read(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"a = 1")
    os.close(write)
    assert read_toml(Path(f"/dev/fd/{read}")) == {"a": 1}
    os.close(read)


def test_a_file_that_is_larger_than_any_of_settings_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # it has a hole, and takes no room
    with pytest.raises(OSError, match="larger than 1,048,576 bytes"):
        read_toml(path)
    path.write_bytes(b"#" * MOST)
    assert read_toml(path) == {}


@pytest.mark.parametrize("depth", [100, 1500, 100_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a=", "}"), ("[", ""), ("{a=", "")])
def test_what_is_nested_too_deeply_is_no_toml(depth: int, begin: str, end: str) -> None:
    text = f"x = {begin * depth}1{end * depth}"
    if depth == 100 and end:
        assert parse_toml(text)
        return
    with pytest.raises(ValueError, match=r"nested too deeply|line 1|end of document"):
        parse_toml(text)


@pytest.mark.parametrize("parts", ["a.", "a .\t", "'a'."])
@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "x = {{{} = 1}}"])
def test_a_name_of_too_many_parts_is_refused_at_once(parts: str, form: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ValueError, match="a name in it has too many parts"):
        parse_toml(form.format(parts * 20_000 + "a"))
    assert time.monotonic() - begin < 1
    assert parse_toml(form.format(parts * 20 + "a"))


def test_many_numbers_and_names_are_read() -> None:
    assert len(parse_toml(f"x = [{'0.5, ' * 1000}]")["x"]) == 1000
    assert len(parse_toml("".join(f"a.b{i} = 0.5\n" for i in range(1000)))["a"]) == 1000


def test_nobody_waits_for_a_regular_file_that_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the kernel's that is called regular, such as its log, has a pipe stand for it."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(stat, "S_ISREG", lambda _mode: True)
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    with pytest.raises(OSError, match="nothing comes from it"):
        read_toml(tmp_path / "pipe")
    os.close(writer)


@pytest.mark.parametrize("kind", ["pipe", "socket", "long", "loop"])
def test_what_can_not_be_opened_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a" * 300 if kind == "long" else kind)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "socket":
        os.mknod(path, 0o140600)
    with pytest.raises(OSError) as caught:
        open_at_once(path, os.O_WRONLY)
    assert (
        why_not(caught.value, path)
        == {
            "pipe": "a pipe that nobody reads",
            "socket": "No such device or address",
            "long": "File name too long",
            "loop": "Too many levels of symbolic links",
        }[kind]
    )


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY])
def test_whoever_comes_soon_to_the_other_end_of_a_pipe_is_waited_for(tmp_path: Path, flags: int) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    other = threading.Timer(
        0.3, lambda: pipe.write_bytes(b"x") if flags == os.O_RDONLY else pipe.read_bytes()
    )
    other.start()
    number = open_soon(pipe, flags)
    assert os.get_blocking(number)
    assert os.read(number, 1) == b"x" if flags == os.O_RDONLY else os.write(number, b"x") == 1
    os.close(number)
    other.join()


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY])
def test_nobody_is_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int) -> None:
    monkeypatch.setattr(opening, "PATIENCE_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        open_soon(tmp_path / "pipe", flags)
