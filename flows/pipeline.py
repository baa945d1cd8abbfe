"""The Prefect flows: the same walk, as a server's pages and schedules know it.

Their parameters are described in `flows.forms`.
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.failure import Herald, handed_over, heralded
from flows.forms import Anew, Force, From, Offline, Only, Profile, Settings, Stage, Until
from flows.page import RunPage
from flows.walk import bound, choose
from seqstep.config import Config
from seqstep.settings import flatten, resolve
from stagecraft.artifact import Frozen
from stagecraft.errors import without_secrets
from stagecraft.home import open_home
from stagecraft.orchestration import conduct, crashing
from stagecraft.patience import Patience
from stagecraft.pipeline_run import pipeline_run
from stagecraft.plan import make_plan
from stagecraft.progress import Outcome
from stagecraft.results import Results
from stagecraft.selection import Wish
from stagecraft.tracking import SharedRecords, Tracker

# Each stage waits in a thread of its own for the ones before it.
_runner: Any = ThreadPoolTaskRunner(max_workers=32)


class Summary(Frozen):
    """How a pipeline run ended."""

    run_id: str
    profile: str
    stages: tuple[Outcome, ...]


@flow(task_runner=_runner)
def pipeline(
    profile: Profile = "quick",
    settings: Settings = None,
    only: Only = None,
    from_stage: From = None,
    until: Until = None,
    force: Force = None,
    offline: Offline = False,
) -> Summary:
    """From the text and from the series to tested forecasts."""
    wish = Wish(only=only or (), since=from_stage or "", until=until or "", force=force or ())
    return _run("pipeline", profile, settings, wish, offline)


@flow(task_runner=_runner)
def text(
    profile: Profile = "quick",
    settings: Settings = None,
    only: Only = None,
    from_stage: From = None,
    until: Until = None,
    force: Force = None,
    offline: Offline = False,
) -> Summary:
    """From the text to its language models."""
    wish = Wish(only=only or (), since=from_stage or "", until=until or "", force=force or ())
    return _run("text", profile, settings, wish, offline)


@flow(task_runner=_runner)
def series(
    profile: Profile = "quick",
    settings: Settings = None,
    only: Only = None,
    from_stage: From = None,
    until: Until = None,
    force: Force = None,
    offline: Offline = False,
) -> Summary:
    """From the series to its forecasts."""
    wish = Wish(only=only or (), since=from_stage or "", until=until or "", force=force or ())
    return _run("series", profile, settings, wish, offline)


@flow(task_runner=_runner)
def stage(
    name: Stage,
    profile: Profile = "quick",
    settings: Settings = None,
    anew: Anew = True,
    offline: Offline = False,
) -> Summary:
    """One stage of the pipeline on its own, from the cached results of those before it."""
    return _run("pipeline", profile, settings, Wish(only=[name], force=[name] if anew else ()), offline)


def _run(name: str, profile: str, settings: dict[str, Any] | None, wish: Wish, offline: bool) -> Summary:
    """Run the selected part of the pipeline, and tell of a failure unless the command line does."""
    with without_secrets():  # Prefect keeps an error's text
        if config := handed_over.get():
            return _walk(name, profile, config, wish, offline, Herald(config.notify))
        with heralded(f"{name} {profile}") as herald:
            config = resolve(profile, [settings or {}])
            herald.config = config.notify
            return _walk(name, profile, config, wish, offline, herald)


def _walk(name: str, profile: str, config: Config, wish: Wish, offline: bool, herald: Herald) -> Summary:
    """Walk the selected part of the pipeline for real."""
    home = open_home()
    with crashing(home):
        return _recorded(Tracker(home), name, profile, config, wish, offline, herald)


def _recorded(
    tracker: Tracker, name: str, profile: str, config: Config, wish: Wish, offline: bool, herald: Herald
) -> Summary:
    selection, walk = choose(config, wish, name), bound(profile, config, offline)
    results = Results(tracker.home, tracker.fetch, SharedRecords(tracker))
    given = make_plan(walk, results, selection, f"seqstep run {profile}").results if wish.only else {}
    params = {"profile": profile, **flatten(config)}
    patience, called = Patience(**dict(config.retry)), f"{name} {profile}"
    page = RunPage(tracker, results, name, profile, config, given)
    with (
        pipeline_run(tracker, called, params, patience, herald.tell_of_death, page.title) as run,
        conduct(
            tracker, results, run.run_id, run.session, selection, given, patience, page.finish
        ) as conductor,
    ):
        walk(conductor)
    return Summary(run_id=run.run_id, profile=profile, stages=tuple(conductor.outcomes.values()))
