"""A table as texts: columns by name or place, and of each row the line where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.settings.spelling import nearest


@dataclass(frozen=True)
class UserTable:
    """Cells without spaces around them; an empty one is an empty text.

    Attributes:
        names: of the columns, as the header has them.
        cells: the columns by their places, from 0.
        lines: of each row, where it ends in the file.
        separator: what parts the fields; empty where the file knows what is a number and what is a date.
        said: what of the file is no row, or was chosen.
    """

    path: Path
    names: tuple[str, ...]
    cells: pd.DataFrame
    lines: tuple[int, ...]
    separator: str = ""
    said: tuple[str, ...] = ()

    def place(self, wanted: str, setting: str) -> int:
        """Find a column by its name, or else by its place.

        Raises:
            SeriesError: there is no such column, or there are several.
        """
        places = [place for place, name in enumerate(self.names) if name == wanted]
        if len(places) > 1:
            listed = " or ".join(str(place + 1) for place in places)
            raise SeriesError(
                f"expected one column {quote(wanted)} in {self.path}, got {len(places)} that are called so;"
                f" set {setting} to the place of one, {listed}"
            )
        if not places and wanted.isdecimal() and 1 <= int(wanted) <= len(self.names):
            places = [int(wanted) - 1]
            self._check_header(places[0])
        if not places:
            raise SeriesError(
                f"there is no column {quote(wanted)} in {self.path}; {nearest(wanted, self.names)}"
                f" (set {setting})"
            )
        return places[0]

    def _check_header(self, place: int) -> None:
        """Refuse a first row that stands where the names should, which nobody would miss by a place."""
        if self.names[place].lstrip("+-")[:1].isdecimal():
            raise SeriesError(
                f"expected a name of column {place + 1} in the header of {self.path}, got"
                f" {quote(self.names[place])}; put a line with names before the first row"
            )

    def where(self, row: int) -> str:
        """Say where a row stands."""
        return f"row {row + 1} of {self.path}"

    def only(self, condition: str) -> "UserTable":
        """Keep the rows in which a column has a value.

        Args:
            condition: such as `unique_id=H1`.

        Raises:
            SeriesError: there is no such column, or no such row.
        """
        name, _, value = condition.partition("=")
        cells = self.cells[self.place(name, "series.only")]
        kept = (cells == value.strip()).to_numpy()
        if not kept.any():
            raise SeriesError(
                f"expected rows with {quote(value)} in column {quote(name)} of {self.path}, got none;"
                f" {nearest(value, cells.unique()[:20])} (set series.only)"
            )
        return self._rows([row for row, is_kept in enumerate(kept) if is_kept])

    def without(self, rows: Sequence[int], said: str) -> "UserTable":
        """Leave rows out, and say so."""
        left = set(rows)
        return self._rows([row for row in range(len(self.cells)) if row not in left]).saying(said)

    def saying(self, said: str) -> "UserTable":
        """Say something more of the file."""
        return replace(self, said=(*self.said, said))

    def _rows(self, kept: list[int]) -> "UserTable":
        return replace(
            self,
            cells=self.cells.iloc[kept].reset_index(drop=True),
            lines=tuple(self.lines[row] for row in kept),
        )
