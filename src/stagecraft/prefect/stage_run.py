"""One stage in a run of a pipeline: its key, its record in MLflow, what is kept of it, how it ended."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from stagecraft.errors import TrackingError, explain, is_for_users, raised_at, shown
from stagecraft.files.artifact import digest
from stagecraft.files.removal import discard
from stagecraft.files.sealed import seal
from stagecraft.files.whole import FileState, state_of
from stagecraft.key.parts import Parts
from stagecraft.mlflow import NOTE_TAG, Record, log_account
from stagecraft.patience import is_transient
from stagecraft.pipeline.call import Call, artifacts_in
from stagecraft.pipeline.plan import redrawn, why
from stagecraft.prefect.watched import known_to, unkeyed_tag
from stagecraft.progress.outcome import Outcome
from stagecraft.runs.context import RunContext
from stagecraft.runs.replaying import check_known, replayed
from stagecraft.witness import Witness


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
        # Those that the key was made of and that are no code which is followed, as they were then.
        self._outside: dict[Path, FileState] = {}
        # What is seen of the stage while it runs.
        self._witness: Witness | None = None

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
        self._outside = {path: state_of(path) for path in self.call.outside_files()}
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
            self._context.patience.retry(lambda: check_known(self._context, result))
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
            context.check_goes_on()  # who closes the runs that are open may not have seen this one
            result = self._compute(self._record(run_id), {**context.given, **results}, start)
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
                notices=result.notices,
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
        results = self._context.results
        latest = results.latest(self.name)
        return why(latest.parts if latest else None, self._parts, self.call, results)

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
        """Call the function with its inputs, end its run, and put together what is kept of it."""
        tracker = self._context.tracker
        values = {name: self._context.stages[name].read(result.value) for name, result in results.items()}
        inputs = self.call.filled(values)
        tracker.log_params(record.run_id, self._parameters(results))
        given = dict(artifacts_in(inputs | self.call.settings))
        used = {name: artifact.uri for name, artifact in given.items()}
        record.tag({f"{tracker.tags.input}.{name}": uri for name, uri in used.items()})
        record.tag({f"{tracker.tags.digest}.{name}": artifact.sha256 for name, artifact in given.items()})
        value = self._call(record, inputs, used.values())
        told = self.stage.write(value)
        self._tell_what_is_not_declared(record)
        seconds = time.monotonic() - start
        written = seal(self._parts.model_dump_json(indent=1).encode()).decode()
        record.log_text("key.json", written, "application/json")
        self._finish(record)
        yielded = (artifact for _, artifact in artifacts_in({"": value}))
        files = {file.uri: file for file in (*record.logged, *yielded)}
        return Result(
            stage=self.name,
            key=self._key,
            parts=self._parts,
            value=told,
            artifacts=tuple(map(tracker.keep, files.values())),
            used=used,
            run_id=record.run_id,
            seconds=seconds,
            figure=self._figure(record),
            drawing=self.stage.drawing,
            written=datetime.now(UTC).isoformat(timespec="seconds"),
            notices=tuple(record.notices),
        )

    def _tell_what_is_not_declared(self, record: Record) -> None:
        strange = [metric for metric in record.metrics if not self.stage.may_record(metric)]
        if self.stage.records and strange:
            self.watcher.noticed(
                self.name,
                f"records {', '.join(strange)}, which `records` of its `Stage(…)` does not name, so no sweep"
                " can look for the best of it; name it there",
            )

    def _finish(self, record: Record) -> None:
        """End the stage's run, with its account beside what it yielded."""
        tracker, retry, ended = self._context.tracker, self._context.patience.retry, round(time.time() * 1000)
        retry(lambda: log_account(record, ended))
        retry(lambda: tracker.finish_run(record.run_id, "FINISHED", ended=ended))

    def _figure(self, record: Record) -> str:
        """Put the stage's main figure into words; where that fails, its result is no worse for it."""
        try:
            if not isinstance(figure := self.stage.figure(record.metrics), str):
                raise TypeError(f"expected a text, got {figure!r}")
            return figure
        except Exception as error:  # noqa: BLE001  (the project's own code)
            lacking = record.left_out.intersection(map(str, error.args))
            why = (
                f"{', '.join(lacking)} is no number"
                if lacking
                else f"{explain(error)}; correct that in its `Stage(…)`"
            )
            self.watcher.noticed(self.name, f"has no figure: {why}")
            return ""

    def _call(self, record: Record, inputs: Mapping[str, Any], addresses: Iterable[str]) -> Any:
        """Call the function, and see what it touches; what no key knows is told at once, and recorded."""
        known = known_to(self.call, self._parts, addresses, self._context.tracker)
        witness = self._witness = Witness(known, self._noted, self._context.is_strict)
        try:
            with witness.watching():
                function = self.stage.function
                self.stage.note_imports()
                witness.look_at_code()
                value = _ended_by_itself(function, record, inputs)
                witness.look_at_code()
        finally:
            if witness.noted:
                record.tag({self._context.tracker.tags.unkeyed: unkeyed_tag(witness.noted)})
        return value

    def _noted(self, text: str) -> None:
        self.watcher.noticed(
            self.name, f"{text}, which its key does not know, so its result will not be kept"
        )

    def _unkeyed(self) -> list[str]:
        """Say what the stage touched that its key does not know."""
        return self._witness.noted if self._witness else []

    def _parameters(self, results: Mapping[str, Result]) -> dict[str, Any]:
        """List the stage's own parameters, and those of the stages that it judges."""
        names = [stage.name for stage in self.stage.judges]
        judged = [results[name].parts.parameters for name in names if name in results]
        return {name: value for some in (*judged, self._parts.parameters) for name, value in some.items()}

    def _keep(self, result: Result) -> bool:
        """Remember a result, unless it may have come from something else than what its key was made of."""
        reasons = self._unkeyed()
        if changed := self._changed():
            reasons.append(f"{', '.join(map(str, changed))} was changed meanwhile")
        if not reasons:
            self._context.results.remember(result)
            return True
        if transaction := get_transaction():
            transaction.write_on_commit = False
        self.watcher.noticed(
            self.name, f"its result is not kept, and it will run again next time: {'; '.join(reasons)}"
        )
        return False

    def _changed(self) -> list[Path]:
        """Name the files that the key was made of and that the stage may have found otherwise."""
        self.stage.note_imports()
        known, found = self._outside, set(self.call.outside_files())
        others = [path for path, state in known.items() if path not in found or state_of(path) != state]
        return self.stage.changed() + others + sorted(found - known.keys())

    def _record(self, run_id: str) -> Record:
        """Make the record of the stage's run, which also tells whoever watches how far the stage is."""
        name, watcher = self.name, self.watcher

        def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
            self._context.check_goes_on()
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
        return Checkpoints(folder, run_id, anew, lambda: not (self._unkeyed() or self._changed()))

    def _explained(self, error: BaseException) -> str:
        """Say what an error means; a fault in the stage's code is told with its place."""
        is_fault = not (is_for_users(error) or isinstance(error, OSError))
        place = raised_at(error, lambda file: Path(file) in self.stage.files) if is_fault else None
        words = explain(error)
        return f"{' '.join(words.split())} at {shown(place[0])}:{place[1]}" if place else words

    def _fail(self, error: BaseException, run_id: str, seconds: float) -> None:
        """Mark the stage's run, and keep the outcome unless the stage is tried again."""
        killed = not isinstance(error, Exception)
        reason = "interrupted" if killed else self._explained(error)
        if not self.is_tried_again(error):
            self.end_failed(error, reason, run_id, seconds)
        # Where the store is what failed, the first error is the one to tell.
        with suppress(TrackingError):
            self._context.tracker.finish_run(run_id, "KILLED" if killed else "FAILED", reason)


def _ended_by_itself(function: Callable[..., Any], record: Record, inputs: Mapping[str, Any]) -> Any:
    """Call a stage's function, which may fail and not end the program."""
    try:
        return function(record, **inputs)
    except SystemExit as error:
        words = f"it ends the program with {error.code!r}, which no stage may; return, or raise an error"
        raise RuntimeError(words).with_traceback(error.__traceback__) from error
