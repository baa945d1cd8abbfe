"""What is kept of a stage that ran: addresses, what made its key, and where its record in MLflow is."""

from typing import Any

from pydantic import Field

from stagecraft.files.artifact import Artifact, Frozen
from stagecraft.key.parts import Parts


class Kept(Artifact):
    """An artifact with the place where it lies: a path on this machine, or an address on a server."""

    place: str


class Result(Frozen):
    """The record of a stage's result.

    Attributes:
        parts: what made the key.
        value: what the stage returned, as JSON has it.
        artifacts: every file behind the result.
        used: addresses of what the stage was given, by name.
        run_id: the run in MLflow that computed it.
        seconds: wall time of that.
        figure: its main figure, in words.
        drawing: the code that drew it, which is no part of the key.
        written: when, in ISO 8601.
        notices: what the user was told while it ran.
    """

    stage: str = Field(pattern=r"^\w+$")
    key: str = Field(pattern=r"^\w+/[\w-]+$")
    parts: Parts
    value: dict[str, Any]
    artifacts: tuple[Kept, ...]
    used: dict[str, str]
    run_id: str
    seconds: float
    figure: str
    drawing: dict[str, str]
    written: str
    notices: tuple[str, ...] = ()
