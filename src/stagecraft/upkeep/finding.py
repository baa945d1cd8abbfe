"""Something that does not fit together in a home, with what repairs it."""

from collections.abc import Callable
from dataclasses import dataclass

from stagecraft.errors import StagecraftError, explain


@dataclass(frozen=True)
class Finding:
    """Something that does not fit together.

    Attributes:
        what: the thing, and what is wrong with it.
        remedy: what repairs it, in words.
        mend: repairs it; tells whether that could be done.
    """

    kind: str
    what: str
    remedy: str
    mend: Callable[[], bool]

    def repair(self) -> str:
        """Repair it; return why that could not be done, or nothing."""
        try:
            return "" if self.mend() else "somebody is using it; try again later"
        except (StagecraftError, OSError) as error:
            return explain(error)
