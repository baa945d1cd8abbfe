"""What a sweep is asked for: which points, of which metric, and what tells it from other sweeps."""

import argparse
import itertools
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from secrecy import redact
from seqstep.errors import ConfigError
from seqstep.sweep.comparable import check_comparable
from seqstep.sweep.grid import Grid, Point, assignments, points, read_grid
from seqstep.sweep.search import Space, read_space, samples
from seqstep.sweep.study import Study
from seqstep.sweep.table import SEED
from seqstep_cli.sweep_metric import check_metric
from stagecraft.cache.results import Results
from stagecraft.cli.command import configured_changes
from stagecraft.cli.request import ask
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import SelectionError
from stagecraft.files.artifact import digest
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.selection import Selection

if TYPE_CHECKING:
    from stagecraft.runs.pipeline_run import Title
    from stagecraft.runs.request import Request

METRIC, MEASURES = "language/rnn/test_perplexity", "evaluate_language"
# What no result depends on.
_ASIDE = ("notify.", "retry.", "corpus.name", "series.name")


class PointRequest(NamedTuple):
    """A point, and the run that it asks for."""

    number: int
    point: Point
    request: "Request"


class SweepRequest:
    """The points that a command line asks for, all of them checked, and what is wanted of them.

    Of a search, each choice is checked, and both ends of each range.

    Raises:
        ConfigError: there are no points, or one of them can't be.
        SelectionError: a point has not the stages that are asked for, or they don't record the metric.
    """

    def __init__(self, args: argparse.Namespace, workplace: Workplace) -> None:
        _check(args)
        self._workplace = workplace
        self.args = argparse.Namespace(**{**vars(args), "since": "", "force": []})
        self.request = ask(self.args, workplace.project)
        self.metric: str = args.metric or METRIC
        self.grid: Grid = read_grid(args.grid)
        self.space: Space = read_space(args.search, args.profile, configured_changes(args))
        for name in self.names:
            if name not in self.request.parameters and name in self.request.settings:
                raise ConfigError(f"{name} is a group of settings; name one of them, such as rnn.epochs=5,10")
        if SEED in self.space:
            raise ConfigError(
                "expected a search among settings that make a difference, got seed, whose best value is"
                " chance; --grid seed=0,1,2 reports the mean and the spread"
            )
        check_comparable(self.metric, self.names)
        self._checked: set[Selection] = set()
        #: what the user should know of the points
        self.notices: dict[str, None] = {}
        listed = points(self.grid) if self.grid else ()
        self._wanted = [self.want(number, point) for number, point in enumerate(listed)]
        self._requests = {tuple(wanted.point.items()): wanted.request for wanted in self._wanted}
        self._check_different()
        with _explained_by(self.notices):
            for wanted in self._wanted or itertools.starmap(self.want, enumerate(samples(self.space))):
                self._check_stages(wanted)
            self._check_read()

    def want(self, number: int, point: Point) -> PointRequest:
        """Ask for a point.

        Raises:
            ConfigError: it can't be.
        """
        return PointRequest(number, point, self._ask(**self._merged(point)))

    def _check_different(self) -> None:
        """See that no two values of a setting mean the same.

        Raises:
            ConfigError: they do.
        """
        for name, values in self.grid.items():
            first = self._wanted[0].point
            seen: dict[str, str] = {}
            for value in values:
                meant = repr(self._request({**first, name: value}).parameters.get(name))
                if meant in seen:
                    raise ConfigError(
                        f"expected each value of {name} once, got {redact(seen[meant])} and {redact(value)},"
                        " which are the same"
                    )
                seen[meant] = value

    def _check_read(self) -> None:
        """See that what comes out can depend on each setting that points differ in.

        Raises:
            ConfigError: nothing that is run reads one.
        """
        axes = {**self.grid, **{name: part.values for name, part in self.space.items()}}
        ends = [{name: values[place] for name, values in axes.items()} for place in (0, -1)]
        for name, values in axes.items():
            # A setting may be read by stages alone that another setting of the point asks for.
            is_read = any(len(self._meant(end, name, values)) > 1 for end in ends)
            if len(values) > 1 and not is_read:
                raise ConfigError(
                    f"expected settings that results of the flow {self.request.flow} depend on, got {name},"
                    " which nothing that would run reads; name another one, or other stages"
                )

    def _meant(self, point: Point, name: str, values: Iterable[str]) -> set[str]:
        """Tell apart what stages are handed for different values of a setting."""
        return {repr(_counted(self._request({**point, name: value}))) for value in values}

    def _request(self, point: Point) -> "Request":
        """Ask for a point once."""
        key = tuple(point.items())
        if key not in self._requests:
            self._requests[key] = self.want(0, point).request
        return self._requests[key]

    def _ask(self, **args: Any) -> "Request":
        return ask(argparse.Namespace(**args), self._workplace.project)

    def _merged(self, point: Point) -> dict[str, Any]:
        """Let a point's settings follow those of the command line."""
        return {**vars(self.args), "assignments": [*self.args.assignments, *assignments(point)]}

    def _check_stages(self, wanted: PointRequest) -> None:
        """See that a point has the stages that are asked for, and that they record the metric.

        Raises:
            SelectionError: it has not, or they do not.
        """
        self.notices |= dict.fromkeys(wanted.request.notices)
        try:
            selection = wanted.request.selection
            if selection not in self._checked:
                self._check_metric(wanted.request)
        except SelectionError as error:
            if not self._checked:  # it is no fault of what this point has and others have not
                raise
            raise SelectionError(f"{shlex.join(map(redact, assignments(wanted.point)))}: {error}") from None
        self._checked.add(selection)

    def _check_metric(self, request: "Request") -> None:
        if not self.args.metric and MEASURES not in request.stages:
            raise SelectionError(
                f"expected --metric NAME, for {MEASURES}, which measures {METRIC}, is not among the stages;"
                " `seqstep show` lists the metrics of a run"
            )
        check_metric(self.metric, [request.trace.nodes[name].stage for name in request.stages])

    @property
    def names(self) -> list[str]:
        """The settings that points differ in."""
        return [*self.grid, *self.space]

    @property
    def count(self) -> int:
        """How many points there are."""
        return self.args.trials or len(self._wanted)

    @property
    def jobs(self) -> int:
        """How many run at a time: as many as the processors have room for, if nothing else is asked for."""
        room = max(1, _processors() // self.request.settings["threads"])
        return min(self.args.jobs or room, self.count)

    @cached_property
    def identity(self) -> str:
        """What tells this sweep from others; that of a search does not depend on how many trials it has."""
        settings = {
            name: str(value)
            for name, value in self.request.parameters.items()
            if name != "profile" and not name.startswith(_ASIDE)
        }
        axes = [list(self.grid.items()), list(self.space.items())]
        selector = self.request.selector.model_dump(mode="json")
        return digest(
            [self.args.flow, self.args.profile, settings, axes, selector, self.metric, self.args.maximize]
        )[:16]

    def study(self, results: Results) -> Study | None:
        """Open the study of a search; figures of other code or other inputs belong to another one."""
        if not self.space:
            return None
        first = next(samples(self.space))
        plan = self._ask(**{**self._merged(first), "only": []}).plan(results)
        parts = {name: call.fixed_parts() for name, call in plan.calls.items()}
        fixed = [
            (name, part.code, part.libraries, *filter(None, [part.declared])) for name, part in parts.items()
        ]
        sources = [intent.key for intent in plan.intents if not plan.calls[intent.name].sources()]
        name = digest([self.identity, fixed, sources])[:16]
        storage, seed = results.home.private / "studies.db", self.request.settings["seed"]
        return Study(storage, name, self.space, self.args.maximize, seed)

    def trials(self, study: Study | None) -> Iterator[PointRequest]:
        """Yield the points one by one."""
        if study:
            return itertools.starmap(self.want, study.trials(self.count))
        return iter(self._wanted)

    def title(self) -> "Title":
        """What its run in MLflow is called, and its description."""
        from stagecraft.runs.pipeline_run import Title

        name = f"sweep {self.args.profile} {datetime.now():%m-%d %H:%M:%S} · {', '.join(self.names)}"
        listed = "\n".join(f"- {name}: {value}" for name, value in self.params().items())
        note = "The runs below, side by side: `sweep.csv` is their table, `plots/sweep.png` their picture."
        return Title(name, f"{note}\n\n{listed}")

    def params(self) -> dict[str, str]:
        """What it is recorded with."""
        goal = "maximize" if self.args.maximize else "minimize"
        grid = {f"grid.{name}": ", ".join(map(redact, values)) for name, values in self.grid.items()}
        space = {f"search.{name}": part.text for name, part in self.space.items()}
        return {"profile": self.args.profile, "metric": self.metric, "goal": goal, **grid, **space}

    def command(self, assigned: Sequence[str]) -> str:
        """Write the command that runs a point.

        Args:
            assigned: what it has that others have not, as assignments.
        """
        first = [] if " --set " in self.request.command or not assigned else ["--set"]
        more = [*first, *map(redact, assigned), *selector_arguments(self.args)]
        return " ".join(filter(None, [self.request.command, shlex.join(more)]))


def selector_arguments(args: argparse.Namespace) -> list[str]:
    """Repeat which stages are asked for."""
    words = ["--only", *args.only] if args.only else []
    words += ["--until", args.until] if args.until else []
    return [*words, "--offline"] if args.offline else words


@contextmanager
def _explained_by(notices: Iterable[str]) -> Iterator[None]:
    """Add to a refusal what the user should know of the points, for that may be why."""
    try:
        yield
    except (ConfigError, SelectionError) as error:
        said = str(error)
        raise type(error)("; ".join([said, *(notice for notice in notices if notice not in said)])) from None


def _counted(request: "Request") -> dict[str, tuple[Mapping[str, Any], list[Path]]]:
    """List what results can depend on of the settings of a request, by stage."""
    trace = request.trace
    names = set().union(*map(trace.until, request.stages))
    calls = {name: Call(trace.nodes[name].stage, trace.nodes[name].arguments) for name in sorted(names)}
    return {name: (call.parameters(), call.own_files()) for name, call in calls.items()}


def _check(args: argparse.Namespace) -> None:
    """See that either a grid or a search is asked for.

    Raises:
        ConfigError: neither, both, or half of a search.
    """
    if not args.grid and not args.search:
        raise ConfigError(
            "expected points, got none: --grid rnn.hidden=128,256 seed=0,1 for all combinations,"
            " or --trials 20 --search rnn.learning_rate=0.05..1.0 for a search"
        )
    if args.grid and args.search:
        raise ConfigError("expected --grid or --search, got both; --search KEY=A,B searches among choices")
    if bool(args.search) != bool(args.trials):
        raise ConfigError("expected --trials N and --search KEY=LOW..HIGH together, got one of them")


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
