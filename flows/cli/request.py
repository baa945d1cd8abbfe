"""What a command line asks for: a configuration, and a part of the pipeline."""

import argparse
import os
import shlex
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.command import configured_changes
from flows.failure import Herald
from secrecy import redact
from seqstep.config import Config
from seqstep.settings import flatten, resolve
from stagecraft.home import open_home
from stagecraft.plan import Plan, make_plan
from stagecraft.progress import Outcome
from stagecraft.results import Results
from stagecraft.selection import Selection, Wish
from stagecraft.up import addresses

if TYPE_CHECKING:
    from stagecraft.result import Kept
    from stagecraft.tracking import SharedRecords

#: the run of a pipeline in MLflow, and how each stage ended
Done = tuple[str, Sequence[Outcome]]


class Request:
    """What a command line asks for: a configuration, and a part of the pipeline.

    Raises:
        ConfigError: there is no such configuration.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        from flows.walk import bound

        self.profile: str = args.profile
        self.config: Config = resolve(args.profile, configured_changes(args))
        self.wish = Wish(only=args.only, since=args.since, until=args.until, force=args.force)
        self.offline: bool = args.offline
        self.walk = bound(self.profile, self.config, self.offline)
        self.results = Results(open_home(), _fetched, _Shared())
        file = ["--config", str(args.config)] if args.config else []
        shown = _shown(args.assignments)
        changes = ["--set", *shown] if shown else []
        self.command = shlex.join(["seqstep", "run", args.profile, *file, *changes])
        self.name = f"pipeline {self.profile}"

    @cached_property
    def selection(self) -> Selection:
        """The stages that are asked for.

        Raises:
            SelectionError: there are no such stages.
        """
        from flows.walk import choose

        return choose(self.config, self.wish)

    def plan(self) -> Plan:
        """Find out what a run would do.

        Raises:
            SelectionError: there are no such stages, or what they need is not cached.
        """
        return make_plan(self.walk, self.results, self.selection, self.command)


def _shown(assignments: Sequence[str]) -> list[str]:
    """Repeat assignments without secrets; who is told of failures matters to no message."""
    return [redact(text) for text in assignments if not text.strip().startswith("notify.")]


def replayed(request: Request, plan: Plan, herald: Herald) -> Done | None:
    """Record a run without Prefect if every stage is cached."""
    if not plan.is_done:
        return None
    from flows.page import RunPage
    from stagecraft.pipeline_run import replay_all
    from stagecraft.tracking import Tracker

    params = {"profile": request.profile, **flatten(request.config)}
    tracker, results = Tracker(open_home()), request.results
    page = RunPage(tracker, results, "pipeline", request.profile, request.config, plan.results)
    told = herald.tell_of_death
    return replay_all(tracker, results, plan, request.name, params, told, page.title, page.finish)


def _fetched(artifact: "Kept") -> Path:
    """Bring an artifact from a server; only then is MLflow needed."""
    from stagecraft.tracking import Tracker

    return Tracker(open_home()).fetch(artifact)


class _Shared:
    """The records in the store that machines share; MLflow is needed only to look something up."""

    @cached_property
    def _records(self) -> "SharedRecords":
        from stagecraft.tracking import SharedRecords, Tracker

        return SharedRecords(Tracker(open_home()))

    def find(self, start: str) -> bytes | None:
        """Look up a record; the servers of this home have none that is not here."""
        uri = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not uri.startswith("http") or uri == addresses(open_home()).get("MLFLOW_TRACKING_URI"):
            return None
        return self._records.find(start)

    def share(self, key: str, run_id: str, record: Path) -> None:
        """Put a record there."""
        self._records.share(key, run_id, record)
