"""The step between dates: what pandas calls their frequency.

Whole days and longer steps are those of the clock on the wall; shorter ones go on through a change of the
clock, on the axis of UTC.
"""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

_MOST_GAPS = 10  # steps per given date; beyond it a step is an accident and not the series' own
_STEP_ROWS = 1000  # rows in which a step of pandas' own kinds is looked for
_EVEN = (pd.offsets.Tick, pd.offsets.Day, pd.offsets.Week, pd.offsets.BDay)
_DAY = timedelta(days=1)
_WEEK = 7
_NAMED = {
    **{"h": "hourly", "min": "every minute", "s": "every second", "D": "daily", "B": "on business days"},
    **{"ME": "monthly, at the month's end", "MS": "monthly"},
    **{"2ME": "every 2 months, at the month's end", "2MS": "every 2 months"},
    **{"3ME": "quarterly, at the month's end", "3MS": "quarterly"},
    **{"6ME": "half-yearly, at the month's end", "6MS": "half-yearly"},
    **{"12ME": "yearly, at the month's end", "12MS": "yearly"},
}
_MONTHS = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}


def find_step(dates: pd.DatetimeIndex) -> pd.offsets.BaseOffset | None:
    """Find the step that leads from the first date to all others, with gaps or without; None if none does.

    Args:
        dates: at least two, in order, each once.
    """
    for step in _proposals(dates):
        if dates.isin(steps_from(dates, step)).all():
            return step
    return None


def steps_from(dates: pd.DatetimeIndex, step: pd.offsets.BaseOffset) -> pd.DatetimeIndex:
    """List all dates from the first to the last of some, a step apart."""
    return pd.date_range(dates[0], dates[-1], freq=step, name=dates.name)


def words(step: pd.offsets.BaseOffset) -> str:
    """Say how far dates lie apart."""
    if type(step) is pd.DateOffset:
        months, day = step.kwds["months"], step.kwds["day"]
        return f"{_MONTHS.get(months, f'every {months} months')}, on day {day} or the month's last"
    if isinstance(step, pd.offsets.Week):
        often = "weekly" if step.n == 1 else f"every {step.n} weeks"
        day = pd.Timestamp(2024, 1, 1 + (getattr(step, "weekday", None) or 0))
        return f"{often}, on {day:%A}s"
    return _NAMED.get(step.freqstr, f"every {step.freqstr}")


def _proposals(dates: pd.DatetimeIndex) -> Iterator[pd.offsets.BaseOffset]:
    wall = dates.tz_localize(None)
    yield from _months(wall)
    yield from (step for step in _of_three(wall, 1) if not isinstance(step, _EVEN))
    yield from _days(wall)
    if step := _widest(dates):
        yield to_offset(step)
    yield from _of_three(wall, _STEP_ROWS)


def _months(wall: pd.DatetimeIndex) -> Iterator[pd.offsets.BaseOffset]:
    """Propose months: their first days, their last ones, or any day that is the last of a shorter month."""
    if ((wall - wall.normalize()) != wall[0] - wall[0].normalize()).any():
        return
    anchor = int(wall.day.max())
    is_last, months = (wall.day == wall.days_in_month).all(), wall.year * 12 + wall.month
    if not (is_last or (wall.day == np.minimum(anchor, wall.days_in_month)).all()):
        return
    step = _common(np.diff(months))
    if not step:
        return
    if anchor == 1:
        yield pd.offsets.MonthBegin(step)
    elif is_last:
        yield pd.offsets.MonthEnd(step)
    else:
        yield pd.DateOffset(months=step, day=anchor)


def _days(wall: pd.DatetimeIndex) -> Iterator[pd.offsets.BaseOffset]:
    """Propose whole days or weeks; days on both sides of a weekend and none on one are business days."""
    step = _widest(wall)
    if not step or step % _DAY:
        return
    days, weekdays = step // _DAY, wall.day_of_week
    if (
        days == 1
        and (weekdays < 5).all()
        and (wall[-1] - wall[0] >= _WEEK * _DAY or weekdays[-1] < weekdays[0])
    ):
        yield pd.offsets.BDay()
    if days % _WEEK == 0:
        yield pd.offsets.Week(days // _WEEK, weekday=wall[0].day_of_week)
    else:
        yield pd.offsets.Day(days)


def _widest(dates: pd.DatetimeIndex) -> pd.Timedelta | None:
    """Find the widest time that all dates lie a whole number of apart."""
    apart = np.diff(dates.asi8)
    if apart.min() <= 0:  # what the clock on the wall shows twice
        return None
    step = _common(apart)
    return pd.Timedelta(step, dates.unit) if step else None


def _common(apart: np.ndarray) -> int:
    """Find the greatest common divisor of distances, if it is plausibly a step; else 0.

    It is one if it occurs twice in a row, and the distances hold not too many of it.
    """
    step = int(np.gcd.reduce(apart))
    if step <= 0 or apart.sum() / step > _MOST_GAPS * (len(apart) + 1):
        return 0
    is_step = apart == step
    return step if len(apart) == 1 or (is_step[1:] & is_step[:-1]).any() else 0


def _of_three(wall: pd.DatetimeIndex, rows: int) -> Iterator[pd.offsets.BaseOffset]:
    """Propose what pandas finds between three in a row, such as the last workdays of months."""
    span, proposed = wall[-1] - wall[0], set[pd.offsets.BaseOffset]()
    for start in range(min(len(wall) - 2, rows)):
        step = pd.DatetimeIndex(wall[start : start + 3], freq="infer").freq
        plausible = span / (wall[start + 1] - wall[start]) <= _MOST_GAPS * len(wall)
        if step is not None and plausible and step not in proposed:
            proposed.add(step)
            yield step
