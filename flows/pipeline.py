"""The Prefect flows: the same walk, as a server's pages and schedules know it.

Their parameters are described in `flows.forms`.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from prefect import Flow, State, flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.asking import ask
from flows.forms import (
    USUAL_PROFILE,
    Anew,
    ChangedSettings,
    ChosenStage,
    Force,
    From,
    Offline,
    Only,
    Profile,
    Strict,
    Until,
)
from flows.walk import FLOWS, WHOLE
from seqstep_cli import NAMES
from stagecraft.cache.results import Results
from stagecraft.errors import nearest, without_secrets
from stagecraft.files.home import open_home
from stagecraft.mlflow import SharedRecords, Tracker
from stagecraft.pipeline.selection import Selector
from stagecraft.prefect import crashing
from stagecraft.prefect.conductor import conduct
from stagecraft.progress.notifying import notifier_of, notifying_of_failure
from stagecraft.progress.watching import LogWatcher, Watcher
from stagecraft.project import find_folder
from stagecraft.runs.request import Request, Summary
from stagecraft.runs.run import run

# Each stage waits in a thread of its own for the ones before it.
_runner: Any = ThreadPoolTaskRunner(max_workers=32)


def start(request: Request, watcher: Watcher) -> Summary:
    """Run what a command line asks for as a Prefect flow.

    Prefect keeps parameters, so those that it is shown hold no secrets; the request itself does.

    Raises:
        StageFailedError: a stage failed.
    """
    selector = request.selector
    state: State[Any] = _make_flow(request.flow, request, watcher)(  # type: ignore[assignment]
        profile=request.profile,
        settings=request.settings,
        only=list(selector.only),
        from_stage=selector.since or None,
        until=selector.until or None,
        force=list(selector.force),
        offline=request.offline,
        strict=request.strict,
        return_state=True,
    )
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    summary: Summary = result
    return summary


def _make_flow(name: str, request: Request | None = None, watcher: Watcher | None = None) -> Flow[Any, Any]:
    """Make the Prefect flow of a name: it asks for what its parameters say, unless it is given a request."""

    # What a command line asks for is checked by then, also stages that only its settings bring about.
    @flow(name=name, description=FLOWS[name], task_runner=_runner, validate_parameters=request is None)
    def asked(
        profile: Profile = USUAL_PROFILE,
        settings: ChangedSettings = None,
        only: Only = None,
        from_stage: From = None,
        until: Until = None,
        force: Force = None,
        offline: Offline = False,
        strict: Strict = False,
    ) -> Summary:
        if request:
            with without_secrets():  # Prefect keeps an error's text
                return _conducted(request, watcher or LogWatcher())
        selector = Selector(
            only=tuple(only or ()), since=from_stage or "", until=until or "", force=tuple(force or ())
        )
        return _asked(name, profile, settings, selector, offline, strict)

    return asked


@cache
def __getattr__(name: str) -> Flow[Any, Any]:
    """Make the flow that a deployment's entry point names."""
    if name not in FLOWS:
        raise AttributeError(f"there is no flow {name}; {nearest(name, FLOWS)}")
    return _make_flow(name)


@flow(name="stage", task_runner=_runner)
def stage(
    name: ChosenStage,
    profile: Profile = USUAL_PROFILE,
    settings: ChangedSettings = None,
    anew: Anew = True,
    offline: Offline = False,
    strict: Strict = False,
) -> Summary:
    """One stage of the pipeline on its own, from the cached results of those before it."""
    selector = Selector(only=(name,), force=(name,) if anew else ())
    return _asked(WHOLE, profile, settings, selector, offline, strict)


def _asked(
    name: str,
    profile: str,
    settings: dict[str, Any] | None,
    selector: Selector,
    offline: bool,
    strict: bool,
) -> Summary:
    """Run what a deployment's parameters ask for, and tell of a failure."""
    with without_secrets():
        with notifying_of_failure(f"{name} {profile}", notifier_of(NAMES)):
            request = ask(name, profile, [settings or {}], selector, offline)
        with notifying_of_failure(request.name, request.notifier):
            return _conducted(replace(request, strict=strict, is_by_user=False), LogWatcher())


def _conducted(request: Request, watcher: Watcher) -> Summary:
    """Run a request inside this Prefect flow."""
    home = open_home(NAMES, find_folder(NAMES, Path.cwd()))
    with crashing(home):
        tracker = Tracker(home)
        results = Results(home, tracker.fetch, SharedRecords(tracker))
        return run(request, tracker, results, watcher, conduct)
