"""Files of a home as upkeep sees them: how large they are, whose they are, and how they go."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from stagecraft.files.home import Home
from stagecraft.files.whole import PART

_RUN, _MODEL = re.compile("[0-9a-f]{32}"), re.compile("m-[0-9a-f]{32}")


def owner_of(uri: str) -> str:
    """Name the run or logged model that an address belongs to; a file outside of MLflow is its own."""
    scheme, _, rest = uri.partition(":")
    return unquote(urlsplit(uri).path) if scheme == "file" else rest.strip("/").partition("/")[0]


def folders_of_runs(artifacts: Path | None) -> dict[str, Path]:
    """List the folders that MLflow made for runs."""
    return _folders(artifacts, _RUN)


def folders_of_models(artifacts: Path | None) -> dict[str, Path]:
    """List the folders that MLflow made for logged models."""
    return _folders(artifacts and artifacts / "models", _MODEL)


def checkpoint_folders(home: Home) -> dict[str, Path]:
    """List the folders of checkpoints by `<stage>/<digest>`, as runs in progress name them."""
    found = home.checkpoints.glob("*/*")
    return {f"{path.parent.name}/{path.name}": path for path in sorted(found) if path.suffix != PART}


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
    """Remove a file or folder that nobody needs."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that have become empty, up to but without the top."""
    with suppress(OSError):  # one is not empty
        while folder != top and folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent


def _folders(parent: Path | None, name: re.Pattern[str]) -> dict[str, Path]:
    if parent is None or not parent.is_dir():
        return {}
    return {
        path.name: path for path in sorted(parent.iterdir()) if name.fullmatch(path.name) and path.is_dir()
    }


def _size(file: Path) -> int:
    """Tell the bytes of a file; one that has just gone has none."""
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0
