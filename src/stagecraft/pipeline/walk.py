"""Walking a pipeline: a function that calls `run(stage, …)` for each stage and passes on what that returns.

It is walked once, with a `Trace`, which keeps the graph. Followed with a `Planner` that yields the plan, with
a `Conductor` it runs.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import isasyncgen, iscoroutine, isgenerator, unwrap
from threading import get_ident
from types import CodeType
from typing import Any, Protocol

from secrecy import quote
from stagecraft.errors import (
    SelectionError,
    WiringError,
    called_from,
    explain,
    is_for_users,
    nearest,
    raised_at,
    shown,
)
from stagecraft.pipeline.decisions import check_decisions
from stagecraft.pipeline.handle import Handle, path_of, stage_of
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.wiring import bind_arguments, check, check_absent


class Run(Protocol):
    """Walks a pipeline: is called once a stage, in order."""

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage with its arguments; return a handle for its results."""


#: a pipeline: calls `run` for each of its stages
Walk = Callable[[Run], object]


@dataclass(frozen=True)
class Node:
    """A stage in a pipeline.

    Attributes:
        needs: the stages whose results it is given.
        arguments: what it is handed, by the names of its parameters.
        place: where in the walk that stands, as file and line.
    """

    stage: Stage
    needs: tuple[str, ...]
    arguments: Mapping[str, Any]
    place: str


