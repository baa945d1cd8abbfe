"""Files that a user names, whatever is there: nothing waits for ever, and nothing is read without an end."""

import errno
import os
import re
import select
import stat
import time
import tomllib
from pathlib import Path
from typing import Any

#: seconds that a pipe has until somebody is at its other end
PATIENCE_S = 5.0
_POLL_S = 0.05
#: bytes of a file of settings
MOST = 1 << 20
# Parts of a name in TOML; what no name holds, quotes apart.
_MOST_PARTS = 100
_PARTED = re.compile(r"[\r\n,=\[\]{}]+")

# What this program was handed open, by a shell's `<(…)` for instance.
_HANDED = re.compile(r"/dev/(stdin|fd/\d+)")


def open_at_once(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Open a file, and wait for nobody: who is at the other end of a pipe must be there already."""
    number = os.open(path, flags | os.O_NONBLOCK, mode)
    os.set_blocking(number, True)
    return number


def open_soon(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Open a file; who is at the other end of a pipe must be there soon.

    Raises:
        OSError: nobody is (`ENXIO`), or the file can't be opened.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            number = open_at_once(path, flags, mode)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not Path(path).is_fifo() or time.monotonic() > end:
                raise
            time.sleep(_POLL_S)
    is_read = flags & os.O_ACCMODE == os.O_RDONLY
    if is_read and not select.select([number], [], [], PATIENCE_S)[0]:
        os.close(number)
        raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), str(path))
    return number


def why_not(error: OSError, path: Path, other: str = "reads") -> str:
    """Say why a file could not be opened.

    Args:
        other: what is done at the other end of a pipe.
    """
    is_pipe = error.errno == errno.ENXIO and path.is_fifo()
    return f"a pipe that nobody {other}" if is_pipe else str(error.strerror)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file of settings.

    Raises:
        OSError: it can't be read, is no regular file, or is larger than any of settings.
        ValueError: it is not TOML.
    """
    kind = path.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or _HANDED.fullmatch(str(path))):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    waits = 0 if _HANDED.fullmatch(str(path)) else os.O_NONBLOCK  # some of the kernel's never end
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | waits)) as file:
        content = file.read(MOST + 1)
    if content is None:
        raise OSError(errno.EAGAIN, "nothing comes from it", str(path))
    if len(content) > MOST:
        raise OSError(errno.EFBIG, f"it is larger than {MOST:,} bytes", str(path))
    return parse_toml(content.decode("utf-8-sig"))


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ValueError: it is not TOML, or so deep that it can't be read.
    """
    # Names of many parts take the square of their number.
    words = _PARTED.split(text.replace(" ", "").replace("\t", ""))
    if max(word.count(".") for word in words) > _MOST_PARTS:
        raise ValueError("a name in it has too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
