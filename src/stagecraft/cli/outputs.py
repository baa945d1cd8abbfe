"""Files that a command writes where the user says."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

from stagecraft.cli.streams import as_is
from stagecraft.disks import is_full, writes_to
from stagecraft.errors import StagecraftError, UsageError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files
from stagecraft.files.opening import open_soon, why_not
from stagecraft.files.whole import PART

# Bytes of a name that leave room for an ending, in what a file system takes.
_START = 100


def check_outside(home: Home, path: Path | None) -> None:
    """See that a file to be written, if there is one, is none of the home's own; its logs may have more.

    Raises:
        UsageError: it is.
    """
    target = Path(os.path.realpath(path or os.devnull))
    own, logs = (home.private, home.artifacts), home.private / "logs"
    is_inside = any(target.is_relative_to(os.path.realpath(folder)) for folder in own)
    is_database = str(target) in map(os.path.realpath, database_files(home.database))
    if is_database or (is_inside and not target.is_relative_to(os.path.realpath(logs))):
        raise UsageError(
            f"expected a file outside of what {home.root} keeps, got {path}, which belongs to it; choose"
            " another place"
        )


def write_output(path: Path, text: str, option: str) -> None:
    """Write a text where a user says, whatever is there.

    A regular file is there whole or not at all: it is replaced, and keeps its mode and its owner; a new one
    has the mode that the umask gives. A link is followed. A device, a pipe, or what this program has
    open already, such as /dev/stdout, is written through.

    Args:
        option: by which the user chose the place.

    Raises:
        UsageError: nothing can be written there.
        OSError: the disk is full, or breaks.
    """
    with _telling(path, f"set {option} to another"):
        if stream := stream_at(path):
            write_data(text, stream)
            return
        with _opened(path) as file:
            file.write(text.encode())


def write_data(text: str, stream: TextIO | None = None) -> None:
    """Write what other programs may read to standard output: as it is, unless a terminal shows it."""
    stream = stream or sys.stdout
    (stream if stream.isatty() else as_is(stream)).write(text)
    stream.flush()


@contextmanager
def whole_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file where a user says for what is too much for one text; see `write_output`.

    Raises:
        UsageError: nothing can be written there.
        OSError: the disk is full, or breaks.
    """
    with _telling(path, "choose another place"), _opened(path) as file:
        yield file


@contextmanager
def _telling(path: Path, advice: str) -> Iterator[None]:
    """Name the place in what goes wrong there, and say what to do."""
    writes_to(path.absolute().parent, advice)
    try:
        yield
    except BrokenPipeError:
        raise StagecraftError(
            f"expected to write all to {path}, but what reads it ended before; begin again"
        ) from None
    except OSError as error:
        if error.filename and not _is_beside(Path(os.fsdecode(error.filename)), path):
            raise
        if is_full(error) or error.errno == errno.EIO:
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise UsageError(
            f"expected a file that can be written at {path}, got: {why_not(error, path)}; {advice}"
        ) from None


def _is_beside(file: Path, path: Path) -> bool:
    """Tell whether a file lies where something is written to a path, as its temporary file does."""
    return file.absolute().parent in (path.absolute().parent, Path(os.path.realpath(path)).parent)


def stream_at(path: Path) -> TextIO | None:
    """Find which of its own streams a path leads this program to, such as /dev/stdout."""
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        with suppress(OSError, ValueError):
            if os.path.samestat(path.stat(), os.fstat(stream.fileno())):
                return stream
    return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    target = Path(os.path.realpath(path))
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    if found and not stat.S_ISREG(found.st_mode):
        with os.fdopen(open_soon(path, os.O_WRONLY), "wb") as file:
            yield file
        return
    start = os.fsdecode(os.fsencode(target.name)[:_START])
    part = target.with_name(f"{start}.{os.getpid()}{PART}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            if found:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), found.st_uid, found.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
