"""Files that are there whole or not at all, written under another name first; paths that stay inside."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from stagecraft.errors import ArtifactError

PART = ".part"
#: the name of folders in which repairs keep what they moved out of the way, on other disks after a dot
ASIDE = "set-aside"

#: what tells a file from one that was changed, be it to what it had been before
FileState = tuple[int, ...]


def state_of(path: Path) -> FileState:
    """Tell the state of a file without reading it; nothing where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    # Not its inode, which some file systems over a network give anew.
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def inside(folder: Path, path: str) -> Path:
    """Find what lies under a relative path in a folder, wherever that path comes from.

    Raises:
        ArtifactError: it leads out of the folder.
    """
    if path.startswith("/") or ".." in PurePosixPath(path).parts or "\0" in path:
        raise ArtifactError(f"expected a path inside of {folder}, got {path!r}, which leads out of it")
    return folder / path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=PART)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to write into; it appears under its name at the end, unless one is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=path.name, suffix=PART))
    try:
        yield temporary
        if not path.exists():
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def half_written(folder: Path) -> list[Path]:
    """Find what a killed process left behind half-written; what is set aside stays as it is."""
    return sorted(path for path in folder.rglob(f"*{PART}") if not is_aside(path.relative_to(folder)))


def is_aside(path: Path) -> bool:
    """Tell whether a path in a home leads to what a repair moved out of the way."""
    return not {ASIDE, f".{ASIDE}"}.isdisjoint(path.parts)
