"""A run of what a user asks for: recorded in MLflow, whoever walks it."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.mlflow import Tracker, request_tags
from stagecraft.pipeline.walk import Run
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Watcher
from stagecraft.runs.context import RunContext
from stagecraft.runs.pipeline_run import above_variable, pipeline_run
from stagecraft.runs.request import Page, Request, Summary


class Walker(Run, Protocol):
    """Walks a pipeline, and knows how its stages ended."""

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """How stages ended so far, by name, in the order of the pipeline."""


#: makes the walker of a run: `conduct`, which computes what is not cached, or `replaying`
Walking = Callable[[RunContext, Page], AbstractContextManager[Walker]]


def run(
    request: Request,
    tracker: Tracker,
    results: Results,
    watcher: Watcher,
    walking: Walking,
    given: Mapping[str, Result] | None = None,
) -> Summary:
    """Run what is asked for below a parent run in MLflow, which ends as the pipeline does.

    Args:
        given: cached results, by stage, if they are known; else they are looked up where stages need them.

    Raises:
        CodeError, WiringError: the key of a stage can't be made, so nothing is run.
        SelectionError: there are no such stages, or what they need is not cached.
        StageFailedError: a stage failed; the others ran as far as they could.
    """
    request.check()
    if given is None:
        given = request.plan(results).results if request.selector.only else {}
    page = request.make_page(tracker, results, given)
    told = request.notifier.tell_of_dead_run
    is_by_user = request.is_by_user and above_variable(tracker.home.names) not in os.environ
    tags = request_tags(tracker, request.data_asked, is_by_user)
    with pipeline_run(
        tracker, request.name, request.parameters, request.patience, told, page.title, tags
    ) as parent:
        context = RunContext(
            tracker,
            results,
            parent.run_id,
            parent.session,
            request.selection,
            given,
            request.patience,
            watcher,
            request.strict,
        )
        with walking(context, page) as walker:
            request.trace.follow(walker)
        outcomes = tuple(walker.outcomes.values())
    return Summary(run_id=parent.run_id, profile=request.profile, stages=outcomes)
