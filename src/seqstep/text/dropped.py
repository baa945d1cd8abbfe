"""What cleaning drops: counted by kind, said above a small share of the letters, refused above a large."""

from typing import NamedTuple

from seqstep.errors import TextError
from seqstep.settings.config import Clean, LineEnds
from seqstep.text.characters import Characters
from seqstep.text.scripts import count_scripts

#: share of the letters from which on it is said that they were dropped
_NOTICED = 0.01
_SCRIPTS, _EXAMPLES = 3, 5


class Dropped(NamedTuple):
    """How many characters of each kind a cleaning dropped, and letters of each script, the most first.

    Attributes:
        share: of the letters, 0 to 1.
        examples: the letters that were dropped most often.
    """

    letters: int
    digits: int
    punctuation: int
    line_ends: int
    share: float
    scripts: dict[str, int]
    examples: str

    def figures(self) -> dict[str, float]:
        """Name the counts, and the share."""
        return {
            "dropped_letters": self.letters,
            "dropped_digits": self.digits,
            "dropped_punctuation": self.punctuation,
            "dropped_line_ends": self.line_ends,
            "dropped_letters_share": self.share,
        }

    @property
    def notice(self) -> str:
        """Say that letters were dropped, and which setting keeps them; nothing for a small share."""
        return f"{self.said}; text.clean=unicode_letters keeps them" if self.said else ""

    @property
    def said(self) -> str:
        """Say that letters were dropped, and which; nothing for a small share."""
        return self._said if self.share > _NOTICED else ""

    @property
    def _said(self) -> str:
        named = [f"{count:,} {script}" for script, count in self.scripts.items()]
        more = " and others" if len(named) > _SCRIPTS else ""
        return (
            f"text.clean=ascii_letters drops {self.share:.1%} of the letters"
            f" ({', '.join(named[:_SCRIPTS])}{more}; such as {self.examples})"
        )

    def check(self, limit: float) -> None:
        """Make sure that not too many letters are dropped.

        Args:
            limit: share of the letters, 0 to 1.

        Raises:
            TextError: more are dropped.
        """
        if self.share > limit:
            raise TextError(
                f"expected a text of which the cleaning keeps the letters, but {self._said}, more than"
                f" text.max_dropped={limit:g}; set text.clean=unicode_letters to keep them, or raise"
                " text.max_dropped to go on without them"
            )


def dropped_by(characters: Characters, clean: Clean, lines: LineEnds = "join") -> Dropped:
    """Tell what a cleaning drops of a text."""
    others = characters.other_letters() if clean == "ascii_letters" else []
    letters, cleans = sum(count for _, count in others), clean != "none"
    return Dropped(
        letters=letters,
        digits=characters.digits if cleans else 0,
        punctuation=characters.punctuation if cleans else 0,
        line_ends=characters.line_ends if lines == "join" else 0,
        share=letters / (characters.ascii_letters + letters) if letters else 0.0,
        scripts=count_scripts(others),
        examples=" ".join(letter for letter, _ in others[:_EXAMPLES]),
    )
