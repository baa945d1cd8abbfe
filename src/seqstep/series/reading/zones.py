"""Dates with time zones: read on the axis of UTC, and shown in the zone of the file."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd

from secrecy import quote
from seqstep.errors import ConfigError

# RFC 822 and 5322, and the two of central Europe: the abbreviations that mean one offset.
_ABBREVIATIONS = {
    **{
        "Z": "+0000",
        "z": "+0000",
        "UTC": "+0000",
        "GMT": "+0000",
        "UT": "+0000",
        "CET": "+0100",
        "CEST": "+0200",
    },
    **{"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500"},
    **{"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700"},
}
_OFFSET = r"[+-]\d{2}:?\d{2}|[+-]\d{2}"
_ZONED = re.compile(
    rf"(?P<clock>.*?\d:\d\d(?:[:.,\d]*)(?: ?[AaPp]\.?[Mm]\.?)?) ?(?P<offset>(?:UTC|GMT)?(?:{_OFFSET})|"
    rf"{'|'.join(_ABBREVIATIONS)})?(?: ?\[?(?P<name>[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|UTC)\]?)?"
)
# For how long zones have to agree to be one.
_AHEAD = timedelta(days=3653)


class Zoned(NamedTuple):
    """Texts without their zones.

    Attributes:
        clocks: what the clock on the wall shows.
        offsets: of each from UTC; nothing where the texts have none.
        name: of the zone, if the texts say it.
    """

    clocks: "pd.Series[str]"
    offsets: "pd.Series[pd.Timedelta] | None"
    name: str


class ZoneError(Exception):
    """Why it is not clear in which zone dates are."""


def split_zones(texts: "pd.Series[str]") -> Zoned:
    """Part texts into what the clock shows and the zone, where all have one; else leave them as they are.

    Raises:
        ZoneError: some have an offset or a zone and some have none, or there are several names of zones.
    """
    found = [_ZONED.fullmatch(text) for text in texts]
    parts = pd.DataFrame(
        [match.groupdict() if match else {} for match in found],
        columns=["clock", "offset", "name"],
        index=texts.index,
        dtype=object,
    )
    has_offset, has_name = parts["offset"].notna(), parts["name"].notna()
    if not (has_offset | has_name).any():
        return Zoned(texts, None, "")
    if has_name.any() and (not has_name.all() or parts["name"].nunique() > 1):
        raise ZoneError("expected one time zone in all rows, got several, or none in some")
    name = str(parts["name"].iloc[0]) if has_name.all() else ""
    if not has_offset.any():
        return Zoned(parts["clock"], None, name)
    if not has_offset.all():
        row = int(np.flatnonzero(~has_offset)[0])
        raise ZoneError(f"expected an offset from UTC in every row, got {quote(texts.iloc[row])}")
    return Zoned(parts["clock"], _offsets(parts["offset"]), name)


def _offsets(texts: "pd.Series[str]") -> "pd.Series[pd.Timedelta]":
    codes = {text: _offset(text) for text in texts.unique()}
    return texts.map(codes)


def _offset(text: str) -> pd.Timedelta:
    digits = _ABBREVIATIONS.get(text, text).removeprefix("UTC").removeprefix("GMT").replace(":", "")
    minutes = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
    return pd.Timedelta(minutes=-minutes if digits.startswith("-") else minutes)


def in_zone(clocks: pd.DatetimeIndex, zoned: Zoned, wanted: str) -> pd.DatetimeIndex:
    """Put what clocks show on the axis of UTC, in the zone that is wanted, or else that the file says.

    Raises:
        ZoneError: it is not clear which moment a clock shows, or which zone has such offsets.
        ConfigError: there is no such zone.
    """
    name = wanted or zoned.name
    zone = _known(name) if name else None
    if zoned.offsets is None:
        return _localized(clocks, zone) if zone else clocks
    moments = pd.DatetimeIndex(clocks - pd.TimedeltaIndex(zoned.offsets), name=clocks.name).tz_localize("UTC")
    if zone:
        return moments.tz_convert(zone)
    offsets = pd.TimedeltaIndex(zoned.offsets).unique()
    if len(offsets) == 1:
        return moments.tz_convert(_fixed(offsets[0]))
    return moments.tz_convert(_with_offsets(moments, zoned.offsets))


def moments_in(moments: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    """Show moments that are told in UTC in a zone.

    Raises:
        ConfigError: there is no such zone.
    """
    return moments.tz_localize("UTC").tz_convert(_known(zone))


def _known(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"expected a time zone such as Europe/Berlin as series.zone, got {quote(name)}"
        ) from None


def _fixed(offset: pd.Timedelta) -> tzinfo:
    return timezone(offset.to_pytimedelta()) if offset else UTC


def _localized(clocks: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    try:
        return clocks.tz_localize(zone, ambiguous="infer")
    except ValueError as error:
        raise ZoneError(f"{error} in {zone.key}; write the offset from UTC to each date") from None


def _with_offsets(moments: pd.DatetimeIndex, offsets: "pd.Series[pd.Timedelta]") -> ZoneInfo:
    """Find the zone that has such offsets at such moments, and another one never does from there on."""
    order = moments.argsort()
    times, shown = moments[order], offsets.to_numpy()[order]
    turns = np.flatnonzero(shown[1:] != shown[:-1])
    telling = np.unique(np.r_[0, turns, turns + 1, len(times) - 1])
    fitting = [
        zone
        for zone in map(ZoneInfo, sorted(available_timezones()))
        if _shows(times[telling], zone, shown[telling]) and _shows(times, zone, shown)
    ]
    ahead = pd.date_range(times[0], times[-1] + _AHEAD, freq="12h")
    if len({_offsets_of(ahead, zone).tobytes() for zone in fitting}) != 1:
        found = ", ".join(zone.key for zone in fitting[:5]) or "none"
        raise ZoneError(
            f"expected offsets from UTC of one time zone, got those of {found}; set series.zone to the one"
            " that forecasts are shown in, such as UTC"
        )
    return next((zone for zone in fitting if zone.key in _USUAL), fitting[0])


# Of zones that agree one is named after a large city.
_USUAL = frozenset(
    {"Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "Australia/Sydney"}
)


def _shows(times: pd.DatetimeIndex, zone: ZoneInfo, offsets: np.ndarray) -> bool:
    return np.array_equal(_offsets_of(times, zone), offsets.astype("timedelta64[ns]"))


def _offsets_of(times: pd.DatetimeIndex, zone: ZoneInfo) -> np.ndarray:
    wall = times.tz_convert(zone).tz_localize(None)
    return np.asarray((wall - times.tz_localize(None)).to_numpy(), dtype="timedelta64[ns]")
