"""Writing files that are never seen half-done."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text to a temporary file beside its place, then rename it into place."""
    with temporary_file(path.parent, path.name) as temporary:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


@contextmanager
def temporary_file(folder: Path, name: str) -> Iterator[Path]:
    """Have an empty file on the disk of its later place, which is removed unless it is renamed.

    Args:
        name: how its own begins.
    """
    handle, made = tempfile.mkstemp(dir=folder, prefix=name, suffix=".part")
    os.close(handle)
    temporary = Path(made)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
