"""Tables and marked-up text for people; what prints none, such as `plan --json`, does without rich."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def open_console(width: int | None = None) -> "Console":
    """Open standard output for tables and marked-up text.

    Args:
        width: characters in a line; as many as the terminal has if None.
    """
    from rich.console import Console

    return Console(width=width)


def make_table(*headers: str) -> "Table":
    """Start a table, without lines around and between its cells."""
    from rich.table import Table

    return Table(*headers, box=None, pad_edge=False)


def escape(text: str) -> str:
    """Write text so that nothing in it is taken for mark-up."""
    from rich.markup import escape as escape_markup

    return escape_markup(text)


def write_size(size_bytes: int) -> str:
    """Write a size in the unit that suits it."""
    from rich.filesize import decimal

    return decimal(size_bytes)
