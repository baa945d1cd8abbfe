"""What models came to on the same data, none of which trained any of them."""

from collections.abc import Mapping
from typing import NamedTuple


class Judged(NamedTuple):
    """Figures of several models that can be compared; in each, less is better.

    Attributes:
        data: digest of what was measured on.
        targets: the same in words.
        figures: of each model, by their names; the same names for all.
        notice: why a figure is missing that is usual; empty if none is.
    """

    data: str
    targets: str
    figures: tuple[Mapping[str, float], ...]
    notice: str = ""
