"""A text that comes through a pipe, which is read once, kept as a file."""

import hashlib
from pathlib import Path
from typing import BinaryIO

from seqstep.corpus.transfer import check_size
from seqstep.errors import CorpusError
from seqstep.whole_files import temporary_file

#: what the file is called, and what the text is called after it
NAME = "standard-input"

_BLOCK = 1 << 20


def keep(stream: BinaryIO, cache: Path, limit: int) -> Path:
    """Write all that comes into a file in the cache, in a folder for its content.

    Args:
        limit: bytes that are taken at most.

    Raises:
        CorpusError: nothing came, or more than that.
    """
    cache.mkdir(parents=True, exist_ok=True)
    sha1, size = hashlib.sha1(usedforsecurity=False), 0
    with temporary_file(cache, NAME) as temporary:
        with temporary.open("wb") as file:
            while block := stream.read(_BLOCK):
                size += len(block)
                check_size("standard input", size, limit)
                sha1.update(block)
                file.write(block)
        if not size:
            raise CorpusError("expected a text on standard input, got nothing; pipe one in, or name a file")
        path = cache / sha1.hexdigest() / NAME
        path.parent.mkdir(exist_ok=True)
        temporary.replace(path)
    return path
