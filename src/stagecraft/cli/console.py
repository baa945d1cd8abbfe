"""Rich's console, where text is text: none of it is taken for mark-up, and no control character gets out."""

import os
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from secrecy import visible
from stagecraft.cli.streams import as_is

# Characters in a line that goes to a file or a pipe.
_ELSEWHERE = 120


class PlainConsole(Console):
    """Prints tables and lines, whose colours are not written into their text.

    Args:
        stream: where to.
        width: characters in a line; as many as the terminal, or else COLUMNS, has if None.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        super().__init__(file=as_is(stream), width=width, markup=False, emoji=False)
        if width is None and not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = _ELSEWHERE

    def render_str(self, text: str, **options: Any) -> Text:
        """Lay out a text by what is shown of it."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render what is printed; what moves the cursor or colours is Rich's own alone."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


class Above:
    """A stream that prints lines above the bars that a console shows.

    Args:
        console: that shows them.
    """

    encoding = "utf-8"

    def __init__(self, console: Console) -> None:
        self._console, self._begun = console, ""

    def write(self, text: str) -> int:
        """Print the lines that are whole."""
        *lines, self._begun = f"{self._begun}{text}".split("\n")
        for line in lines:
            self._console.print(line, highlight=False, soft_wrap=True)
        return len(text)

    def flush(self) -> None:
        """Wait for the rest of a line."""

    def close(self) -> None:
        """Print a line that has no end."""
        if self._begun:
            self.write("\n")

    def isatty(self) -> bool:
        """Say no: nothing but lines can be written here."""
        return False
