"""Tables and coloured text for people; what prints none, such as `plan --json`, does without rich."""

import sys
from typing import TYPE_CHECKING

from secrecy import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text


#: heads the names of stages
STAGE = "stage"


def open_console(width: int | None = None) -> "Console":
    """Open standard output for tables and coloured text; what text holds is printed as text.

    Args:
        width: characters in a line; see `PlainConsole`.
    """
    from stagecraft.cli.console import PlainConsole

    return PlainConsole(sys.stdout, width)


def make_table(*headers: str) -> "Table":
    """Start a table, without lines around and between its cells; names of stages are left whole."""
    from rich.table import Table

    table = Table(*headers, box=None, pad_edge=False)
    table.columns[0].no_wrap = headers[0] == STAGE
    return table


def styled(*parts: str | tuple[str, str]) -> "Text":
    """Put a text together, each part as it is or with its style, such as `("done", "green")`."""
    from rich.text import Text

    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    return Text.assemble(*((visible(text), style) for text, style in pairs))


def write_size(size_bytes: int) -> str:
    """Write a size in the unit that suits it."""
    from rich.filesize import decimal

    return decimal(size_bytes)
