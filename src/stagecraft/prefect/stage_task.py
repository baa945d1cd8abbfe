"""The Prefect task of a stage: it takes the stage's result from the cache, or computes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import exponential_backoff
from prefect.transactions import IsolationLevel

from stagecraft.cache.result import Result
from stagecraft.errors import explain, without_secrets
from stagecraft.prefect.cache import ResultAsJSON, StageKey, WholeFiles
from stagecraft.prefect.pages import Pages
from stagecraft.prefect.stage_run import StageRun
from stagecraft.runs.context import RunContext


def task_of(run: StageRun, run_context: RunContext, pages: Pages) -> "Task[Any, Any]":
    """Make the task of a stage; it is given the results of the stages before, by name."""

    def body(results: dict[str, Result]) -> Result:
        run.attempts += 1
        if context := TaskRunContext.get():
            pages.belongs(run.name, context.task_run.id)
        with without_secrets(), _noticing(run):
            run_context.check_goes_on()
            return run.execute(results)

    def may_pass(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
        return run.is_tried_again(state.data)

    def completed(_task: Any, task_run: TaskRun, state: State[Any]) -> None:
        if state.name == "Cached":
            pages.belongs(run.name, task_run.id)
            run.replay(state.result())

    task: Task[Any, Any] = Task(
        fn=body,
        name=run.name,
        task_run_name=run.name,
        cache_policy=StageKey(
            isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=run_context.locks, find=run.find_key
        ),
        persist_result=True,
        refresh_cache=run.name in run_context.selection.forced,
        result_serializer=ResultAsJSON(),
        retries=run_context.patience.attempts - 1,
        retry_delay_seconds=exponential_backoff(run_context.patience.pause_s),
        retry_jitter_factor=0.5,
        retry_condition_fn=may_pass,
        on_completion=[completed],
    )
    # Its constructor takes no block that the server does not know, and no other folder is atomic.
    task.result_storage = WholeFiles.of(run_context.tracker.home.results, run.verify)
    return task


@contextmanager
def _noticing(run: StageRun) -> Iterator[None]:
    """Say so when a stage that failed is tried again."""
    try:
        yield
    except Exception as error:
        if run.is_tried_again(error):
            run.watcher.noticed(run.name, f"will be tried again: {explain(error)}")
        raise
