"""What a user asks for: a flow with its configuration, and the part of it that is to run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results
from stagecraft.errors import SelectionError
from stagecraft.files.artifact import Frozen
from stagecraft.patience import Patience
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.plan import Plan, make_plan
from stagecraft.pipeline.selection import Selection, Selector, select
from stagecraft.pipeline.together import check_together
from stagecraft.pipeline.walk import Trace
from stagecraft.progress.notifying import FailureNotifier
from stagecraft.progress.outcome import Outcome

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker
    from stagecraft.runs.pipeline_run import Title


class Page(Protocol):
    """What a project writes onto the run of a whole pipeline."""

    @property
    def title(self) -> "Title":
        """What the run is called in MLflow, and its description."""

    def finish(self, run_id: str, outcomes: Sequence[Outcome]) -> Sequence[Kept]:
        """Record what only the whole run can tell, if no stage failed; return the files that it made."""


MakePage = Callable[["Tracker", Results, Mapping[str, Result]], Page]


@dataclass(frozen=True)
class Request:
    """What a user asks for.

    Args:
        flow: its name.
        profile: the name of the configuration that the settings started from.
        selector: the stages that are wanted.
        offline: whether the network is out of bounds.
        trace: the flow's graph, every stage with its arguments.
        settings: all settings, as a tree that JSON can hold, without secrets.
        parameters: all settings under their dotted names, as the run in MLflow has them.
        patience: with what may pass.
        notifier: is told if the run fails, and of runs that were found dead.
        make_page: from the store, the results and those that are given without a run of their own.
        command: the start of a command line that asks for the same, for messages.
        notices: what the user should know before the run.
        strict: a stage that touches what its key does not know fails.
        data: by training stage, what the data set is called that it learns from.
        is_by_user: a person asks, not a schedule.
    """

    flow: str
    profile: str
    selector: Selector
    offline: bool
    trace: Trace
    settings: Mapping[str, Any]
    parameters: Mapping[str, Any]
    patience: Patience
    notifier: FailureNotifier
    make_page: MakePage
    command: str = ""
    notices: Sequence[str] = field(default_factory=tuple)
    strict: bool = False
    data: Mapping[str, str] = field(default_factory=dict)
    is_by_user: bool = True

    @property
    def name(self) -> str:
        """What tells its runs from others'."""
        return f"{self.flow} {self.profile}"

    @cached_property
    def selection(self) -> Selection:
        """The stages that are asked for.

        Raises:
            SelectionError: there are no such stages.
        """
        try:
            return select(self.trace, self.selector)
        except SelectionError as error:
            asked = f"{error} (flow {self.flow}, profile {self.profile})"
            raise SelectionError("; ".join([asked, *self.notices])) from None

    @property
    def data_asked(self) -> dict[str, str]:
        """What the data sets are called of the trainings that are asked for, or needed."""
        needed = set().union(*map(self.trace.until, self.stages))
        return {stage: name for stage, name in self.data.items() if stage in needed}

    @property
    def stages(self) -> list[str]:
        """Their names, in the order of the flow."""
        return [name for name in self.trace.nodes if name in self.selection.selected]

    def check(self) -> None:
        """See that keys of the stages that are asked for can be made, before anything runs.

        Whether there are such stages is for whoever asks for the selection.

        Raises:
            CodeError, WiringError: one can't.
        """
        with suppress(SelectionError):
            nodes = list(map(self.trace.nodes.__getitem__, self.stages))
            for node in nodes:
                Call(node.stage, node.arguments).check()
            check_together([node.stage for node in nodes])

    def plan(self, results: Results) -> Plan:
        """Find out what a run would do.

        Raises:
            SelectionError: there are no such stages, or what they need is not cached.
        """
        return make_plan(self.trace, results, self.selection, self.command)


class Summary(Frozen):
    """How a run of a pipeline ended.

    Attributes:
        run_id: in MLflow.
    """

    run_id: str
    profile: str
    stages: tuple[Outcome, ...]
