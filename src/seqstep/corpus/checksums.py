"""What identifies a file's content."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqstep.errors import CorpusError

_BLOCK = 1 << 20


class Checksums(NamedTuple):
    """What identifies a file's content: two hashes in hexadecimal digits, and its size in bytes."""

    sha1: str
    sha256: str
    size: int


def digest(path: Path, see: Callable[[bytes], None] = lambda _block: None) -> Checksums:
    """Compute the digests of a file.

    Args:
        see: is handed each block, and an empty one at the end; what it raises is passed on.

    Raises:
        CorpusError: the file can't be read.
    """
    sha1, sha256, size = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                sha1.update(block)
                sha256.update(block)
                size += len(block)
                see(block)
    except OSError as error:
        raise CorpusError(f"the text {path} can't be read: {error.strerror}") from None
    see(b"")
    return Checksums(sha1.hexdigest(), sha256.hexdigest(), size)
