"""Whether a series is the one that trained a model, grown by some values since."""

from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from seqstep.errors import SeriesError

_ROUNDING = 1e-9


class SeriesFacts(BaseModel):
    """What is known of a series without its values; it goes with a model that was trained on it.

    Attributes:
        sha256: of the pipeline's own file of it, 64 hexadecimal digits.
        step: what pandas calls the frequency of its dates; empty without dates.
        season: steps; 1: none.
        points: how many values it has.
        first, last: its first and last date or row.
        low, high: its least and greatest value, in its unit.
    """

    model_config = ConfigDict(frozen=True)

    sha256: str
    step: str
    season: int
    points: int
    first: str
    last: str
    low: float
    high: float

    @classmethod
    def of(cls, series: pd.Series, sha256: str, season: int) -> Self:
        """Collect them."""
        return cls(
            sha256=sha256,
            step=_step(series),
            season=season,
            points=len(series),
            first=str(series.index[0]),
            last=str(series.index[-1]),
            low=float(series.min()),
            high=float(series.max()),
        )


def unseen_values(trained: pd.Series, series: pd.Series) -> int:
    """Count the values of a series after those that a model was given, if both are one and the same series.

    They are if they agree wherever both have a value, and the series goes on at the end of the other or after
    it, at the same step.

    Args:
        trained: what the model was given, at dates with a frequency or at 1, 2, 3, …
        series: what is to be gone on from, likewise.

    Raises:
        SeriesError: it is another one; says by what.
    """
    if isinstance(trained.index, pd.DatetimeIndex) != isinstance(series.index, pd.DatetimeIndex):
        has, had = ("dates", "none") if isinstance(series.index, pd.DatetimeIndex) else ("no dates", "some")
        raise SeriesError(f"it has {has}, and what trained the model had {had}")
    if _step(trained) != _step(series):
        steps = (_step(each) or "none" for each in (series, trained))
        raise SeriesError("its dates have the step {}, and those of what trained the model {}".format(*steps))
    trained = _in_zone_of(series, trained)
    common = trained.index.intersection(series.index)
    if len(common) == 0:
        raise SeriesError(
            f"it goes from {series.index[0]} to {series.index[-1]}, and what trained the model from"
            f" {trained.index[0]} to {trained.index[-1]}, so nothing tells that they are the same"
        )
    before, now = trained[common].to_numpy(), series[common].to_numpy()
    rounding = _ROUNDING * np.abs(before).max()
    if len(wrong := np.flatnonzero(~np.isclose(now, before, rtol=_ROUNDING, atol=rounding))):
        at = wrong[0]
        raise SeriesError(
            f"at {common[at]} it is {now[at]:.6g}, and what trained the model was {before[at]:.6g}"
            f" ({len(wrong):,} of {len(common):,} values that both have differ)"
        )
    if series.index[-1] < trained.index[-1]:
        raise SeriesError(
            f"it ends at {series.index[-1]}, before {trained.index[-1]}, where what trained the model ends"
        )
    return int((series.index > trained.index[-1]).sum())


def _step(series: pd.Series) -> str:
    """Name the step of a series; nothing without dates."""
    freq = series.index.freq if isinstance(series.index, pd.DatetimeIndex) else None
    return freq.freqstr if freq is not None else ""


def _in_zone_of(series: pd.Series, other: pd.Series) -> pd.Series:
    """Have the dates of a series in the time zone of another.

    Raises:
        SeriesError: only one of them has a zone.
    """
    if not isinstance(series.index, pd.DatetimeIndex) or not isinstance(other.index, pd.DatetimeIndex):
        return other
    if (series.index.tz is None) != (other.index.tz is None):
        has, had = ("a time zone", "none") if series.index.tz else ("no time zone", "one")
        raise SeriesError(f"its dates have {has}, and those of what trained the model had {had}")
    return other if series.index.tz is None else other.tz_convert(series.index.tz)
