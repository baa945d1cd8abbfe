"""The Prefect flows: the same walk, as a server's pages and schedules know it."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.page import RunPage
from flows.walk import bound, choose
from seqstep.settings import flatten, resolve
from stagecraft.artifact import Frozen
from stagecraft.home import open_home
from stagecraft.orchestration import conduct
from stagecraft.pipeline_run import pipeline_run
from stagecraft.plan import make_plan
from stagecraft.progress import Outcome
from stagecraft.results import Results
from stagecraft.selection import Wish
from stagecraft.tracking import Tracker

# Each stage waits in a thread of its own for the ones before it.
_runner: Any = ThreadPoolTaskRunner(max_workers=32)


class Summary(Frozen):
    """How a pipeline run ended."""

    run_id: str
    profile: str
    stages: tuple[Outcome, ...]


@flow(task_runner=_runner)
def pipeline(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    only: list[str] | None = None,
    from_stage: str = "",
    until: str = "",
    force: list[str] | None = None,
    offline: bool = False,
) -> Summary:
    """From the text and from the series to tested forecasts.

    Args:
        profile: quick or notes.
        settings: changes to the profile, such as {"rnn": {"epochs": 500}}.
        only: just these stages; what they need must be cached.
        from_stage: this stage and all that depends on it, anew.
        until: this stage and all that it depends on.
        force: these stages anew, even if they are cached.
        offline: never touch the network.
    """
    wish = Wish(only=only or (), since=from_stage, until=until, force=force or ())
    return _run("pipeline", profile, settings, wish, offline)


@flow(task_runner=_runner)
def text(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    only: list[str] | None = None,
    from_stage: str = "",
    until: str = "",
    force: list[str] | None = None,
    offline: bool = False,
) -> Summary:
    """From the text to its language models; for the arguments see `pipeline`."""
    wish = Wish(only=only or (), since=from_stage, until=until, force=force or ())
    return _run("text", profile, settings, wish, offline)


@flow(task_runner=_runner)
def series(
    profile: str = "quick",
    settings: dict[str, Any] | None = None,
    only: list[str] | None = None,
    from_stage: str = "",
    until: str = "",
    force: list[str] | None = None,
    offline: bool = False,
) -> Summary:
    """From the series to its forecasts; for the arguments see `pipeline`."""
    wish = Wish(only=only or (), since=from_stage, until=until, force=force or ())
    return _run("series", profile, settings, wish, offline)


def _run(name: str, profile: str, settings: dict[str, Any] | None, wish: Wish, offline: bool) -> Summary:
    """Walk the selected part of the pipeline for real."""
    config = resolve(profile, [settings or {}])
    selection, walk = choose(config, wish, name), bound(profile, config, offline)
    tracker = Tracker(open_home())
    results = Results(tracker.home, tracker.fetch)
    given = make_plan(walk, results, selection, f"seqstep run {profile}").results if wish.only else {}
    params = {"profile": profile, **flatten(config)}
    page = RunPage(tracker, results, name, profile, config, given)
    with (
        pipeline_run(tracker, f"{name} {profile}", params, page.title) as (parent, session),
        conduct(tracker, results, parent, session, selection, given, page.finish) as conductor,
    ):
        walk(conductor)
    return Summary(run_id=parent, profile=profile, stages=tuple(conductor.outcomes_in_order()))
