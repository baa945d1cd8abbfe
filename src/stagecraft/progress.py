"""What happens in a run, as it happens, for whoever shows it."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol, Self

from stagecraft.artifact import Frozen
from stagecraft.result import Result

State = Literal["completed", "cached", "failed", "skipped"]

#: a record that concerns one stage names it in the attribute `stage`, and at the start of its message
logger = logging.getLogger("stagecraft")

_SILENCE_S = 60


@contextmanager
def logged_by(handler: logging.Handler) -> Iterator[None]:
    """Have a handler write what happens; those of the root logger do not."""
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


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
    """

    name: str
    state: State
    reason: str = ""
    key: str | None = None
    run_id: str | None = None
    computed_by: str | None = None
    seconds: float = 0.0
    figure: str = ""
    exit_status: int = 0

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
        )


class Observer(Protocol):
    """Is told what happens in a run; from several threads."""

    def started(self, stage: str) -> None:
        """A stage has begun."""

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """A stage has done so many of so many steps, with these figures."""

    def noticed(self, stage: str, text: str) -> None:
        """A stage has something to say that is no error."""

    def finished(self, outcome: Outcome) -> None:
        """A stage has ended."""


class LogObserver:
    """Writes a log line for what happens; for progress at 1, 2, 5, 10, 20, 50 … steps and every minute."""

    def __init__(self) -> None:
        self._spoke: dict[str, float] = {}

    def started(self, stage: str) -> None:
        """Log the start."""
        logger.info("%s: started", stage, extra={"stage": stage})

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """Log some of the steps."""
        now = time.monotonic()
        silent_s = now - self._spoke.setdefault(stage, now)
        if done == total or str(done).rstrip("0") in ("1", "2", "5") or silent_s > _SILENCE_S:
            self._spoke[stage] = now
            text = "".join(f", {name} {value:.4g}" for name, value in figures.items())
            logger.info("%s: %s of %s%s", stage, done, total or "?", text, extra={"stage": stage})

    def noticed(self, stage: str, text: str) -> None:
        """Log the notice."""
        logger.info("%s: note: %s", stage, text, extra={"stage": stage})

    def finished(self, outcome: Outcome) -> None:
        """Log the end."""
        level = logging.ERROR if outcome.state == "failed" else logging.INFO
        detail = outcome.figure or outcome.reason
        words = outcome.name, outcome.state, outcome.seconds, detail
        logger.log(level, "%s: %s in %.1f s; %s", *words, extra={"stage": outcome.name})


class Together:
    """Tells several observers."""

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers

    def started(self, stage: str) -> None:
        """Tell of the start."""
        for each in self.observers:
            each.started(stage)

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """Tell of a step."""
        for each in self.observers:
            each.progressed(stage, done, total, figures)

    def noticed(self, stage: str, text: str) -> None:
        """Tell the notice."""
        for each in self.observers:
            each.noticed(stage, text)

    def finished(self, outcome: Outcome) -> None:
        """Tell of the end."""
        for each in self.observers:
            each.finished(outcome)


observer: ContextVar[Observer] = ContextVar("observer", default=LogObserver())  # noqa: B039  (made once, for all)
