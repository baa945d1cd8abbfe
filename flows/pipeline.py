"""The Prefect flows: the same walk, as a server's pages and schedules know it.

Their parameters are described in `flows.forms`.
"""

from pathlib import Path
from typing import Any

from prefect import Flow, State, flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.asking import ask
from flows.forms import Anew, ChangedSettings, Force, From, Offline, Only, Profile, Stage, Until
from flows.walk import FLOWS, WHOLE
from seqstep_cli import NAMES
from stagecraft.cache.results import Results
from stagecraft.errors import without_secrets
from stagecraft.files.home import open_home
from stagecraft.mlflow import SharedRecords, Tracker
from stagecraft.pipeline.selection import Selector
from stagecraft.prefect import conduct, crashing
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
        return_state=True,
    )
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    summary: Summary = result
    return summary


def _make_flow(name: str, request: Request | None = None, watcher: Watcher | None = None) -> Flow[Any, Any]:
    """Make the Prefect flow of a name: it asks for what its parameters say, unless it is given a request."""

    @flow(name=name, description=FLOWS[name], task_runner=_runner)
    def asked(
        profile: Profile = "quick",
        settings: ChangedSettings = None,
        only: Only = None,
        from_stage: From = None,
        until: Until = None,
        force: Force = None,
        offline: Offline = False,
    ) -> Summary:
        if request:
            with without_secrets():  # Prefect keeps an error's text
                return _conducted(request, watcher or LogWatcher())
        selector = Selector(
            only=tuple(only or ()), since=from_stage or "", until=until or "", force=tuple(force or ())
        )
        return _asked(name, profile, settings, selector, offline)

    return asked


pipeline, text, series = (_make_flow(name) for name in FLOWS)


@flow(name="stage", task_runner=_runner)
def stage(
    name: Stage,
    profile: Profile = "quick",
    settings: ChangedSettings = None,
    anew: Anew = True,
    offline: Offline = False,
) -> Summary:
    """One stage of the pipeline on its own, from the cached results of those before it."""
    return _asked(WHOLE, profile, settings, Selector(only=(name,), force=(name,) if anew else ()), offline)


def _asked(
    name: str, profile: str, settings: dict[str, Any] | None, selector: Selector, offline: bool
) -> Summary:
    """Run what a deployment's parameters ask for, and tell of a failure."""
    with without_secrets():
        with notifying_of_failure(f"{name} {profile}", notifier_of(NAMES)):
            request = ask(name, profile, [settings or {}], selector, offline)
        with notifying_of_failure(request.name, request.notifier):
            return _conducted(request, LogWatcher())


def _conducted(request: Request, watcher: Watcher) -> Summary:
    """Run a request inside this Prefect flow."""
    home = open_home(NAMES, find_folder(NAMES, Path.cwd()))
    with crashing(home):
        tracker = Tracker(home)
        results = Results(home, tracker.fetch, SharedRecords(tracker))
        return run(request, tracker, results, watcher, conduct)
