"""Damage as a disk, a cable or a memory does it: one bit is another."""

from collections.abc import Iterator
from pathlib import Path


def flip(path: Path, place: int) -> None:
    """Flip one bit of a file, counted from its end if that is negative."""
    path.write_bytes(flipped(path.read_bytes(), place))


def flipped(content: bytes, place: int) -> bytes:
    """Flip one bit, counted from the end if that is negative."""
    damaged = bytearray(content)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)


def flips(content: bytes, step: int = 1) -> Iterator[bytes]:
    """Flip one bit at a time: each, or each so many; 9 goes through all bytes and all of a byte's bits."""
    return (flipped(content, place) for place in range(0, len(content) * 8, step))
