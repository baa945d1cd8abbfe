"""The one place that decides how a stage is run: as a Prefect task, recorded in MLflow."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State as PrefectState
from prefect.client.schemas.objects import TaskRun
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from prefect.results import ResultRecord  # type: ignore[attr-defined]  # from a private module
from prefect.tasks import exponential_backoff
from prefect.transactions import IsolationLevel, get_transaction
from pydantic import BaseModel

from stagecraft.artifact import Artifact, digest
from stagecraft.call import Call, addresses
from stagecraft.checkpoints import Checkpoints
from stagecraft.errors import SelectionError, StageFailedError, TrackingError, explain, without_secrets
from stagecraft.files import State, state_of
from stagecraft.key import Parts
from stagecraft.live import Session, keys_in_use
from stagecraft.locks import KeyLocks
from stagecraft.orchestration import summaries
from stagecraft.orchestration.cache import StageKey, Verified, WholeFiles, checks, flaws_by_key
from stagecraft.orchestration.crashes import tell_of_crashes
from stagecraft.orchestration.pages import Pages
from stagecraft.patience import Patience, is_transient
from stagecraft.plan import redrawn, why
from stagecraft.progress import Outcome, observer
from stagecraft.result import Kept, Result
from stagecraft.results import Results
from stagecraft.selection import Selection
from stagecraft.stage import Stage
from stagecraft.tracking import INPUT_TAG, NOTE_TAG, REASON_TAG, STAGE_TAG, Record, Tracker, replay
from stagecraft.upkeep.disk import discard
from stagecraft.walk import Handle


@dataclass
class Conductor:
    """Walks a pipeline inside a Prefect flow.

    Args:
        tracker: the store of the records.
        results: those that are kept.
        parent: the run of the whole pipeline.
        session: marks it as in progress.
        selection: the stages to run, and which of them anew.
        given: results of stages that do not run but are needed.
        patience: with stages that fail for a reason that may pass.
        pages: shows on Prefect's pages what happens.
    """

    tracker: Tracker
    results: Results
    parent: str
    session: Session
    selection: Selection
    given: Mapping[str, Result]
    patience: Patience = field(default_factory=Patience)
    pages: Pages = field(default_factory=Pages)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    _futures: dict[str, PrefectFuture[Any]] = field(default_factory=dict)
    _calls: dict[str, Call] = field(default_factory=dict)
    _stages: dict[str, Stage] = field(default_factory=dict)
    _keys: dict[str, tuple[str, Parts]] = field(default_factory=dict)
    _own_files: dict[str, tuple[Path, State]] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _flaws: dict[str, str] = field(default_factory=dict)
    _unkeyed: dict[str, Exception] = field(default_factory=dict)
    _attempts: Counter[str] = field(default_factory=Counter)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._locks = KeyLocks(self.tracker.home.locks)
        for result in self.given.values():
            self._count_on(result.key)
        tell_of_crashes(self.tracker.home)
        checks.set(self.results.checks)
        flaws_by_key.set(self._flaws)

    def _count_on(self, key: str) -> None:
        """Make sure that a result is there, and stays.

        Raises:
            SelectionError: it was freed since it was looked up.
        """
        self.session.use(key)
        with self._locks.holding(key):
            if not self.results.find(key).intact:
                raise SelectionError(f"{key} was freed or damaged a moment ago; run its stage again first")

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Submit a stage; it starts when the stages before it have ended."""
        self._stages[stage.name] = stage
        if stage.name in self.selection.selected:
            call = self._calls[stage.name] = Call(stage, stage.bind(*args, **kwargs))
            before = {name: self._futures[name] for name in call.sources().values() if name in self._futures}
            self._futures[stage.name] = self._task(call).submit(results=before)
        return Handle(stage.name)

    def wait(self) -> list[Outcome]:
        """Wait for all submitted stages; return how each ended, in the order of the pipeline."""
        for name, future in self._futures.items():
            future.wait()
            if name not in self.outcomes:
                self._end(self._unrecorded(name, future.state))
            self._share(self.outcomes[name])
        return self.outcomes_in_order()

    def outcomes_in_order(self) -> list[Outcome]:
        """Return how each stage ended, in the order of the pipeline."""
        return [self.outcomes[name] for name in self._futures if name in self.outcomes]

    def _share(self, outcome: Outcome) -> None:
        """Share a result, or say that it was not kept; Prefect only logs that."""
        if outcome.state != "completed" or not outcome.key:
            return
        kept = self.results.find(outcome.key).result
        if kept is None or kept.run_id != outcome.run_id:
            observer.get().noticed(outcome.name, "its result could not be kept, so it will run again")
            return
        try:
            self.results.share(kept)
        except TrackingError as error:
            observer.get().noticed(outcome.name, f"other machines will compute it too: {error}")

    def stop(self) -> None:
        """Ask the stages that are running to stop at their next step."""
        self._stopped.set()

    def _task(self, call: Call) -> "Task[Any, Any]":
        """Make the task of a stage."""
        name = call.stage.name

        def body(results: dict[str, Result]) -> Result:
            self._attempts[name] += 1
            if context := TaskRunContext.get():
                self.pages.belongs(name, context.task_run.id)
            with without_secrets(), self._noticing(name):
                if self._stopped.is_set():
                    raise KeyboardInterrupt
                if name in self._unkeyed:
                    raise self._unkeyed.pop(name)
                return self._execute(call, results)

        def find(results: Mapping[str, Result]) -> str:
            try:
                return self._find_key(call, results)
            except Exception as error:  # Prefect only logs it, and runs the stage without a key
                self._unkeyed[name] = error
                raise

        def may_pass(_task: Any, _run: TaskRun, state: PrefectState[Any]) -> bool:
            error = state.data
            return isinstance(error, Exception) and is_transient(error) and not self._stopped.is_set()

        def completed(_task: Any, run: TaskRun, state: PrefectState[Any]) -> None:
            if state.name == "Cached" and isinstance(state.data, ResultRecord):
                self.pages.belongs(name, run.id)
                self._replay(call, state.data.result)

        task: Task[Any, Any] = Task(
            fn=body,
            name=name,
            task_run_name=name,
            cache_policy=StageKey(
                isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=self._locks, find=find
            ),
            persist_result=True,
            refresh_cache=name in self.selection.forced,
            result_serializer=Verified(),
            retries=self.patience.attempts - 1,
            retry_delay_seconds=exponential_backoff(self.patience.pause_s),
            retry_jitter_factor=0.5,
            retry_condition_fn=may_pass,
            on_completion=[completed],
        )
        # Its constructor takes no block that the server does not know, and no other folder is atomic.
        task.result_storage = WholeFiles(basepath=str(self.tracker.home.results))
        return task

    @contextmanager
    def _noticing(self, name: str) -> Iterator[None]:
        """Say so when a stage that failed is tried again."""
        try:
            yield
        except Exception as error:
            if self._is_tried_again(name, error):
                observer.get().noticed(name, f"will be tried again: {explain(error)}")
            raise

    def _is_tried_again(self, name: str, error: BaseException) -> bool:
        """Tell whether Prefect gives a stage that failed another try."""
        left = self._attempts[name] < self.patience.attempts and not self._stopped.is_set()
        return left and isinstance(error, Exception) and is_transient(error)

    def _find_key(self, call: Call, results: Mapping[str, Result]) -> str:
        """Make a stage's key, and count on its result from now on."""
        name = call.stage.name
        if path := call.own_file():
            self._own_files[name] = path, state_of(path)
        parts = call.parts({**self.given, **results}, self.results.checks.digests)
        key = parts.key(name)
        self._keys[name] = key, parts
        self.results.bring(key)
        self._reasons[name] = self._reason(call, parts)
        self.session.use(key)
        if self._locks.is_locked(key):
            observer.get().noticed(name, "waits for another run that computes the same")
        return key

    def _reason(self, call: Call, parts: Parts) -> str:
        """Say why a stage will run, if there is no result of it."""
        if call.stage.name in self.selection.forced:
            return "forced"
        latest = self.results.latest(call.stage.name)
        return why(latest.parts if latest else None, parts, call)

    def _flaw(self, name: str) -> str:
        """Say what was wrong with a result that was there, as the plan says it."""
        key = self._keys[name][0]
        if name in self.selection.forced or not self.results.path(key).exists():
            return ""
        # What was changed has been set aside since it was read, and would count as missing now.
        if not (flaw := self._flaws.get(key, "")) and (flaw := self.results.find(key).flaw):
            observer.get().noticed(name, f"runs again: {flaw}")
        return flaw

    def _execute(self, call: Call, results: Mapping[str, Result]) -> Result:
        """Run a stage's function, with a run of its own in MLflow."""
        stage, start = call.stage, time.monotonic()
        observer.get().started(stage.name)
        reason = self._flaw(stage.name) or self._reasons[stage.name]
        tags = {STAGE_TAG: stage.name, REASON_TAG: reason, NOTE_TAG: stage.description}
        run_id = self.tracker.start_run(stage.name, tags, self.parent, self.session.name)
        try:
            record = self._record(call, run_id)
            inputs = call.filled(self._values({**self.given, **results}))
            self.tracker.log_params(run_id, self._parameters(call, {**self.given, **results}))
            used = dict(addresses(inputs))
            record.tag({f"{INPUT_TAG}.{name}": uri for name, uri in used.items()})
            function = stage.function
            stage.changed()
            value = function(record, **inputs)
            result = self._result(stage, record, used, value, time.monotonic() - start)
            self.patience.retry(lambda: self.tracker.finish_run(run_id, "FINISHED"))
            is_kept = self._keep(result)
        except BaseException as error:
            self._fail(stage.name, run_id, error, time.monotonic() - start)
            raise
        self._end(
            Outcome(
                name=stage.name,
                state="completed",
                reason=reason,
                key=result.key if is_kept else None,
                run_id=run_id,
                computed_by=run_id,
                seconds=result.seconds,
                figure=result.figure,
            ),
            result.artifacts,
        )
        return result

    def _keep(self, result: Result) -> bool:
        """Remember a result, unless it may have come from something else than what its key was made of."""
        changed = self._changed(self._stages[result.stage])
        if not changed:
            self.results.remember(result)
            return True
        if transaction := get_transaction():
            transaction.write_on_commit = False
        what = ", ".join(map(str, changed))
        observer.get().noticed(
            result.stage,
            f"its result is not kept, and it will run again next time: {what} was changed meanwhile",
        )
        return False

    def _changed(self, stage: Stage) -> list[Path]:
        """Name the files that a key was made of and that the stage may have found otherwise."""
        own = [self._own_files[stage.name]] if stage.name in self._own_files else []
        return stage.changed() + [path for path, state in own if state_of(path) != state]

    def _parameters(self, call: Call, results: Mapping[str, Result]) -> dict[str, Any]:
        """List a stage's own parameters, and those of the stages that it judges."""
        judged = [results[name].parts.parameters for name in call.stage.judges if name in results]
        own = self._keys[call.stage.name][1].parameters
        return {name: value for some in (*judged, own) for name, value in some.items()}

    def _values(self, results: Mapping[str, Result]) -> dict[str, BaseModel]:
        """Read what stages yielded."""
        return {
            name: self._stages[name].returns.model_validate(result.value) for name, result in results.items()
        }

    def _result(
        self, stage: Stage, record: Record, used: dict[str, str], value: BaseModel, seconds: float
    ) -> Result:
        """Put together what is kept of a stage that ran."""
        key, parts = self._keys[stage.name]
        record.log_text("key.json", parts.model_dump_json(indent=1), "application/json")
        return Result(
            stage=stage.name,
            key=key,
            parts=parts,
            value=value.model_dump(mode="json"),
            artifacts=tuple(map(self.tracker.keep, _files(record, value))),
            used=used,
            run_id=record.run_id,
            seconds=seconds,
            figure=stage.figure(record.metrics),
            drawing=stage.drawing,
            written=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _record(self, call: Call, run_id: str) -> Record:
        """Make the record of a stage's run, which also tells the observer how far the stage is."""
        name = call.stage.name

        def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            observer.get().progressed(name, done, total, figures)
            self.pages.progressed(name, done, total, figures)

        def notice(text: str) -> None:
            observer.get().noticed(name, text)

        return Record(
            self.tracker,
            run_id,
            progress,
            notice,
            self._checkpoints(call, run_id),
            partial(self.pages.show_table, name),
            call.stage.description,
        )

    def _checkpoints(self, call: Call, run_id: str) -> Checkpoints:
        """Find the checkpoints of a training by its key without its number of epochs."""
        stage, parts = call.stage, self._keys[call.stage.name][1]
        if not stage.resumes:
            return Checkpoints(None, run_id)
        training = f"{stage.name}/{digest(parts.without(stage.longer).model_dump())}"
        folder = self.tracker.home.checkpoints / training
        anew = stage.name in self.selection.forced and self._attempts[stage.name] == 1
        # Whoever frees checkpoints holds the same lock, and looks who counts on them.
        with self._locks.holding(training):
            if anew and training not in keys_in_use(self.tracker.home):
                discard(self.tracker.home, folder)
            self.session.use(training)
        return Checkpoints(folder, run_id, anew, lambda: not self._changed(stage))

    def _replay(self, call: Call, result: Result) -> None:
        """Record a stage whose result was there."""
        start, name = time.monotonic(), call.stage.name
        observer.get().started(name)
        try:
            if text := redrawn(result, call.stage):
                observer.get().noticed(name, text)
            run_id = self.patience.retry(lambda: replay(self.tracker, result, self.parent, self.session.name))
            self.results.remember(result)
        except Exception as error:  # noqa: BLE001  (Prefect would only log what a hook raises)
            self._fail(name, "", error, time.monotonic() - start)
            return
        self._end(
            Outcome(
                name=name,
                state="cached",
                key=result.key,
                run_id=run_id,
                computed_by=result.run_id,
                seconds=time.monotonic() - start,
                figure=result.figure,
            ),
            result.artifacts,
        )

    def _fail(self, name: str, run_id: str, error: BaseException, seconds: float) -> None:
        """Mark a stage's run, and keep its outcome unless the stage is tried again."""
        killed = not isinstance(error, Exception)
        reason = "interrupted" if killed else explain(error)
        if not self._is_tried_again(name, error):
            self.errors.append(error)
            self._end(
                Outcome(
                    name=name,
                    state="failed",
                    reason=reason,
                    run_id=run_id or None,
                    seconds=seconds,
                    exit_status=getattr(error, "exit_status", 1),
                )
            )
        # Where the store is what failed, the first error is the one to tell.
        with suppress(TrackingError):
            if run_id:
                self.tracker.finish_run(run_id, "KILLED" if killed else "FAILED", reason)

    def _unrecorded(self, name: str, state: PrefectState[Any]) -> Outcome:
        """Tell how a stage ended that never started, or whose run could not be recorded."""
        if state.is_failed() or state.is_crashed():
            error = state.result(raise_on_failure=False)
            status = getattr(error, "exit_status", 1)
            return Outcome(name=name, state="failed", reason=explain(error), exit_status=status)
        failed = ", ".join(dict.fromkeys(self._culprits(name)))
        reason = f"after {failed}" if failed else (state.message or "not started")
        return Outcome(name=name, state="skipped", reason=reason)

    def _culprits(self, name: str) -> list[str]:
        """Name the failed stages that a stage stands on."""
        if name in self.outcomes and self.outcomes[name].state == "failed":
            return [name]
        before = self._calls[name].sources().values() if name in self._calls else ()
        return [culprit for need in before for culprit in self._culprits(need)]

    def _end(self, outcome: Outcome, files: Iterable[Kept] = ()) -> None:
        """Keep how a stage ended, and tell."""
        name = outcome.name
        self.outcomes[name] = outcome
        observer.get().finished(outcome)
        if outcome.run_id:
            what = self._stages[name].description
            text = summaries.of_stage(self.tracker, what, outcome, files)
            self.pages.show(name, "record", f"{name}: {outcome.state}", text)


def _files(record: Record, value: BaseModel) -> list[Artifact]:
    """List every file behind a result once: what it names, and what was logged besides."""
    named = _artifacts(value)
    return list({file.uri: file for file in [*record.logged, *named]}.values())


def _artifacts(value: Any) -> list[Artifact]:
    """Collect the addresses in a stage's value."""
    if isinstance(value, Artifact):
        return [value]
    parts = (
        dict(value).values() if isinstance(value, BaseModel) else value if isinstance(value, tuple) else ()
    )
    return [artifact for part in parts for artifact in _artifacts(part)]


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
    """Run stages under a parent run.

    Args:
        at_end: is called with the parent run and how each stage ended, if none failed; returns what it
            added to that run. It is called again if it fails for a reason that may pass.

    Raises:
        StageFailedError: a stage failed; the others ran as far as they could.
    """
    with Pages() as pages:
        conductor = Conductor(
            tracker, results, parent, session, selection, given, patience or Patience(), pages
        )
        try:
            yield conductor
            outcomes = conductor.wait()
        except BaseException:
            conductor.stop()
            raise
        failed = [outcome for outcome in outcomes if outcome.state == "failed"]
        files = () if failed else conductor.patience.retry(lambda: at_end(parent, outcomes))
        text = summaries.of_run(tracker, parent, outcomes, files)
        pages.show("", "run", "How each stage ended", text)
    if failed:
        reason = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in failed)
        cause = conductor.errors[0] if conductor.errors else None
        status = failed[0].exit_status
        raise StageFailedError(reason, status, parent, conductor.outcomes_in_order()) from cause
