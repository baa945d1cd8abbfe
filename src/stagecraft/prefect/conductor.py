"""Runs a pipeline: walks it inside a Prefect flow, its stages as tasks, each recorded in MLflow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from prefect.futures import PrefectFuture
from prefect.settings import get_current_settings

from stagecraft.cache.result import Kept
from stagecraft.errors import SelectionError, StageFailedError, TrackingError, UsageError, explain
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.stage import Stage
from stagecraft.prefect.crashes import tell_of_crashes
from stagecraft.prefect.pages import Pages
from stagecraft.prefect.stage_run import StageRun
from stagecraft.prefect.stage_task import task_of
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import Together
from stagecraft.runs.context import RunContext
from stagecraft.runs.replaying import is_there
from stagecraft.runs.request import Page


class Conductor:
    """Walks a pipeline inside a Prefect flow.

    Raises:
        SelectionError: a result that stages are to be given was freed since it was looked up.
        UsageError: a setting of Prefect's stands against the cache.
    """

    def __init__(self, context: RunContext, pages: Pages) -> None:
        if get_current_settings().tasks.disable_caching:
            raise UsageError(
                "expected Prefect to cache what tasks return, got PREFECT_TASKS_DISABLE_CACHING;"
                " unset it, and use --force to run stages again"
            )
        self._context, self._pages = context, pages
        self._runs: dict[str, StageRun] = {}
        self._futures: dict[str, PrefectFuture[Any]] = {}
        for result in context.given.values():
            if not is_there(context.results, context.session, result.key):
                raise SelectionError(
                    f"{result.key} was freed or damaged a moment ago; run its stage again first"
                )
        tell_of_crashes(context.tracker.home)

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Submit a stage; it starts when the stages before it have ended."""
        self._context.stages[stage.name] = stage
        if stage.name in self._context.selection.selected:
            call = Call(stage, stage.bind(*args, **kwargs))
            run = self._runs[stage.name] = StageRun(call, self._context)
            before = {name: self._futures[name] for name in call.sources().values() if name in self._futures}
            self._futures[stage.name] = task_of(run, self._context, self._pages).submit(results=before)
        return Handle(stage.name)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """How stages ended so far, by name, in the order of the pipeline."""
        return {name: run.outcome for name, run in self._runs.items() if run.outcome}

    @property
    def failed(self) -> list[Outcome]:
        """How those stages ended so far that failed."""
        return [outcome for outcome in self.outcomes.values() if outcome.state == "failed"]

    def wait(self) -> None:
        """Wait for all submitted stages to end."""
        for name, future in self._futures.items():
            future.wait()
            run = self._runs[name]
            if run.outcome is None:
                self._end_unrecorded(run, future)
            self._share_result(run)

    def check(self) -> None:
        """See how the stages ended.

        Raises:
            StageFailedError: one failed; the others ran as far as they could.
        """
        if failed := self.failed:
            reason = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in failed)
            cause = self._runs[failed[0].name].error
            status = failed[0].exit_status
            outcomes = list(self.outcomes.values())
            raise StageFailedError(reason, status, self._context.parent, outcomes) from cause

    def stop(self) -> None:
        """Ask the stages that are running to stop at their next step."""
        self._context.stopped.set()

    def _share_result(self, run: StageRun) -> None:
        """Share a result, or say that it was not kept; Prefect only logs that."""
        outcome, results = run.outcome, self._context.results
        if not outcome or outcome.state != "completed" or not outcome.key:
            return
        kept = results.find(outcome.key).result
        if kept is None or kept.run_id != outcome.run_id:
            self._context.watcher.noticed(run.name, "its result could not be kept, so it will run again")
            return
        try:
            results.share(kept)
        except TrackingError as error:
            self._context.watcher.noticed(run.name, f"other machines will compute it too: {error}")

    def _end_unrecorded(self, run: StageRun, future: PrefectFuture[Any]) -> None:
        """Tell how a stage ended that never started, or whose run could not be recorded."""
        state = future.state
        if state.is_failed() or state.is_crashed():
            error = state.result(raise_on_failure=False)
            run.end_failed(error, explain(error))
            return
        failed = ", ".join(dict.fromkeys(self._culprits(run.name)))
        reason = f"after {failed}" if failed else (state.message or "not started")
        run.end(Outcome(name=run.name, state="skipped", reason=reason))
        if not state.is_final():
            self._pages.skipped(future.task_run_id, reason)

    def _culprits(self, name: str) -> list[str]:
        """Name the failed stages that a stage stands on."""
        run = self._runs.get(name)
        if run is None:
            return []
        if run.outcome and run.outcome.state == "failed":
            return [name]
        return [culprit for need in run.call.sources().values() for culprit in self._culprits(need)]


@contextmanager
def conduct(context: RunContext, page: Page) -> Iterator[Conductor]:
    """Run stages under a parent run, shown on Prefect's pages too.

    Args:
        page: is finished if no stage failed, again if that fails for a reason that may pass.

    Raises:
        SelectionError: a result that stages are to be given was freed since it was looked up.
        StageFailedError: a stage failed; the others ran as far as they could.
    """
    with Pages(context.tracker, context.stages) as pages:
        watched = replace(context, watcher=Together(context.watcher, pages))
        conductor = Conductor(watched, pages)
        try:
            yield conductor
            conductor.wait()
        except BaseException:
            conductor.stop()
            raise
        outcomes = list(conductor.outcomes.values())
        files: Sequence[Kept] = ()
        if not conductor.failed:
            files = context.patience.retry(lambda: page.finish(context.parent, outcomes))
        watched.watcher.ended(context.parent, outcomes, files)
    conductor.check()
