"""A run in which every stage is cached, without Prefect."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stagecraft.cache.database import unknown_runs
from stagecraft.cache.locks import KeyLocks
from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import Session
from stagecraft.mlflow import replay, with_account
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.plan import Plan
from stagecraft.pipeline.stage import Stage
from stagecraft.progress.outcome import Outcome
from stagecraft.runs.context import RunContext
from stagecraft.runs.request import Page


class Replayer:
    """Walks a pipeline and records every stage that is asked for from its cached result."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self.outcomes: dict[str, Outcome] = {}

    def __call__(self, stage: Stage, /, *_args: Any, **_kwargs: Any) -> Any:
        """Record a stage."""
        if stage.name in self._context.selection.selected:
            self.outcomes[stage.name] = replayed(self._context, self._context.given[stage.name])
        return Handle(stage.name)


@contextmanager
def replaying(context: RunContext, page: Page) -> Iterator[Replayer]:
    """Record stages from their cached results, which the context has, and finish the page at the end."""
    replayer = Replayer(context)
    yield replayer
    page.finish(context.parent, list(replayer.outcomes.values()))


def replayed(context: RunContext, result: Result) -> Outcome:
    """Record a stage whose result was there, and tell.

    The store of the home is to know the run that computed it.
    """
    start = time.monotonic()
    result = _with_account(context, result)
    run_id = context.patience.retry(
        lambda: replay(context.tracker, result, context.parent, context.session.name)
    )
    context.results.remember(result)
    outcome = Outcome.cached(result, run_id, time.monotonic() - start)
    context.watcher.finished(outcome, result.artifacts)
    return outcome


def check_known(context: RunContext, result: Result) -> None:
    """See that the store of the home knows the run that computed a result.

    Raises:
        DatabaseError: it does not.
    """
    tracker = context.tracker
    if tracker.artifact_folder() == tracker.home.artifacts and not tracker.is_there(
        lambda: tracker.client.get_run(result.run_id)
    ):
        raise unknown_runs(tracker.home, {result.run_id: result.stage})


def _with_account(context: RunContext, result: Result) -> Result:
    """Have the account of the run behind a result, which the version before did not keep."""
    found = context.patience.retry(lambda: with_account(context.tracker, result))
    if found != result:
        context.results.amend(result, found)
    return found


def all_there(results: Results, counting_on: Session, plan: Plan) -> bool:
    """Make sure that every result that a plan found is there, and stays."""
    keys = [plan.results[intent.name].key for intent in plan.intents] if plan.is_done else []
    return plan.is_done and all(is_there(results, counting_on, key) for key in keys)


def is_there(results: Results, counting_on: Session, key: str) -> bool:
    """Make sure that a result is there, and stays."""
    counting_on.use(key)
    with KeyLocks(results.home.locks).holding(key):
        return results.find(key).intact
