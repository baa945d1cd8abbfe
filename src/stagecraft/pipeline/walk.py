"""Walking a pipeline: a function that calls `run(stage, …)` for each stage and passes on what that returns.

Walked with a `Trace` it yields the graph, with a `Planner` the plan, with a `Conductor` it runs.
"""

import os
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import currentframe
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from stagecraft.errors import SelectionError, WiringError, explain, nearest
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.wiring import check, check_absent, lay_out


class Run(Protocol):
    """Walks a pipeline: is called once a stage, in order."""

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage with its arguments; return a handle for its results."""


#: a pipeline: calls `run` for each of its stages
Walk = Callable[[Run], None]


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
        place = _place(currentframe())
        with _telling(place):
            if stage.name in self.nodes:
                raise WiringError(f"there is a stage {stage.name} already; each needs a name of its own")
            arguments = lay_out(stage, args, kwargs)
            check(stage, arguments, {name: node.stage for name, node in self.nodes.items()})
        handles = (value for value in arguments.values() if isinstance(value, Handle))
        needs = tuple(dict.fromkeys(handle.stage for handle in handles))
        self.nodes[stage.name] = Node(stage, needs, arguments, place)
        return Handle(stage.name)

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
            raise SelectionError(f"there is no stage {name!r}; there are: {', '.join(self.nodes)}")
        return self.nodes[name]


def trace_of(walk: Walk) -> Trace:
    """Walk a pipeline without running it.

    Raises:
        WiringError: it does not fit together, or the walk itself is wrong.
    """
    trace = Trace()
    try:
        walk(trace)
    except Exception as error:
        if hasattr(error, "exit_status"):  # made for the user
            raise
        raise WiringError(f"{_raised_at(error, walk)}: {_words(error)}; correct the walk there") from error
    return trace


def _raised_at(error: BaseException, walk: Walk) -> str:
    """Tell where in a walk an error was raised, as file and line."""
    file = getattr(walk, "func", walk).__code__.co_filename
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f"{_shown(file)}:{frames[-1].lineno}" if frames else "the walk"


def _words(error: Exception) -> str:
    """Say what is wrong in a walk, with the nearest name where one is not there."""
    hint = ""
    if isinstance(error, AttributeError) and error.name:
        hint = f"; {nearest(error.name, [name for name in dir(error.obj) if name[0] != '_'])}"
    return f"{explain(error)}{hint}"


def _place(frame: FrameType | None) -> str:
    """Tell where a function was called from, by the frame of its own."""
    caller = frame.f_back if frame else None
    if caller is None:
        return "the walk"
    return f"{_shown(caller.f_code.co_filename)}:{caller.f_lineno}"


def _shown(file: str) -> str:
    """Write a file as it is called from here."""
    return file.removeprefix(f"{Path.cwd()}{os.sep}")


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """Say where in the walk it is that something does not fit."""
    try:
        yield
    except WiringError as error:
        raise WiringError(f"{place}: {error}") from None
