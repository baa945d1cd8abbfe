"""Which disk is full: the one where a file was being written, or else the one with the least room."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagecraft import disks
from stagecraft.disks import is_full, which_is_full, writes_to
from stagecraft.errors import explain

NO_ROOM = errno.ENOSPC, "No space left on device"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(disks, "_places", {})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    writes_to(tmp_path / "home", "set HOME to another")
    return tmp_path / "home"


def test_a_file_says_whose_disk_is_full(home: Path, tmp_path: Path) -> None:
    inside, outside = home / "results" / "a", tmp_path / "b.csv"
    told = explain(OSError(*NO_ROOM, str(inside)))
    assert f"'{inside}'; the disk of {home} has " in told
    assert told.endswith(" bytes left; free some space there, or set HOME to another")
    told = explain(OSError(*NO_ROOM, str(outside)))
    assert f"; the disk of {tmp_path} has " in told and told.endswith("; free some space there")


def test_of_a_copy_the_disk_is_told_where_it_was_to_be(home: Path, tmp_path: Path) -> None:
    error = OSError(*NO_ROOM, str(tmp_path / "from" / "a"), None, str(home / "a"))
    assert which_is_full(error).startswith(f"the disk of {home} has ")


def test_without_a_file_it_is_the_one_with_the_least_room(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = {tmp_path / "log": 7}
    writes_to(tmp_path / "log", "set --log-file to another")
    monkeypatch.setattr(disks, "room", lambda folder: rooms.get(folder, 4096))
    expected = f"the disk of {tmp_path / 'log'} has 7 bytes left; free some space there, or set --log-file"
    assert which_is_full(OSError(*NO_ROOM)).startswith(expected)


def test_the_room_is_that_of_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert abs(disks.room(tmp_path / "not" / "yet") - free) < free / 2


def test_a_disk_that_takes_no_more_files_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(os.statvfs(tmp_path))
    found[5:8] = 1000, 0, 0
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(found))
    assert disks.room(tmp_path) == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_share_of_a_disk_that_is_used_up_is_a_full_disk(number: int) -> None:
    assert is_full(OSError(number, "…")) and not is_full(OSError(errno.EIO, "…"))
    assert not is_full(ValueError("no room"))
