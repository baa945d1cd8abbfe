"""Runs a pipeline: walks it inside a Prefect flow, its stages as tasks, each recorded in MLflow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from stagecraft.call import Call
from stagecraft.errors import SelectionError, StageFailedError, TrackingError, explain
from stagecraft.live import Session
from stagecraft.orchestration import summaries
from stagecraft.orchestration.cache import checks, flaws_by_key
from stagecraft.orchestration.crashes import tell_of_crashes
from stagecraft.orchestration.pages import Pages
from stagecraft.orchestration.shared import Shared
from stagecraft.orchestration.stage_run import StageRun
from stagecraft.orchestration.stage_task import task_of
from stagecraft.patience import Patience
from stagecraft.pipeline_run import is_there
from stagecraft.progress import Outcome, observer
from stagecraft.result import Kept, Result
from stagecraft.results import Results
from stagecraft.selection import Selection
from stagecraft.stage import Stage
from stagecraft.tracking import Tracker
from stagecraft.walk import Handle


class Conductor:
    """Walks a pipeline inside a Prefect flow.

    Raises:
        SelectionError: a result that stages are to be given was freed since it was looked up.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._runs: dict[str, StageRun] = {}
        self._futures: dict[str, PrefectFuture[Any]] = {}
        for result in shared.given.values():
            if not is_there(shared.results, shared.session, result.key):
                raise SelectionError(
                    f"{result.key} was freed or damaged a moment ago; run its stage again first"
                )
        tell_of_crashes(shared.tracker.home)
        checks.set(shared.results.checks)
        flaws_by_key.set({})

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Submit a stage; it starts when the stages before it have ended."""
        self._shared.stages[stage.name] = stage
        if stage.name in self._shared.selection.selected:
            call = Call(stage, stage.bind(*args, **kwargs))
            run = self._runs[stage.name] = StageRun(call, self._shared)
            before = {name: self._futures[name] for name in call.sources().values() if name in self._futures}
            self._futures[stage.name] = task_of(run, self._shared).submit(results=before)
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
                self._end_unrecorded(run, future.state)
            self._share(run)

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
            raise StageFailedError(reason, status, self._shared.parent, outcomes) from cause

    def stop(self) -> None:
        """Ask the stages that are running to stop at their next step."""
        self._shared.stopped.set()

    def _share(self, run: StageRun) -> None:
        """Share a result, or say that it was not kept; Prefect only logs that."""
        outcome, results = run.outcome, self._shared.results
        if not outcome or outcome.state != "completed" or not outcome.key:
            return
        kept = results.find(outcome.key).result
        if kept is None or kept.run_id != outcome.run_id:
            observer.get().noticed(run.name, "its result could not be kept, so it will run again")
            return
        try:
            results.share(kept)
        except TrackingError as error:
            observer.get().noticed(run.name, f"other machines will compute it too: {error}")

    def _end_unrecorded(self, run: StageRun, state: State[Any]) -> None:
        """Tell how a stage ended that never started, or whose run could not be recorded."""
        if state.is_failed() or state.is_crashed():
            error = state.result(raise_on_failure=False)
            run.end_failed(error, explain(error))
            return
        failed = ", ".join(dict.fromkeys(self._culprits(run.name)))
        reason = f"after {failed}" if failed else (state.message or "not started")
        run.end(Outcome(name=run.name, state="skipped", reason=reason))

    def _culprits(self, name: str) -> list[str]:
        """Name the failed stages that a stage stands on."""
        run = self._runs.get(name)
        if run is None:
            return []
        if run.outcome and run.outcome.state == "failed":
            return [name]
        return [culprit for need in run.call.sources().values() for culprit in self._culprits(need)]


@contextmanager
def conduct(
    tracker: Tracker,
    results: Results,
    parent: str,
    session: Session,
    selection: Selection,
    given: Mapping[str, Result],
    patience: Patience | None = None,
    at_end: Callable[[str, Sequence[Outcome]], Sequence[Kept]] = lambda _run_id, _outcomes: (),
) -> Iterator[Conductor]:
    """Run stages under a parent run; see `Shared`.

    Args:
        at_end: is called with the parent run and how each stage ended, if none failed; returns what it
            added to that run. It is called again if it fails for a reason that may pass.

    Raises:
        SelectionError: a result that stages are to be given was freed since it was looked up.
        StageFailedError: a stage failed; the others ran as far as they could.
    """
    patience = patience or Patience()
    with Pages() as pages:
        conductor = Conductor(Shared(tracker, results, parent, session, selection, given, patience, pages))
        try:
            yield conductor
            conductor.wait()
        except BaseException:
            conductor.stop()
            raise
        outcomes = list(conductor.outcomes.values())
        files = () if conductor.failed else patience.retry(lambda: at_end(parent, outcomes))
        text = summaries.of_run(tracker, parent, outcomes, files)
        pages.show("", "run", "How each stage ended", text)
    conductor.check()
