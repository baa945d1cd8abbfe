"""The Prefect task of a stage: it takes the stage's result from the cache, or computes it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.results import ResultRecord  # type: ignore[attr-defined]  # from a private module
from prefect.tasks import exponential_backoff
from prefect.transactions import IsolationLevel

from stagecraft.errors import explain, without_secrets
from stagecraft.orchestration.cache import StageKey, Verified, WholeFiles
from stagecraft.orchestration.shared import Shared
from stagecraft.orchestration.stage_run import StageRun
from stagecraft.progress import observer
from stagecraft.result import Result


def task_of(run: StageRun, shared: Shared) -> "Task[Any, Any]":
    """Make the task of a stage; it is given the results of the stages before, by name."""
    unkeyed: list[Exception] = []

    def body(results: dict[str, Result]) -> Result:
        run.attempts += 1
        if context := TaskRunContext.get():
            shared.pages.belongs(run.name, context.task_run.id)
        with without_secrets(), _noticing(run):
            if shared.stopped.is_set():
                raise KeyboardInterrupt
            if unkeyed:
                raise unkeyed.pop()
            return run.execute(results)

    def find(results: Mapping[str, Result]) -> str:
        try:
            return run.find_key(results)
        except Exception as error:  # Prefect only logs it, and runs the stage without a key
            unkeyed.append(error)
            raise

    def may_pass(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
        return run.is_tried_again(state.data)

    def completed(_task: Any, task_run: TaskRun, state: State[Any]) -> None:
        if state.name == "Cached" and isinstance(state.data, ResultRecord):
            shared.pages.belongs(run.name, task_run.id)
            run.replay(state.data.result)

    task: Task[Any, Any] = Task(
        fn=body,
        name=run.name,
        task_run_name=run.name,
        cache_policy=StageKey(
            isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=shared.locks, find=find
        ),
        persist_result=True,
        refresh_cache=run.name in shared.selection.forced,
        result_serializer=Verified(),
        retries=shared.patience.attempts - 1,
        retry_delay_seconds=exponential_backoff(shared.patience.pause_s),
        retry_jitter_factor=0.5,
        retry_condition_fn=may_pass,
        on_completion=[completed],
    )
    # Its constructor takes no block that the server does not know, and no other folder is atomic.
    task.result_storage = WholeFiles(basepath=str(shared.tracker.home.results))
    return task


@contextmanager
def _noticing(run: StageRun) -> Iterator[None]:
    """Say so when a stage that failed is tried again."""
    try:
        yield
    except Exception as error:
        if run.is_tried_again(error):
            observer.get().noticed(run.name, f"will be tried again: {explain(error)}")
        raise
