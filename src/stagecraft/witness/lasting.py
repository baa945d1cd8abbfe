"""What goes on when who began it has ended: threads, and what pools of threads were asked for.

What it does then, and for whom, nobody can tell; so it counts for all that runs beside it.
"""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

# What is ending is given so long.
_PATIENCE_S = 0.3
_STEP_S = 0.01


class Work(NamedTuple):
    """A thread, or something that is done in one."""

    name: str
    is_going_on: Callable[[], bool]


_left: list[Work] = []


def left_by(works: Iterable[Work]) -> list[Work]:
    """List what goes on of what was begun, and remember it."""
    going, end = _going_on(works), time.monotonic() + _PATIENCE_S
    while going and time.monotonic() < end:
        time.sleep(_STEP_S)
        going = _going_on(going)
    _left.extend(going)
    return going


def over() -> set[int]:
    """Tell what is over of all that was ever left, by its place."""
    return {place for place, work in enumerate(_left) if not work.is_going_on()}


def left_but(places: Iterable[int]) -> list[Work]:
    """List what was left, but for some, by their places."""
    return [work for place, work in enumerate(_left) if place not in places]


def _going_on(works: Iterable[Work]) -> list[Work]:
    return [work for work in works if work.is_going_on()]
