"""What the help of the commands says that only a project knows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stagecraft.names import Names


class Manual(NamedTuple):
    """What a project has the help of those commands say that every project has.

    Attributes:
        names: by which users know it.
        profiles: the names of its configurations; the usual one comes first.
        flow: how a flow is chosen.
        settings: how settings are changed.
        examples: command lines, by the name of the command that they show.
    """

    names: Names
    profiles: Sequence[str]
    flow: str
    settings: str
    examples: Mapping[str, Sequence[str]]