class Trace:
    """Walks a pipeline without running anything; sees that it fits together, and keeps its graph.

    Attributes:
        nodes: by name, in the order of the pipeline.
    """

    def __init__(self, nodes: Mapping[str, Node] | None = None) -> None:
        self.nodes = dict(nodes or {})

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage and of what it needs.

        Raises:
            WiringError: it can't take what it is handed, or was called before.
        """
        place = called_from()
        with _telling(place):
            if not isinstance(stage, Stage):
                raise WiringError(
                    f"expected a stage, got {quote(stage)}; hand on a `Stage` that names its function"
                )
            if stage.name in self.nodes:
                raise WiringError(f"there is a stage {stage.name} already; each needs a name of its own")
            arguments = bind_arguments(stage, args, kwargs)
            check(stage, arguments, {name: node.stage for name, node in self.nodes.items()})
        handles = (value for value in arguments.values() if isinstance(value, Handle))
        needs = tuple(dict.fromkeys(map(stage_of, handles)))
        self.nodes[stage.name] = Node(stage, needs, arguments, place)
        return Handle(stage.name)

    def follow(self, run: Run) -> None:
        """Call each stage with what it is handed, in the order of the walk."""
        for node in self.nodes.values():
            run(node.stage, **node.arguments)

    def part(self, names: Collection[str]) -> "Trace":
        """Keep only some stages; those before them that are left out are absent.

        Raises:
            WiringError: a stage can't do without one that is left out.
        """
        kept = {name: node for name, node in self.nodes.items() if name in names}
        for node in kept.values():
            with _telling(node.place):
                check_absent(node.stage, node.arguments, kept)
        return Trace(
            {
                name: replace(node, needs=tuple(need for need in node.needs if need in kept))
                for name, node in kept.items()
            }
        )

    def until(self, name: str) -> set[str]:
        """Name a stage and all that it depends on.

        Raises:
            SelectionError: there is no such stage.
        """
        return {name}.union(*(self.until(need) for need in self._node(name).needs if need in self.nodes))

    def since(self, name: str) -> set[str]:
        """Name a stage and all that depends on it.

        Raises:
            SelectionError: there is no such stage.
        """
        self._node(name)
        return {stage for stage in self.nodes if name in self.until(stage)}

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            raise SelectionError(f"there is no stage {quote(name)}; {nearest(name, self.nodes)}")
        return self.nodes[name]


def _walk_with(walk: Walk, run: Run) -> None:
    """Walk a pipeline; what is raised at a stage, or by a handle, ends it, though the walk catch it.

    Raises:
        WiringError: the walk is none that Python runs through when it is called, or runs in several threads.
        Exception: the first of these.
    """
    errors: list[BaseException] = []
    thread = get_ident()

    def watched(stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        if errors:
            raise errors[0]
        try:
            if get_ident() != thread:
                raise _in_another_thread(stage)
            handle = run(stage, *args, **kwargs)
        except BaseException as error:
            errors.append(error)
            raise
        return Handle(stage_of(handle), path_of(handle), errors)

    watched.__qualname__ = "run"  # as Python's own words on how it was called have it
    try:
        made = walk(watched)
        if isgenerator(made) or iscoroutine(made) or isasyncgen(made):
            raise _not_run(made)
    finally:
        if errors:
            raise errors[0]


def _in_another_thread(stage: object) -> WiringError:
    name = stage.name if isinstance(stage, Stage) else quote(stage)
    return WiringError(
        f"expected the walk to call its stages one after the other, got {name} from another thread; call"
        " `run` in the walk's own, for stages that can run at once do so anyway"
    )


def _not_run(made: Any) -> WiringError:
    """Say that a call of a walk ran nothing of it; let what it made go in peace."""
    if not isasyncgen(made):
        made.close()
    return WiringError(
        f"expected a walk that calls its stages when it is called, got a {type(made).__name__} from it; write"
        " it as a plain function, by `def` and without `async`, `await` and `yield`"
    )


def trace_of(walk: Walk) -> Trace:
    """Walk a pipeline without running it.

    Raises:
        WiringError: it does not fit together, or the walk itself is wrong.
    """
    trace = Trace()
    try:
        with _quiet_logging():
            _walk_with(walk, trace)
    except (Exception, SystemExit) as error:
        where = _where(walk, error)
        if isinstance(error, WiringError) and not str(error).startswith(f"{where}: "):
            raise WiringError(f"{where}: {error}") from None
        if is_for_users(error):
            raise
        raise WiringError(f"{where}: {_words(error)}; correct the walk there") from error
    check_decisions(getattr(walk, "func", walk))
    _check_judges(trace)
    return trace


def _check_judges(trace: Trace) -> None:
    """See that what a stage judges comes before it, and leads to it; a walk may leave some of it out."""
    for name, node in trace.nodes.items():
        judged = {stage.name for stage in node.stage.judges} & set(trace.nodes)
        if strange := sorted(judged and judged - (trace.until(name) - {name})):
            raise WiringError(
                f"{node.place}: {name} judges {strange[0]}, but is handed nothing that comes of it; hand that"
                f" on, or leave it out of `judges` ({node.stage.declared_at})"
            )


def _where(walk: Walk, error: BaseException) -> str:
    """Tell where in a walk something went wrong; its first line, if it is none of its own lines."""
    code: CodeType | None = getattr(unwrap(getattr(walk, "func", walk)), "__code__", None)
    if code is None:
        return "the walk"
    file = code.co_filename
    _, line = raised_at(error, lambda name: name == file) or (file, code.co_firstlineno)
    return f"{shown(file)}:{line}"


def _words(error: BaseException) -> str:
    """Say what is wrong in a walk, with the nearest name where one is not there."""
    hint = ""
    if isinstance(error, AttributeError) and error.name:
        hint = f"; {nearest(error.name, [name for name in dir(error.obj) if name[0] != '_'])}"
    if isinstance(error, TypeError) and f"'{Stage.__name__}' object is not callable" in str(error):
        return "a stage is called by `run`: write run(STAGE, …) in the place of STAGE(…)"
    if isinstance(error, TypeError) and Handle.__name__ in str(error):
        hint = (
            f" (a {Handle.__name__} stands for the results of a stage, which have no value before it has run;"
            " hand them on whole, or by their names)"
        )
    return f"{' '.join(explain(error).split())}{hint}"


@contextmanager
def _quiet_logging() -> Iterator[None]:
    """Keep `logging` from showing a traceback of what a handle refuses; the walk ends with it anyway."""
    before, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        logging.raiseExceptions = before


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """Say where in the walk it is that something does not fit."""
    try:
        yield
    except WiringError as error:
        raise WiringError(f"{place}: {error}") from None
