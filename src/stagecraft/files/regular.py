"""Files of a home's own: what stands in the place of one and is none is refused, and never waited for."""

import os
import stat
from pathlib import Path

from stagecraft.files.opening import open_at_once


def read_regular(path: Path) -> bytes:
    """Read a file, be it behind a link.

    Raises:
        OSError: it is not there, or can't be read.
        ValueError: it is a folder, a pipe or a device.
    """
    number = open_at_once(path, os.O_RDONLY)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise ValueError(f"{path} is no regular file")
        with open(number, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(number)
