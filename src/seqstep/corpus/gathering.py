"""The documents of many files, or of one that is no plain text, as one text in UTF-8.

Documents stand one after the other. Where one does not end with the end of a line, and another one follows, a
line ends there, so that no word goes on from one into the next.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from seqstep.corpus.checksums import Checksums
from seqstep.corpus.source import Source
from seqstep.whole_files import temporary_file

#: see `seqstep.corpus.files`
FILE = "corpus.txt"


class Gathered(NamedTuple):
    """A text that was made.

    Attributes:
        starts: the character that each document begins with, in order.
        empty: documents without a character, which are left out.
    """

    path: Path
    digests: Checksums
    starts: Sequence[int]
    empty: int


def gather(sources: Iterable[Source], cache: Path, check_size: Callable[[int], None]) -> Gathered:
    """Write the documents of files into one file in the cache, in a folder for its content.

    Args:
        check_size: is told the bytes so far, and raises if they are too many.

    Raises:
        CorpusError: see `Source.documents`.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with temporary_file(cache, FILE) as temporary:
        with temporary.open("wb") as file:
            text = _Text(file, check_size)
            for source in sources:
                for document in source.documents():
                    text.add(document)
        digests = text.digests()
        path = cache / digests.sha1 / FILE
        path.parent.mkdir(exist_ok=True)
        temporary.replace(path)
    return Gathered(path, digests, text.starts, text.empty)


def save_starts(starts: Sequence[int], path: Path) -> None:
    """Write where documents begin as .npy, int64, which can be mapped into memory."""
    np.save(path, np.array(starts, dtype=np.int64))


def load_starts(path: Path) -> np.ndarray:
    """Read what `save_starts` wrote, shape (documents,); it stays on disk until it is used."""
    starts: np.ndarray = np.load(path, mmap_mode="r")
    return starts


class _Text:
    """A text that is written document by document."""

    def __init__(self, file: BinaryIO, check_size: Callable[[int], None]) -> None:
        self._file, self._check_size = file, check_size
        self._sha1, self._sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
        self._size, self._characters, self._last = 0, 0, "\n"
        self.starts, self.empty = array("q"), 0

    def add(self, parts: Iterable[str]) -> None:
        """Write a document."""
        has_begun = False
        for part in filter(None, parts):
            if not has_begun:
                self._write("" if self._last == "\n" else "\n")
                self.starts.append(self._characters)
            has_begun = True
            self._write(part)
        self.empty += not has_begun

    def _write(self, part: str) -> None:
        data = part.encode()
        self._size += len(data)
        self._check_size(self._size)
        self._file.write(data)
        self._sha1.update(data)
        self._sha256.update(data)
        self._characters += len(part)
        self._last = part[-1:] or self._last

    def digests(self) -> Checksums:
        """Tell what identifies what was written."""
        return Checksums(self._sha1.hexdigest(), self._sha256.hexdigest(), self._size)
