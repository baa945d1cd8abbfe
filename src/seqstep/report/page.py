"""One self-contained page: what was run on what, figures, tables and samples."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined


class Picture(NamedTuple):
    """A PNG with the sentence that says what it shows."""

    caption: str
    png: bytes

    @property
    def data(self) -> str:
        """The picture as an address that holds all of it."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


class Table(NamedTuple):
    """A table with the sentence that says what it shows."""

    caption: str
    frame: pd.DataFrame

    @property
    def rows(self) -> list[list[str]]:
        """The fields as text, numbers to four digits that count."""
        return [[_field(value) for value in row] for row in self.frame.itertuples(index=False)]

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers."""
        return [pd.api.types.is_numeric_dtype(kind) for kind in self.frame.dtypes]


class ReportSection(NamedTuple):
    """A part of the page."""

    title: str
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    texts: Mapping[str, str] = {}


def render(title: str, facts: Mapping[str, str], sections: Sequence[ReportSection]) -> str:
    """Write the page as HTML that needs no other file and no network.

    Args:
        facts: what was run on what, shown under the title.
        sections: the parts in order; those without content are left out.
    """
    environment = Environment(
        loader=PackageLoader("seqstep.report", "templates"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("report.html.j2")
    shown = [part for part in sections if part.pictures or part.tables or part.texts]
    return template.render(title=title, facts=facts, sections=shown)


def _field(value: object) -> str:
    """Write a field for a reader."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        if math.isinf(value):
            return "∞"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
