"""Compressed files as the bytes that are in them: .gz, .bz2, .xz, and one file of a .zip.

What a file is, its first bytes tell, whatever it is called.
"""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from secrecy import quote
from seqstep.errors import CorpusError

#: bytes that are looked at to tell what a file is
HEAD = 1 << 16

_BLOCK = 1 << 20
_STARTS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
# What these libraries raise about files that they can't read.
_BROKEN = (EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_MOST_NAMES = 5


def packing(head: bytes) -> str:
    """Tell by its first bytes how a file is compressed: gzip, bzip2, xz or zip; empty if it is not."""
    found = next((kind for start, kind in _STARTS.items() if head.startswith(start)), "")
    is_bzip2 = head[3:4].isdigit() and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")
    return "" if found == "bzip2" and not is_bzip2 else found


def read_head(path: Path) -> bytes:
    """Read the first bytes of a file, as they lie there.

    Raises:
        CorpusError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        raise CorpusError(f"the text {path} can't be read: {error.strerror}") from None


def read_blocks(path: Path, name: str, member: str = "", section: str = "corpus") -> Iterator[bytes]:
    """Read what is in a file, unpacked if it is compressed, a block at a time.

    Args:
        name: what messages call it.
        member: the file of a .zip that is read; empty: the only one.
        section: whose settings messages name.

    Raises:
        CorpusError: the file can't be read, is damaged or breaks off, or it is not clear what of it is meant.
    """
    kind = packing(read_head(path))
    if member and kind != "zip":
        raise CorpusError(f"expected a .zip, of which {section}.member={quote(member)} is read, got {name}")
    try:
        with _opened(path, kind, name, member, section) as file:
            yield from _STREAMS[kind](file) if kind in _STREAMS else iter(partial(file.read, _BLOCK), b"")
    except _BROKEN as error:
        what = f"a whole {kind} file" if kind else "a file that can be read"
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CorpusError(f"expected {what} at {name}, got: {reason}; fetch or write it again") from None


@contextmanager
def _opened(path: Path, kind: str, name: str, member: str, section: str) -> Iterator[BinaryIO]:
    """Open a file as what it is; what is packed by bzip2 or xz as it lies there."""
    if kind == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive, name, member, section)) as file:
            yield cast(BinaryIO, file)
    else:
        with cast(BinaryIO, gzip.GzipFile(path)) if kind == "gzip" else path.open("rb") as file:
            yield file


def _unpacked(
    make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor], padding: bytes, file: BinaryIO
) -> Iterator[bytes]:
    """Unpack a file of one stream or several, which Python's own readers take for whole where one is damaged.

    Args:
        padding: what may stand between streams and after the last.

    Raises:
        EOFError, OSError, LZMAError: it breaks off, or is damaged.
    """
    stream = make()
    while block := file.read(_BLOCK):
        while block := block.lstrip(padding) if stream.eof else block:
            stream = make() if stream.eof else stream
            yield stream.decompress(block, _BLOCK)
            while not (stream.eof or stream.needs_input):
                yield stream.decompress(b"", _BLOCK)
            block = stream.unused_data
    if not stream.eof:
        raise EOFError("the file ends before its end was marked")


_STREAMS: Mapping[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "bzip2": partial(_unpacked, bz2.BZ2Decompressor, b""),
    "xz": partial(_unpacked, lzma.LZMADecompressor, b"\0"),
}


def _member(archive: zipfile.ZipFile, name: str, member: str, section: str) -> zipfile.ZipInfo:
    """Choose the file of an archive that is read.

    Raises:
        CorpusError: there is no such file, several, or it needs a password.
    """
    files = [one for one in archive.infolist() if not (one.is_dir() or _is_beside(one.filename))]
    chosen = [one for one in archive.infolist() if one.filename == member] if member else files
    if len(chosen) != 1:
        names = [quote(one.filename) for one in files]
        more = ", …" if len(names) > _MOST_NAMES else ""
        wanted = f"one file called {quote(member)}" if member else "one file"
        raise CorpusError(
            f"expected {wanted} in {name}, got {len(files)}: {', '.join(names[:_MOST_NAMES])}{more};"
            f" name one with {section}.member"
        )
    if chosen[0].flag_bits & 1:
        raise CorpusError(f"{name} needs a password; unpack it, and set {section}.path to what was in it")
    return chosen[0]


def _is_beside(name: str) -> bool:
    """Tell whether a file is one that systems put beside others."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
