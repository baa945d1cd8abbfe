"""Counting the n-grams of a text that may be larger than memory.

The text is cut into chunks. The places of a chunk are sorted by the token there; then, where that is equal,
by the token after it, and so on. Each time equal n-grams stand together, the place where each first appears
in front. What all chunks counted is added up in `merging`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from seqstep.text.ahead import ahead

_PLACE_BITS = 18  # of a chunk, so small that its arrays stay near the processor
_TOKEN_BITS = 22  # tokens of more bits are numbered anew, in memory
_BLOCK = 1 << 22  # tokens


class Text(Protocol):
    """A text as numbers, shape (tokens,), of which parts can be taken into memory, as of an array."""

    def __len__(self) -> int:
        """Return the number of tokens."""

    def __getitem__(self, key: Any) -> Any:
        """Take some tokens."""


class Counted(NamedTuple):
    """Some different n-grams in ascending order.

    Attributes:
        keys: their tokens side by side, in as few numbers of 64 bits as hold them, each of shape (types,).
        first: places where they first appear, shape (types,).
        counts: how often they occur, shape (types,).
    """

    keys: list[np.ndarray]
    first: np.ndarray
    counts: np.ndarray


def count_chunks(text: Text, n: int, end: int | None = None) -> Iterator[list[Counted]]:
    """Count the n-grams of 1 to n tokens, chunk by chunk.

    Args:
        text: at least one token.
        end: a token that stands inside of no n-gram, if there is one; it may begin and end them.

    Yields:
        for a chunk the n-grams that start in it, by their length; the last chunks may lack the longer ones.
    """
    text, token_bits, end = _narrow(text, end)
    place_bits = min(_PLACE_BITS, (64 - token_bits) // 2)

    def count(start: int) -> list[Counted]:
        tokens = text[start : start + (1 << place_bits) + n - 1].astype(np.uint64)
        chunk = _count_chunk(tokens, n, token_bits, place_bits, end)
        return [Counted(keys, first + start, counts) for keys, first, counts in chunk]

    return ahead(count, range(0, len(text), 1 << place_bits))


def _narrow(text: Text, end: int | None) -> tuple[Text, int, int | None]:
    """Return the text, the bits of a token, and the one that ends documents."""
    most = max(int(text[start : start + _BLOCK].max()) for start in range(0, len(text), _BLOCK))
    if most >> _TOKEN_BITS:
        types, text = np.unique(text[:], return_inverse=True)
        most, end = int(text.max()), None if end is None else int(np.searchsorted(types, end))
    return text, max(most.bit_length(), 1), end


def _count_chunk(
    tokens: np.ndarray, n: int, token_bits: int, place_bits: int, end: int | None
) -> Iterator[Counted]:
    """Count the n-grams that start in a chunk.

    Args:
        tokens: of the chunk, and up to n - 1 after it.
    """
    places = _sorted_places(tokens[: 1 << place_bits])
    last = len(places) - 1
    numbers = np.zeros(len(places), dtype=np.uint64)  # of the n-gram at each place
    keys, free = [np.zeros(1, dtype=np.uint64)], 64
    for order in range(1, min(n, len(tokens)) + 1):
        if len(tokens) - order < last:  # At the text's end the longer ones do not fit everywhere.
            fits = places <= len(tokens) - order
            places, numbers = places[fits], numbers[fits]
        if end is not None and order > 2:
            goes_on = tokens[places + (order - 2)] != end
            places, numbers = places[goes_on], numbers[goes_on]
        if not len(places):
            return
        grams = numbers << token_bits | tokens[places + (order - 1)]
        if order > 1:
            rows = grams << place_bits | places
            rows.sort(kind="stable")  # They nearly are sorted, which this one makes use of.
            grams, places = rows >> place_bits, rows & (1 << place_bits) - 1
        differs = np.concatenate([[True], grams[1:] != grams[:-1]])
        starts = np.flatnonzero(differs)
        keys, free = _append(keys, free, grams[starts], token_bits)
        yield Counted(keys, places[starts], np.diff(starts, append=len(places)))
        numbers = np.cumsum(differs, dtype=np.uint64) - 1


def _sorted_places(tokens: np.ndarray) -> np.ndarray:
    """Sort places by the token there, by its lower half and then by its upper one (a radix sort)."""
    order = np.argsort(tokens.astype(np.uint16), kind="stable")
    upper = (tokens >> 16).astype(np.uint16)
    return order[np.argsort(upper[order], kind="stable")].astype(np.uint64)


def _append(
    keys: list[np.ndarray], free: int, grams: np.ndarray, token_bits: int
) -> tuple[list[np.ndarray], int]:
    """Make the keys of n-grams from those of their first n - 1 tokens.

    Args:
        keys: of the shorter n-grams.
        free: bits that are free in the last of them.
        grams: the number of the shorter n-gram and the last token, side by side.
    """
    shorter, last = (grams >> token_bits).astype(np.int64), grams & (1 << token_bits) - 1
    keys = [key[shorter] for key in keys]
    if free < token_bits:
        return [*keys, last], 64 - token_bits
    return [*keys[:-1], keys[-1] << token_bits | last], free - token_bits
