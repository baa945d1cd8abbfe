"""The disks that this process and its servers write to, and which of them is full."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

#: what Prefect's tables, its log of changes, which grows to 4 MB, and MLflow's tables take
NEEDED = 8 << 20

_FULL = {errno.ENOSPC, errno.EDQUOT}
_places: dict[Path, str] = {}


def writes_to(folder: Path, otherwise: str) -> None:
    """Note a folder that is written to.

    Args:
        otherwise: how a user chooses another one.
    """
    _places[folder] = otherwise


def is_full(error: BaseException) -> bool:
    """Tell whether an error means that a disk, or a user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def which_is_full(error: OSError | None = None) -> str:
    """Say which disk is full, and what to do.

    It is that of the error's file, or else, of those that are written to, the one with the least room.
    """
    places = _places | dict.fromkeys(_temporary(), "set TMPDIR to another folder")
    # Of a file that is copied, the second one is the copy.
    file = error and (error.filename2 or error.filename)
    folder = _around(Path(os.fsdecode(file)), places) if file else min(places, key=room, default=Path.cwd())
    advice = places.get(folder)
    return (
        f"the disk of {folder} has {room(folder):,} bytes left; free some space there"
        f"{f', or {advice}' if advice else ''}"
    )


def is_scarce() -> bool:
    """Tell whether a disk that is written to has so little room that a server may have failed for that."""
    return any(room(folder) < NEEDED for folder in (*_places, *_temporary()))


def room(folder: Path) -> int:
    """Count the bytes that can be written to the disk of a folder, whether it is there yet or not."""
    for there in (folder, *folder.parents):
        with suppress(OSError):
            found = os.statvfs(there)
            # Some kinds of disks do not count their files.
            return found.f_bavail * found.f_frsize if found.f_favail or not found.f_files else 0
    return 0


def _around(file: Path, places: dict[Path, str]) -> Path:
    """Find the folder that is written to where a file lies, on the same disk; else the file's own one."""
    folder, *others = file.absolute().parents
    around = [place for place in (folder, *others) if place in places and _disk(place) == _disk(folder)]
    return around[0] if around else folder


def _disk(folder: Path) -> int:
    """Tell the disk of a folder, whether it is there yet or not."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.stat().st_dev


def _temporary() -> list[Path]:
    with suppress(FileNotFoundError):  # none is left where a file can be written
        return [Path(tempfile.gettempdir())]
    return []
