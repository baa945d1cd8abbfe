"""What the stages of a run have in common."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import Session
from stagecraft.mlflow import Tracker
from stagecraft.patience import Patience
from stagecraft.pipeline.selection import Selection
from stagecraft.pipeline.stage import Stage
from stagecraft.progress.watching import Watcher


@dataclass(frozen=True)
class RunContext:
    """What the stages of a run have in common.

    Args:
        tracker: the store of the records.
        results: those that are kept.
        parent: the run of the whole pipeline.
        session: marks it as in progress.
        selection: the stages to run, and which of them anew.
        given: results of stages that do not run but are needed.
        patience: with stages that fail for a reason that may pass.
        watcher: is told what happens.
        is_strict: a stage that touches what its key does not know fails.
        stages: those of the pipeline, by name.
        stopped: asks stages that are running to stop at their next step.
    """

    tracker: Tracker
    results: Results
    parent: str
    session: Session
    selection: Selection
    given: Mapping[str, Result]
    patience: Patience
    watcher: Watcher
    is_strict: bool = False
    stages: dict[str, Stage] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def check_goes_on(self) -> None:
        """See that the run was not broken off.

        Raises:
            KeyboardInterrupt: it was.
        """
        if self.stopped.is_set() or self.session.is_given_up:
            raise KeyboardInterrupt

    @cached_property
    def locks(self) -> KeyLocks:
        """The locks of keys."""
        return KeyLocks(self.tracker.home.locks)
