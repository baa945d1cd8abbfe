"""Files that a user names: on this machine, or carried by the project."""

import os
import stat
from importlib.resources import files
from pathlib import Path

from secrecy import quote
from seqstep import texts
from seqstep.errors import ConfigError

#: begins the names of carried texts, and what stands for standard input
BUILTIN, STANDARD_INPUT = "builtin:", "-"


def local_file(path: str) -> Path | None:
    """Find the file that a setting names; None where it names none.

    Args:
        path: absolute, below the current directory or below `~`; or `builtin:NAME` for a carried text.

    Returns:
        the file itself, the same for every spelling of its path and every symbolic link to it.

    Raises:
        ConfigError: it is below the home of a user who has none, is no file, or can be no path.
    """
    if path.startswith(BUILTIN):
        return Path(str(files(texts))) / f"{_carried(path)}.txt"
    try:
        file = Path(os.path.realpath(Path(path).expanduser())) if path else None
        if not file or not (reason := _why_not(file)):
            return file
    except RuntimeError:
        reason = "there is no such user; write the path out"
    except ValueError as error:
        reason = f"{error}; write it without"
    raise ConfigError(f"expected a file, got {quote(path)}: {reason}")


def _why_not(file: Path) -> str:
    """Say why a file can't be read, to its end and again, if it is there."""
    try:
        kind = file.stat().st_mode
    except (FileNotFoundError, PermissionError):
        return ""  # is said by whoever opens it
    except OSError as error:
        return f"{error.strerror}; name another"
    if stat.S_ISREG(kind):
        return ""
    if stat.S_ISDIR(kind):
        return "it is a folder; name a file in it"
    return "it is a device or a pipe, which is read once, if it ends; copy what it yields to a file"


def called(path: str) -> str:
    """Name the file that a setting names: by its name, wherever it lies, or as the carried text that it is.

    Raises:
        ConfigError: see `local_file`.
    """
    if path.startswith(BUILTIN):
        return f"{BUILTIN}{_carried(path)}"
    file = local_file(path)
    return file.name if file else ""


def _carried(path: str) -> str:
    return Path(path.removeprefix(BUILTIN)).name
