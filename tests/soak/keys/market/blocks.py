"""Building blocks of projects, read from text files."""

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Block(NamedTuple):
    """A part of a project, as source; `VALUE` in it is what an edit may change.

    Attributes:
        core: what others build on, or all that the stage's value comes from.
        sections: other texts by name: `effect` is done on import, `read` is the stage's value, `body` stands
            before that, `file PATH` is a file, `make PATH` are statements that write one, `declared` is what
            the stage says of itself.
    """

    name: str
    core: str
    sections: dict[str, str]

    @property
    def read(self) -> str:
        """The expression of the stage's value."""
        return self.sections["read"].strip()

    def part(self, title: str) -> str:
        """Take a section; empty if there is none."""
        return self.sections.get(title, "")

    def titled(self, start: str) -> dict[str, str]:
        """Take sections whose titles begin so, by the rest of these."""
        found = self.sections.items()
        return {title.removeprefix(start): f"{text}\n" for title, text in found if title.startswith(start)}

    @property
    def edits_itself(self) -> bool:
        """Whether it says before and after by itself."""
        return "«" in "".join((self.core, *self.sections.values()))


def read_blocks(name: str) -> dict[str, Block]:
    """Read a file of blocks, by name."""
    parts = (HERE / f"{name}.txt").read_text("utf-8").split("\n== ")
    return {block.name: block for block in map(_block, parts[1:])}


def _block(text: str) -> Block:
    name, _, rest = text.partition("\n")
    core, *others = re.split(r"^-- ", rest, flags=re.MULTILINE)
    pairs = (other.partition("\n") for other in others)
    return Block(name, core.strip("\n"), {title: body.strip("\n") for title, _, body in pairs})
