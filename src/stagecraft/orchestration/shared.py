"""What the stages of a run have in common."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from stagecraft.live import Session
from stagecraft.locks import KeyLocks
from stagecraft.orchestration.pages import Pages
from stagecraft.patience import Patience
from stagecraft.result import Result
from stagecraft.results import Results
from stagecraft.selection import Selection
from stagecraft.stage import Stage
from stagecraft.tracking import Tracker


@dataclass(frozen=True)
class Shared:
    """What the stages of a run have in common.

    Args:
        tracker: the store of the records.
        results: those that are kept.
        parent: the run of the whole pipeline.
        session: marks it as in progress.
        selection: the stages to run, and which of them anew.
        given: results of stages that do not run but are needed.
        patience: with stages that fail for a reason that may pass.
        pages: shows on Prefect's pages what happens.
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
    pages: Pages
    stages: dict[str, Stage] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def locks(self) -> KeyLocks:
        """The locks of keys."""
        return KeyLocks(self.tracker.home.locks)
