"""What a command line asks for, and the results that it is held against; MLflow is loaded only if needed."""

import argparse
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from secrecy import redact
from stagecraft.cache.database import check_restored, check_runs, own_database
from stagecraft.cache.results import Results
from stagecraft.cli.command import by_changes
from stagecraft.errors import ProjectError
from stagecraft.files.home import Home
from stagecraft.pipeline.selection import Selector
from stagecraft.servers.announcement import addresses

if TYPE_CHECKING:
    from stagecraft.cache.result import Kept
    from stagecraft.mlflow import SharedRecords
    from stagecraft.pipeline.plan import Plan
    from stagecraft.project import Project
    from stagecraft.runs.request import Request


def ask(args: argparse.Namespace, project: "Project") -> "Request":
    """Make the request of a command line.

    Raises:
        UsageError: its settings can't be read; the project's own errors say what else is wrong with it.
        ProjectError: what the project makes is no request.
        CodeError, WiringError: the key of a stage that is asked for can't be made.
    """
    from stagecraft.runs.request import Request

    selector = Selector(
        only=tuple(args.only), since=args.since or "", until=args.until or "", force=tuple(args.force)
    )
    request = by_changes(
        args, lambda changes: project.ask(args.flow, args.profile, changes, selector, args.offline)
    )
    if not isinstance(request, Request):
        raise ProjectError(f"expected a Request from the `ask` of {project.names.project}, got {request!r}")
    request.check()
    strict: bool = getattr(args, "strict", False)  # a plan runs nothing
    return replace(request, command=_command(args, project), strict=strict)


def check_database(home: Home, is_thorough: bool = False) -> None:
    """See that the database of a home is there, whole and its own, if that is the store.

    Args:
        is_thorough: look at each page of it.

    Raises:
        DatabaseError: it is not.
    """
    check_restored(home)
    if has_own_store(home):
        own_database(home, is_thorough)


def check_results(home: Home, plan: "Plan") -> None:
    """See that the store knows the runs of the results that a plan found, if it is the home's own.

    Raises:
        DatabaseError: it does not.
    """
    if has_own_store(home):
        check_runs(home, plan.results.values())


def has_own_store(home: Home) -> bool:
    """Tell whether the store is the database of a home, be it behind the home's own server."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or home.store
    return uri in (home.store, addresses(home).get("MLFLOW_TRACKING_URI"))


def open_results(home: Home) -> Results:
    """Open the results of a home, and of the machines that share its store."""
    records = _RecordsOnServers(home)
    return Results(home, records.fetch, records)


def _command(args: argparse.Namespace, project: "Project") -> str:
    """Write the command that asks for the same flow and configuration."""
    flow = ["--flow", args.flow] if args.flow else []
    file = ["--config", str(args.config)] if args.config else []
    shown = _shown(args.assignments)
    changes = ["--set", *shown] if shown else []
    return shlex.join([project.names.project, "run", args.profile, *flow, *file, *changes])


def _shown(assignments: Sequence[str]) -> list[str]:
    """Repeat assignments without secrets; who is told of failures matters to no message."""
    return [redact(text) for text in assignments if not text.strip().startswith("notify.")]


class _RecordsOnServers:
    """What machines share; MLflow is needed only to look something up."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @cached_property
    def _records(self) -> "SharedRecords":
        from stagecraft.mlflow import SharedRecords, Tracker

        return SharedRecords(Tracker(self._home))

    def fetch(self, artifact: "Kept") -> Path:
        """Bring an artifact from a server."""
        from stagecraft.mlflow import Tracker

        return Tracker(self._home).fetch(artifact)

    def find(self, start: str) -> bytes | None:
        """Look up a record; the servers of this home have none that is not here."""
        uri = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not uri.startswith("http") or uri == addresses(self._home).get("MLFLOW_TRACKING_URI"):
            return None
        return self._records.find(start)

    def share(self, key: str, run_id: str, record: Path) -> None:
        """Put a record there."""
        self._records.share(key, run_id, record)
