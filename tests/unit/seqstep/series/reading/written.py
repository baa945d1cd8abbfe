"""Dates written in many forms, to be read back."""

from collections.abc import Callable

import pandas as pd

SERIAL_0 = pd.Timestamp("1899-12-30")


def _coded(form: str) -> Callable[[pd.Timestamp], str]:
    return lambda date: date.strftime(form)


def _serial(date: pd.Timestamp) -> str:
    return f"{(date - SERIAL_0) / pd.Timedelta(days=1):.10g}"


#: of whole days or longer
DAYS: dict[str, Callable[[pd.Timestamp], str]] = {
    form: _coded(form)
    for form in (
        *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y%m%d", "%Y-%j"),
        *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y"),
        *("%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%y-%m-%d", "%d.%m.%y", "%y.%m.%d"),
        *("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%Y-%b-%d", "%d%b%Y"),
        *("%a, %d %b %Y", "%A, %B %d, %Y", "%G-W%V-%u", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"),
    )
} | {
    "2020-1-5": lambda date: f"{date.year}-{date.month}-{date.day}",
    "5.1.2020": lambda date: f"{date.day}.{date.month}.{date.year}",
    "1/5/2020": lambda date: f"{date.month}/{date.day}/{date.year}",
    "serial": _serial,
}
#: of moments
MOMENTS: dict[str, Callable[[pd.Timestamp], str]] = {
    form: _coded(form)
    for form in (
        *(
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M:%SZ",
            "%Y/%m/%d %H:%M:%S",
            "%Y%m%d%H%M",
            "%Y%m%d%H",
            "%Y%m%dT%H%M",
        ),
        *("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d/%b/%Y:%H:%M:%S"),
    )
} | {
    "epoch_s": lambda date: str(int(date.timestamp())),
    "epoch_ms": lambda date: str(int(date.timestamp()) * 10**3),
    "epoch_us": lambda date: str(int(date.timestamp()) * 10**6),
    "epoch_ns": lambda date: str(int(date.timestamp()) * 10**9),
    "serial": _serial,
}
#: of months or longer
MONTHS: dict[str, Callable[[pd.Timestamp], str]] = {
    form: _coded(form)
    for form in ("%Y-%m", "%Y/%m", "%m/%Y", "%m.%Y", "%b %Y", "%b-%y", "%B %Y", "%Y %b", "%Y%m")
} | {"month": lambda date: f"{date.year}M{date.month:02}"}
QUARTERS: dict[str, Callable[[pd.Timestamp], str]] = {
    "2020Q1": lambda date: f"{date.year}Q{date.quarter}",
    "Q1 2020": lambda date: f"Q{date.quarter} {date.year}",
    "2020-Q1": lambda date: f"{date.year}-Q{date.quarter}",
}
#: of other periods: what writes them, and their step
PERIODS: dict[str, tuple[Callable[[pd.Timestamp], str], str]] = {
    "week": (_coded("%G-W%V"), "W-MON"),
    "W05 2020": (_coded("W%V %G"), "W-MON"),
    "half-year": (lambda date: f"{date.year}H{1 + date.quarter // 3}", "YS"),
    "half": (lambda date: f"S{1 + date.quarter // 3} {date.year}", "YS"),
    "year": (_coded("%Y"), "YS"),
}
#: every form with the steps that it can write
ALL = (
    [
        (form, write, step)
        for form, write in DAYS.items()
        for step in ("D", "W-WED", "MS", "ME", "B", "2D", "YS")
    ]
    + [(form, write, step) for form, write in MOMENTS.items() for step in ("h", "6h", "D", "W-TUE")]
    + [(form, write, step) for form, write in MONTHS.items() for step in ("MS", "2MS", "QS", "YS")]
    + [(form, write, "QS") for form, write in QUARTERS.items()]
    + [(form, write, step) for form, (write, step) in PERIODS.items()]
)
