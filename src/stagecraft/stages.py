"""The Prefect room: what a stage is, and the one place that decides how it is run.

A pipeline is a function that calls `run(stage, …)` for each stage and passes on what that returns. Walked
with a `Trace` it yields the graph; walked with a `Conductor`, inside a Prefect flow, it runs.
"""

import inspect
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State as PrefectState
from prefect.futures import PrefectFuture
from pydantic import BaseModel

from stagecraft.artifact import Artifact, Frozen
from stagecraft.errors import SelectionError, StageFailedError, TrackingError, explain
from stagecraft.progress import Outcome, observer
from stagecraft.tracking import INPUT_TAG, STAGE_TAG, Record, Tracker

P = ParamSpec("P")
R = TypeVar("R", bound=Frozen)


class Stage(Generic[P, R]):
    """A named step of a pipeline: a function from a record and inputs to the addresses of its results.

    Args:
        function: takes a `Record`, then addresses and parameters; its docstring's first line is the
            stage's description.
        figure: makes the stage's main figure, in words, from its metrics.
    """

    def __init__(
        self, function: Callable[Concatenate[Record, P], R], figure: Callable[[Mapping[str, float]], str]
    ) -> None:
        self.function, self.figure = function, figure
        self.name = function.__name__
        self.description = inspect.getdoc(function).splitlines()[0]  # type: ignore[union-attr]

    @property
    def yields(self) -> tuple[str, ...]:
        """Names of the results."""
        return tuple(inspect.get_annotations(self.function, eval_str=True)["return"].model_fields)

    def bind(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """Lay arguments out by the names of the function's parameters, the record left out."""
        bound = inspect.signature(self.function).bind(None, *args, **kwargs)
        bound.apply_defaults()
        return dict(list(bound.arguments.items())[1:])


def stage(
    figure: Callable[[Mapping[str, float]], str],
) -> Callable[[Callable[Concatenate[Record, P], R]], Stage[P, R]]:
    """Turn a function into a stage; see `Stage`."""
    return lambda function: Stage(function, figure)


@dataclass(frozen=True)
class Handle:
    """What a stage will have yielded, or a part of it: `handle.part`, and so on down."""

    stage: str
    path: tuple[str, ...] = ()
    future: PrefectFuture[Any] | None = None

    def __getattr__(self, part: str) -> "Handle":
        if part.startswith("_"):
            raise AttributeError(part)
        return Handle(self.stage, (*self.path, part), self.future)

    def pick(self, result: Any) -> Any:
        """Take this handle's part of a stage's result."""
        for part in self.path:
            result = getattr(result, part)
        return result


class Run(Protocol):
    """Walks a pipeline: is called once a stage, in order."""

    def __call__(self, stage: Stage[Any, Any], /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage with its arguments; return a handle for its results."""


@dataclass(frozen=True)
class Node:
    """A stage in a pipeline, with the names of the stages whose results it is given."""

    stage: Stage[Any, Any]
    needs: tuple[str, ...]


class Trace:
    """Walks a pipeline without running anything; keeps its graph.

    Attributes:
        nodes: by name, in the order of the pipeline.
    """

    def __init__(self, nodes: Mapping[str, Node] | None = None) -> None:
        self.nodes = dict(nodes or {})

    def __call__(self, stage: Stage[Any, Any], /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage and of what it needs."""
        handles = (value for value in stage.bind(*args, **kwargs).values() if isinstance(value, Handle))
        self.nodes[stage.name] = Node(stage, tuple(dict.fromkeys(handle.stage for handle in handles)))
        return Handle(stage.name)

    def until(self, name: str) -> set[str]:
        """Name a stage and all that it depends on.

        Raises:
            SelectionError: there is no such stage.
        """
        if name not in self.nodes:
            raise SelectionError(f"there is no stage {name!r}; there are: {', '.join(self.nodes)}")
        return {name}.union(*(self.until(need) for need in self.nodes[name].needs if need in self.nodes))


@dataclass
class Conductor:
    """Walks a pipeline inside a Prefect flow: submits each stage as a task, records it in MLflow.

    This is the one place that decides how a stage is run.

    Args:
        tracker: the store of the records.
        parent: the run of the whole pipeline.
        selected: names of the stages to run; None for all.
    """

    tracker: Tracker
    parent: str
    selected: set[str] | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    _handles: dict[str, Handle] = field(default_factory=dict)
    _needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __call__(self, stage: Stage[Any, Any], /, *args: Any, **kwargs: Any) -> Any:
        """Submit a stage; it starts when the stages before it have ended."""
        if self.selected is not None and stage.name not in self.selected:
            return Handle(stage.name)
        inputs = stage.bind(*args, **kwargs)
        handles = {name: value for name, value in inputs.items() if isinstance(value, Handle)}
        results = {name: handle.future for name, handle in handles.items() if handle.future}
        absent = dict.fromkeys(handles.keys() - results.keys())

        def body(**results: Any) -> Frozen:
            picked = {name: handles[name].pick(result) for name, result in results.items()}
            return self._execute(stage, {**inputs, **absent, **picked})

        task = Task(
            fn=body, name=stage.name, task_run_name=stage.name, cache_policy=NO_CACHE, persist_result=False
        )
        self._needs[stage.name] = tuple(handles[name].stage for name in results)
        self._handles[stage.name] = Handle(stage.name, future=task.submit(**results))
        return self._handles[stage.name]

    def wait(self) -> list[Outcome]:
        """Wait for all submitted stages; return how each ended, in the order of the pipeline."""
        for name, handle in self._handles.items():
            assert handle.future is not None
            handle.future.wait()
            if name not in self.outcomes:
                self._end(self._unrecorded(name, handle.future.state))
        return self.outcomes_in_order()

    def outcomes_in_order(self) -> list[Outcome]:
        """Return how each stage ended, in the order of the pipeline."""
        return [self.outcomes[name] for name in self._handles if name in self.outcomes]

    def stop(self) -> None:
        """Ask the stages that are running to stop at their next step."""
        self._stopped.set()

    def _execute(self, stage: Stage[Any, Any], inputs: dict[str, Any]) -> Frozen:
        """Run a stage's function, with a run of its own in MLflow."""
        start = time.monotonic()
        observer.get().started(stage.name)
        run_id = self.tracker.start_run(stage.name, {STAGE_TAG: stage.name}, self.parent)
        try:
            record = self._record(stage.name, run_id)
            self.tracker.log_params(run_id, dict(_parameters(inputs)))
            record.tag({f"{INPUT_TAG}.{name}": uri for name, uri in _addresses(inputs)})
            result: Frozen = stage.function(record, **inputs)
            figure = stage.figure(record.metrics)
            self.tracker.finish_run(run_id, "FINISHED")
        except BaseException as error:
            self._fail(stage.name, run_id, error, time.monotonic() - start)
            raise
        seconds = time.monotonic() - start
        self._end(Outcome(name=stage.name, state="completed", run_id=run_id, seconds=seconds, figure=figure))
        return result

    def _record(self, name: str, run_id: str) -> Record:
        """Make the record of a stage's run, which also tells the observer how far the stage is."""

        def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            observer.get().progressed(name, done, total, figures)

        return Record(self.tracker, run_id, progress, lambda text: observer.get().noticed(name, text))

    def _fail(self, name: str, run_id: str, error: BaseException, seconds: float) -> None:
        """Mark a stage's run, and keep its outcome."""
        killed = not isinstance(error, Exception)
        reason = "interrupted" if killed else explain(error)
        status = getattr(error, "exit_status", 1)
        self.errors.append(error)
        self._end(
            Outcome(
                name=name, state="failed", reason=reason, run_id=run_id, seconds=seconds, exit_status=status
            )
        )
        # Where the store is what failed, the first error is the one to tell.
        with suppress(TrackingError):
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
        return [culprit for need in self._needs[name] for culprit in self._culprits(need)]

    def _end(self, outcome: Outcome) -> None:
        self.outcomes[outcome.name] = outcome
        observer.get().finished(outcome)


@contextmanager
def conduct(
    tracker: Tracker, name: str, params: Mapping[str, object], selected: set[str] | None = None
) -> Iterator[Conductor]:
    """Run a pipeline under one parent run, which ends as the pipeline does.

    Raises:
        StageFailedError: a stage failed; the others ran as far as they could.
    """
    parent = tracker.start_run(name, {"seqstep.pipeline": name})
    conductor = Conductor(tracker, parent, selected)
    try:
        tracker.log_params(parent, params)
        yield conductor
        failed = [outcome for outcome in conductor.wait() if outcome.state == "failed"]
    except BaseException as error:
        conductor.stop()
        killed = not isinstance(error, Exception)
        with suppress(TrackingError):
            tracker.finish_run(parent, "KILLED" if killed else "FAILED", explain(error))
        raise
    if failed:
        reason = "; ".join(f"{outcome.name}: {outcome.reason}" for outcome in failed)
        with suppress(TrackingError):
            tracker.finish_run(parent, "FAILED", reason)
        cause = conductor.errors[0] if conductor.errors else None
        status = failed[0].exit_status
        raise StageFailedError(reason, status, parent, conductor.outcomes_in_order()) from cause
    tracker.finish_run(parent, "FINISHED")


def _parameters(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """List the settings among a stage's inputs under dotted names; whatever holds addresses is none."""
    for name, value in inputs.items():
        if value is None or any(True for _ in _addresses({name: value})):
            continue
        if isinstance(value, BaseModel):
            yield from _parameters(dict(value), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _addresses(inputs: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """List the addresses among a stage's inputs under dotted names."""
    for name, value in inputs.items():
        if isinstance(value, Artifact):
            yield f"{prefix}{name}", value.uri
        elif isinstance(value, BaseModel):
            yield from _addresses(dict(value), f"{prefix}{name}.")
        elif isinstance(value, tuple):
            yield from _addresses({str(place): part for place, part in enumerate(value)}, f"{prefix}{name}.")
