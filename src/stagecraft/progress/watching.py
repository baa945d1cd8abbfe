"""Whoever watches a run: is told what happens, as it happens."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from stagecraft.cache.result import Kept
from stagecraft.progress.outcome import Outcome

#: a record that concerns one stage names it in the attribute `stage`, and at the start of its message
logger = logging.getLogger("stagecraft")

_SILENCE_S = 60


class Watcher:
    """Is told what happens in a run; from several threads. This one passes over all of it."""

    def started(self, stage: str) -> None:
        """A stage has begun."""

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """A stage has done so many of so many steps, with these figures."""

    def noticed(self, stage: str, text: str) -> None:
        """A stage has something to say that is no error."""

    def showed(self, stage: str, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        """A stage has a table to show."""

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """A stage has ended, and has these files if it has a result."""

    def ended(self, run_id: str, outcomes: Sequence[Outcome], files: Sequence[Kept]) -> None:
        """All stages have ended, and the run itself has these files."""


class LogWatcher(Watcher):
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

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """Log the end."""
        level = logging.ERROR if outcome.state == "failed" else logging.INFO
        detail = outcome.detail
        words = outcome.name, outcome.state, outcome.seconds, detail
        logger.log(level, "%s: %s in %.1f s; %s", *words, extra={"stage": outcome.name})


class Together(Watcher):
    """Tells several watchers."""

    def __init__(self, *watchers: Watcher) -> None:
        self.watchers = watchers

    def started(self, stage: str) -> None:
        """Tell of the start."""
        for each in self.watchers:
            each.started(stage)

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """Tell of a step."""
        for each in self.watchers:
            each.progressed(stage, done, total, figures)

    def noticed(self, stage: str, text: str) -> None:
        """Tell the notice."""
        for each in self.watchers:
            each.noticed(stage, text)

    def showed(self, stage: str, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Tell of the table."""
        for each in self.watchers:
            each.showed(stage, title, rows)

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """Tell of a stage's end."""
        for each in self.watchers:
            each.finished(outcome, files)

    def ended(self, run_id: str, outcomes: Sequence[Outcome], files: Sequence[Kept]) -> None:
        """Tell of the run's end."""
        for each in self.watchers:
            each.ended(run_id, outcomes, files)


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
