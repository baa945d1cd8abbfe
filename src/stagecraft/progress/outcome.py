"""How a stage of a run ended."""

from typing import Literal, Self

from stagecraft.cache.result import Result
from stagecraft.files.artifact import Frozen

OutcomeState = Literal["completed", "cached", "failed", "skipped"]


class Outcome(Frozen):
    """How a stage ended.

    Attributes:
        reason: why it ran, failed or was skipped; empty if it was cached.
        key: what makes its result reusable, where it has one.
        run_id: its run in MLflow, where it has one.
        computed_by: the run that computed its result: another one if it was cached.
        seconds: wall time.
        figure: its main figure, in words.
        exit_status: what its error asks for, if it failed.
        notices: what the user was told while its result was computed.
    """

    name: str
    state: OutcomeState
    reason: str = ""
    key: str | None = None
    run_id: str | None = None
    computed_by: str | None = None
    seconds: float = 0.0
    figure: str = ""
    exit_status: int = 0
    notices: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """What there is to say of it: its main figure, or why it has none to tell."""
        return self.figure if self.state in ("completed", "cached") else self.reason

    @classmethod
    def cached(cls, result: Result, run_id: str, seconds: float) -> Self:
        """Make the outcome of a stage whose result was there.

        Args:
            run_id: the run that this was recorded as.
            seconds: that this took.
        """
        return cls(
            name=result.stage,
            state="cached",
            key=result.key,
            run_id=run_id,
            computed_by=result.run_id,
            seconds=seconds,
            figure=result.figure,
            notices=result.notices,
        )
