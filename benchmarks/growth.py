"""An axis along which work grows, and the points that are measured on it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple


class Point(NamedTuple):
    """One size on an axis, and what its work took.

    Attributes:
        size: in the axis' unit.
        seconds: of the work; with the corpus, of the whole process.
        peak_mb: memory of the process at its most, in 10^6 bytes.
    """

    size: float
    seconds: float
    peak_mb: float


class Axis(NamedTuple):
    """What grows, in which unit, and how each of the sizes is measured."""

    work: str
    unit: str
    points: Callable[[], Iterator[Point]]
