"""One stage in a run of a pipeline: its key, its record in MLflow, what is kept of it, how it ended."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from prefect.transactions import get_transaction

from stagecraft.artifact import digest
from stagecraft.call import Call, artifacts_in
from stagecraft.checkpoints import Checkpoints
from stagecraft.errors import TrackingError, explain
from stagecraft.files import State, state_of
from stagecraft.key import Parts
from stagecraft.live import keys_in_use
from stagecraft.orchestration import summaries
from stagecraft.orchestration.cache import flaws_by_key
from stagecraft.orchestration.shared import Shared
from stagecraft.patience import is_transient
from stagecraft.plan import redrawn, why
from stagecraft.progress import Outcome, observer
from stagecraft.result import Kept, Result
from stagecraft.tracking import INPUT_TAG, NOTE_TAG, REASON_TAG, STAGE_TAG, Record, replay
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

    def __init__(self, call: Call, shared: Shared) -> None:
        self.call, self.stage, self.name, self._shared = call, call.stage, call.stage.name, shared
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self.attempts = 0
        self._own_file: tuple[Path, State] | None = None

    def find_key(self, results: Mapping[str, Result]) -> str:
        """Make the key, and count on its result from now on.

        Args:
            results: of the stages before.
        """
        if path := self.call.own_file():
            self._own_file = path, state_of(path)
        kept = self._shared.results
        self._parts = self.call.parts({**self._shared.given, **results}, kept.checks.digests)
        self._key = self._parts.key(self.name)
        kept.bring(self._key)
        self._reason = self._why()
        self._shared.session.use(self._key)
        if self._shared.locks.is_locked(self._key):
            observer.get().noticed(self.name, "waits for another run that computes the same")
        return self._key

    def replay(self, result: Result) -> None:
        """Record the stage if its result was there."""
        start, shared = time.monotonic(), self._shared
        observer.get().started(self.name)
        try:
            if text := redrawn(result, self.stage):
                observer.get().noticed(self.name, text)
            run_id = shared.patience.retry(
                lambda: replay(shared.tracker, result, shared.parent, shared.session.name)
            )
            shared.results.remember(result)
        except Exception as error:  # noqa: BLE001  (Prefect would only log what a hook raises)
            self.end_failed(error, explain(error), seconds=time.monotonic() - start)
            return
        self.end(Outcome.cached(result, run_id, time.monotonic() - start), result.artifacts)

    def execute(self, results: Mapping[str, Result]) -> Result:
        """Run the stage's function, with a run of its own in MLflow, if its result was not there."""
        start, shared = time.monotonic(), self._shared
        observer.get().started(self.name)
        reason = self._flaw() or self._reason
        tags = {STAGE_TAG: self.name, REASON_TAG: reason, NOTE_TAG: self.stage.description}
        run_id = shared.tracker.start_run(self.name, tags, shared.parent, shared.session.name)
        try:
            result = self._compute(self._record(run_id), {**shared.given, **results}, start)
            shared.patience.retry(lambda: shared.tracker.finish_run(run_id, "FINISHED"))
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
        left = self.attempts < self._shared.patience.attempts and not self._shared.stopped.is_set()
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

    def end(self, outcome: Outcome, files: Iterable[Kept] = ()) -> None:
        """Keep how the stage ended, and tell."""
        self.outcome = outcome
        observer.get().finished(outcome)
        if outcome.run_id:
            text = summaries.of_stage(self._shared.tracker, self.stage.description, outcome, files)
            self._shared.pages.show(self.name, "record", f"{self.name}: {outcome.state}", text)

    def _why(self) -> str:
        """Say why the stage will run, if there is no result of it."""
        if self.name in self._shared.selection.forced:
            return "forced"
        latest = self._shared.results.latest(self.name)
        return why(latest.parts if latest else None, self._parts, self.call)

    def _flaw(self) -> str:
        """Say what was wrong with a result that was there, as the plan says it."""
        results = self._shared.results
        if self.name in self._shared.selection.forced or not results.path(self._key).exists():
            return ""
        # What was changed has been set aside since it was read, and would count as missing now.
        if not (flaw := flaws_by_key.get().get(self._key, "")) and (flaw := results.find(self._key).flaw):
            observer.get().noticed(self.name, f"runs again: {flaw}")
        return flaw

    def _compute(self, record: Record, results: Mapping[str, Result], start: float) -> Result:
        """Call the function with its inputs, and put together what is kept of it."""
        tracker = self._shared.tracker
        values = {
            name: self._shared.stages[name].returns.model_validate(result.value)
            for name, result in results.items()
        }
        inputs = self.call.filled(values)
        tracker.log_params(record.run_id, self._parameters(results))
        used = {name: artifact.uri for name, artifact in artifacts_in(inputs)}
        record.tag({f"{INPUT_TAG}.{name}": uri for name, uri in used.items()})
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
            self._shared.results.remember(result)
            return True
        if transaction := get_transaction():
            transaction.write_on_commit = False
        what = ", ".join(map(str, changed))
        observer.get().noticed(
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
        """Make the record of the stage's run, which also tells the observer how far the stage is."""
        name, pages = self.name, self._shared.pages

        def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
            if self._shared.stopped.is_set():
                raise KeyboardInterrupt
            observer.get().progressed(name, done, total, figures)
            pages.progressed(name, done, total, figures)

        return Record(
            self._shared.tracker,
            run_id,
            progress,
            lambda text: observer.get().noticed(name, text),
            self._checkpoints(run_id),
            partial(pages.show_table, name),
            self.stage.description,
        )

    def _checkpoints(self, run_id: str) -> Checkpoints:
        """Find the checkpoints of a training by its key without its number of epochs."""
        if not self.stage.resumes:
            return Checkpoints(None, run_id)
        home = self._shared.tracker.home
        training = f"{self.name}/{digest(self._parts.without(self.stage.longer).model_dump())}"
        folder = home.checkpoints / training
        anew = self.name in self._shared.selection.forced and self.attempts == 1
        # Whoever frees checkpoints holds the same lock, and looks who counts on them.
        with self._shared.locks.holding(training):
            if anew and training not in keys_in_use(home):
                discard(home, folder)
            self._shared.session.use(training)
        return Checkpoints(folder, run_id, anew, lambda: not self._changed())

    def _fail(self, error: BaseException, run_id: str, seconds: float) -> None:
        """Mark the stage's run, and keep the outcome unless the stage is tried again."""
        killed = not isinstance(error, Exception)
        reason = "interrupted" if killed else explain(error)
        if not self.is_tried_again(error):
            self.end_failed(error, reason, run_id, seconds)
        # Where the store is what failed, the first error is the one to tell.
        with suppress(TrackingError):
            self._shared.tracker.finish_run(run_id, "KILLED" if killed else "FAILED", reason)
