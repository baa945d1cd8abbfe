"""One stage in a run of a pipeline: its key, its record in MLflow, what is kept of it, how it ended."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from prefect.transactions import get_transaction

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.cache.checks import in_short
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.sessions import keys_in_use
from stagecraft.errors import TrackingError, explain
from stagecraft.files.artifact import digest
from stagecraft.files.whole import FileState, state_of
from stagecraft.key.parts import Parts
from stagecraft.mlflow import NOTE_TAG, Record
from stagecraft.patience import is_transient
from stagecraft.pipeline.call import Call, artifacts_in
from stagecraft.pipeline.plan import redrawn, why
from stagecraft.progress.outcome import Outcome
from stagecraft.runs.context import RunContext
from stagecraft.runs.replaying import replayed
from stagecraft.upkeep.disk import discard


class StageRun:
    """A stage that is run: its key is found, then its result is replayed if it is there, or else computed.

    Attributes:
        outcome: how it ended; None before that.
        error: why it failed, if it did.
        attempts: how often it was tried.
    """

    # What the key brings; before that there is none.
    _key: str
    _parts: Parts
    _reason: str

    def __init__(self, call: Call, context: RunContext) -> None:
        self.call, self.stage, self.name, self._context = call, call.stage, call.stage.name, context
        self.watcher = context.watcher
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self.attempts = 0
        # Why there is no key; Prefect would run the stage without one.
        self._key_error: Exception | None = None
        # What was wrong with the result that was there.
        self._found_flaw = ""
        self._own_file: tuple[Path, FileState] | None = None

    def find_key(self, results: Mapping[str, Result]) -> str:
        """Make the key, and count on its result from now on; where that fails, `execute` says why.

        Args:
            results: of the stages before.
        """
        self._key_error = None
        try:
            return self._find_key(results)
        except Exception as error:
            self._key_error = error
            raise

    def verify(self, result: Result) -> None:
        """See that every artifact behind a result is what it was; what is not is set aside.

        Raises:
            ValueError: one is missing or changed.
        """
        checks = self._context.results.checks
        if flaws := checks.flaws(result.artifacts):
            self._found_flaw = in_short(flaws)
            checks.set_aside(result.artifacts)
            self.watcher.noticed(self.name, f"runs again: {'; '.join(flaws[:3])}")
            raise ValueError("; ".join(flaws))

    def _find_key(self, results: Mapping[str, Result]) -> str:
        if path := self.call.own_file():
            self._own_file = path, state_of(path)
        kept = self._context.results
        self._parts = self.call.parts({**self._context.given, **results}, kept.checks.digests)
        self._key = self._parts.key(self.name)
        kept.bring(self._key)
        self._reason = self._why()
        self._context.session.use(self._key)
        if self._context.locks.is_locked(self._key):
            self.watcher.noticed(self.name, "waits for another run that computes the same")
        return self._key

    def replay(self, result: Result) -> None:
        """Record the stage if its result was there."""
        start = time.monotonic()
        self.watcher.started(self.name)
        try:
            if text := redrawn(result, self.stage):
                self.watcher.noticed(self.name, text)
            self.outcome = replayed(self._context, result)
        except Exception as error:  # noqa: BLE001  (Prefect would only log what a hook raises)
            self.end_failed(error, explain(error), seconds=time.monotonic() - start)

    def execute(self, results: Mapping[str, Result]) -> Result:
        """Run the stage's function, with a run of its own in MLflow, if its result was not there."""
        start, context = time.monotonic(), self._context
        if self._key_error:
            raise self._key_error
        self.watcher.started(self.name)
        reason = self._flaw() or self._reason
        known = context.tracker.tags
        tags = {known.stage: self.name, known.reason: reason, NOTE_TAG: self.stage.description}
        run_id = context.tracker.start_run(self.name, tags, context.parent, context.session.name)
        try:
            result = self._compute(self._record(run_id), {**context.given, **results}, start)
            context.patience.retry(lambda: context.tracker.finish_run(run_id, "FINISHED"))
            is_kept = self._keep(result)
        except BaseException as error:
            self._fail(error, run_id, time.monotonic() - start)
            raise
        self.end(
            Outcome(
                name=self.name,
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

    def is_tried_again(self, error: object) -> bool:
        """Tell whether the stage, having failed, gets another try."""
        left = self.attempts < self._context.patience.attempts and not self._context.stopped.is_set()
        return left and isinstance(error, Exception) and is_transient(error)

    def end_failed(self, error: BaseException, reason: str, run_id: str = "", seconds: float = 0.0) -> None:
        """Keep that the stage failed, and tell."""
        self.error = error
        self.end(
            Outcome(
                name=self.name,
                state="failed",
                reason=reason,
                run_id=run_id or None,
                seconds=seconds,
                exit_status=getattr(error, "exit_status", 1),
            )
        )

    def end(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """Keep how the stage ended, and tell."""
        self.outcome = outcome
        self.watcher.finished(outcome, files)

    def _why(self) -> str:
        """Say why the stage will run, if there is no result of it."""
        if self.name in self._context.selection.forced:
            return "forced"
        latest = self._context.results.latest(self.name)
        return why(latest.parts if latest else None, self._parts, self.call)

    def _flaw(self) -> str:
        """Say what was wrong with a result that was there, as the plan says it."""
        results = self._context.results
        if self.name in self._context.selection.forced or not results.path(self._key).exists():
            return ""
        # What was changed has been set aside since it was read, and would count as missing now.
        if not (flaw := self._found_flaw) and (flaw := results.find(self._key).flaw):
            self.watcher.noticed(self.name, f"runs again: {flaw}")
        return flaw

    def _compute(self, record: Record, results: Mapping[str, Result], start: float) -> Result:
        """Call the function with its inputs, and put together what is kept of it."""
        tracker = self._context.tracker
        values = {
            name: self._context.stages[name].returns.model_validate(result.value)
            for name, result in results.items()
        }
        inputs = self.call.filled(values)
        tracker.log_params(record.run_id, self._parameters(results))
        used = {name: artifact.uri for name, artifact in artifacts_in(inputs)}
        record.tag({f"{tracker.tags.input}.{name}": uri for name, uri in used.items()})
        function = self.stage.function
        self.stage.note_imports()
        value = function(record, **inputs)
        seconds = time.monotonic() - start
        record.log_text("key.json", self._parts.model_dump_json(indent=1), "application/json")
        yielded = (artifact for _, artifact in artifacts_in({"": value}))
        files = {file.uri: file for file in (*record.logged, *yielded)}
        return Result(
            stage=self.name,
            key=self._key,
            parts=self._parts,
            value=value.model_dump(mode="json"),
            artifacts=tuple(map(tracker.keep, files.values())),
            used=used,
            run_id=record.run_id,
            seconds=seconds,
            figure=self.stage.figure(record.metrics),
            drawing=self.stage.drawing,
            written=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _parameters(self, results: Mapping[str, Result]) -> dict[str, Any]:
        """List the stage's own parameters, and those of the stages that it judges."""
        judged = [results[name].parts.parameters for name in self.stage.judges if name in results]
        return {name: value for some in (*judged, self._parts.parameters) for name, value in some.items()}

    def _keep(self, result: Result) -> bool:
        """Remember a result, unless it may have come from something else than what its key was made of."""
        changed = self._changed()
        if not changed:
            self._context.results.remember(result)
            return True
        if transaction := get_transaction():
            transaction.write_on_commit = False
        what = ", ".join(map(str, changed))
        self.watcher.noticed(
            self.name,
            f"its result is not kept, and it will run again next time: {what} was changed meanwhile",
        )
        return False

    def _changed(self) -> list[Path]:
        """Name the files that the key was made of and that the stage may have found otherwise."""
        self.stage.note_imports()
        own = [self._own_file] if self._own_file else []
        return self.stage.changed() + [path for path, state in own if state_of(path) != state]

    def _record(self, run_id: str) -> Record:
        """Make the record of the stage's run, which also tells whoever watches how far the stage is."""
        name, watcher = self.name, self.watcher

        def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
            if self._context.stopped.is_set():
                raise KeyboardInterrupt
            watcher.progressed(name, done, total, figures)

        return Record(
            self._context.tracker,
            run_id,
            progress,
            partial(watcher.noticed, name),
            self._checkpoints(run_id),
            partial(watcher.showed, name),
            self.stage.description,
        )

    def _checkpoints(self, run_id: str) -> Checkpoints:
        """Find the checkpoints of a training by its key without its number of epochs."""
        if not self.stage.resumes:
            return Checkpoints(None, run_id)
        home = self._context.tracker.home
        training = f"{self.name}/{digest(self._parts.without(self.stage.longer).model_dump())}"
        folder = home.checkpoints / training
        anew = self.name in self._context.selection.forced and self.attempts == 1
        # Whoever frees checkpoints holds the same lock, and looks who counts on them.
        with self._context.locks.holding(training):
            if anew and training not in keys_in_use(home):
                discard(home, folder)
            self._context.session.use(training)
        return Checkpoints(folder, run_id, anew, lambda: not self._changed())

    def _fail(self, error: BaseException, run_id: str, seconds: float) -> None:
        """Mark the stage's run, and keep the outcome unless the stage is tried again."""
        killed = not isinstance(error, Exception)
        reason = "interrupted" if killed else explain(error)
        if not self.is_tried_again(error):
            self.end_failed(error, reason, run_id, seconds)
        # Where the store is what failed, the first error is the one to tell.
        with suppress(TrackingError):
            self._context.tracker.finish_run(run_id, "KILLED" if killed else "FAILED", reason)
