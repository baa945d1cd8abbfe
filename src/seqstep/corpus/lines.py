"""A text that comes in parts, line by line."""

from collections.abc import Iterable, Iterator


def lines_of(parts: Iterable[str]) -> Iterator[str]:
    r"""Cut a text into lines, each with the \n that ends it; the last one may have none."""
    held: list[str] = []
    for part in parts:
        *whole, rest = part.split("\n")
        for line in whole:
            yield "".join([*held, line, "\n"])
            held.clear()
        held.append(rest)
    if last := "".join(held):
        yield last
