"""How large files and folders are, and how they go."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from stagecraft.files.home import Home
from stagecraft.files.whole import PART


def size_of(path: Path) -> int:
    """Add up the bytes of a file, or of the files below a folder that are not half-written."""
    total = 0 if path.is_dir() else _size(path)
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.endswith(PART)]
        total += sum(_size(Path(folder) / name) for name in files if not name.endswith(PART))
    return total


def size_of_partial(path: Path) -> int:
    """Add up the bytes of what is half-written."""
    inside = sum(_size(Path(folder) / name) for folder, _, names in os.walk(path) for name in names)
    return inside if path.is_dir() else _size(path)


def discard(home: Home, path: Path) -> None:
    """Remove a file or folder; killed on the way, it is gone from its place or still whole there."""
    gone = path if path.suffix == PART else home.trash / f"{path.name}{PART}"
    if gone != path:
        gone.parent.mkdir(parents=True, exist_ok=True)
        if gone.exists():  # as a killed process left it
            remove(gone)
        try:
            path.rename(gone)
        except FileNotFoundError:
            return
        except OSError:  # the trash lies on another disk
            gone = path
    remove(gone)


def remove(path: Path) -> None:
    """Remove a file or folder that nobody needs; another process may do so too.

    Raises:
        OSError: it can't be removed.
    """
    while path.is_dir() and not path.is_symlink():
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            continue
        except OSError as error:  # which names a file below, without its folder
            raise OSError(error.errno, error.strerror, str(path)) from error
    path.unlink(missing_ok=True)


def remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that have become empty, up to but without the top."""
    with suppress(OSError):  # one is not empty
        while folder != top and folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent


def _size(file: Path) -> int:
    """Tell the bytes of a file; one that has just gone has none."""
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0
