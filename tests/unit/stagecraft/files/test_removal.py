"""What is removed is gone, or it is said that it is not."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.removal import remove


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "file").touch()
    return tmp_path / "folder"


def test_what_can_not_be_removed_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Any, **_options: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(OSError, match=f"Read-only file system: '{folder}'"):
        remove(folder)


def test_two_processes_may_remove_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rmtree = shutil.rmtree

    def be_overtaken(path: Path) -> None:
        (path / "below" / "file").unlink(missing_ok=True)
        monkeypatch.setattr(shutil, "rmtree", rmtree)
        raise FileNotFoundError(path / "below" / "file")

    monkeypatch.setattr(shutil, "rmtree", be_overtaken)
    remove(folder)
    assert not folder.exists()
    remove(folder)


def test_of_a_link_only_the_link_goes(folder: Path) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    remove(link)
    assert not link.is_symlink() and (folder / "below" / "file").exists()
