"""Walking a pipeline: a function that calls `run(stage, …)` for each stage and passes on what that returns.

Walked with a `Trace` it yields the graph, with a `Planner` the plan, with a `Conductor` it runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stagecraft.errors import SelectionError
from stagecraft.stage import Stage


@dataclass(frozen=True)
class Handle:
    """What a stage will have yielded, or a part of it: `handle.part`, and so on down."""

    stage: str
    path: tuple[str, ...] = ()

    def __getattr__(self, part: str) -> "Handle":
        if part.startswith("_"):
            raise AttributeError(part)
        return Handle(self.stage, (*self.path, part))

    def pick(self, value: Any) -> Any:
        """Take this handle's part of a stage's value, be it a model or its JSON."""
        for part in self.path:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        return value


class Run(Protocol):
    """Walks a pipeline: is called once a stage, in order."""

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage with its arguments; return a handle for its results."""


#: a pipeline: calls `run` for each of its stages
Walk = Callable[[Run], None]


@dataclass(frozen=True)
class Node:
    """A stage in a pipeline, with the names of the stages whose results it is given."""

    stage: Stage
    needs: tuple[str, ...]


class Trace:
    """Walks a pipeline without running anything; keeps its graph.

    Attributes:
        nodes: by name, in the order of the pipeline.
    """

    def __init__(self, nodes: Mapping[str, Node] | None = None) -> None:
        self.nodes = dict(nodes or {})

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take note of a stage and of what it needs."""
        handles = (value for value in stage.bind(*args, **kwargs).values() if isinstance(value, Handle))
        self.nodes[stage.name] = Node(stage, tuple(dict.fromkeys(handle.stage for handle in handles)))
        return Handle(stage.name)

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
