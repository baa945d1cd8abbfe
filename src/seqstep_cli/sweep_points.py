"""The points of a sweep, one after the other or side by side: what is known is taken, the rest is run."""

from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from secrecy import redact
from seqstep.errors import InputError
from seqstep.sweep.grid import assignments
from seqstep.sweep.table import Ended
from seqstep_cli.point_process import PointProcess, end_all, wait_for_one
from seqstep_cli.sweep_request import PointRequest, selector_arguments
from stagecraft.cache.results import Results, read
from stagecraft.cache.sessions import owner_variable
from stagecraft.cli.request import check_results
from stagecraft.cli.run import replay_cached
from stagecraft.errors import SelectionError, UsageError
from stagecraft.mlflow import Tracker, param_text
from stagecraft.pipeline.plan import Plan
from stagecraft.progress.watching import Watcher
from stagecraft.runs.history import History, PipelineRun
from stagecraft.runs.pipeline_run import Parent, close_dead_runs
from stagecraft.runs.request import Request


@dataclass
class Points:
    """Runs points, each as a run of the pipeline below the sweep's run.

    Args:
        args: the command line, whose settings every point has.
        parent: the run of the sweep.
        names: the settings that points differ in.
        metric: what is wanted of each.
        jobs: runs at a time.
    """

    args: Namespace
    tracker: Tracker
    results: Results
    parent: Parent
    names: Sequence[str]
    metric: str
    jobs: int
    _is_measured: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)
    _settings: dict[str, str] = field(default_factory=dict)
    _earlier: dict[tuple[str, ...], list[PipelineRun]] = field(default_factory=lambda: defaultdict(list))

    def run(self, trials: Iterator[PointRequest]) -> Iterator[Ended]:
        """Yield how points end, as they end; the next one is asked for when there is room for it.

        Raises:
            SelectionError: there is no such metric.
        """
        self._find_earlier()
        with self._stack, _ending(self.tracker) as running:
            while True:
                while len(running) < self.jobs and (wanted := next(trials, None)):
                    if ended := self._known(wanted):
                        yield ended
                    else:
                        running[self._start(wanted)] = wanted
                if not running:
                    return
                wait_for_one(running)
                for process in [process for process in running if process.has_ended()]:
                    yield self._ended(running.pop(process), process)

    def _find_earlier(self) -> None:
        """Look up the runs of this sweep that an earlier process finished."""
        for run in reversed(History(self.tracker).below(self.parent.run_id)):
            key = tuple(run.parameters.get(name, "") for name in self.names)
            self._earlier[key].append(run)

    def _known(self, wanted: PointRequest) -> Ended | None:
        """Take a point whose every stage is cached, from the run that it has or with a new one."""
        try:
            plan = wanted.request.plan(self.results)
            check_results(self.results.home, plan)
        except (InputError, UsageError) as error:
            return self._failed(wanted, str(error))
        if not plan.is_done:
            return None
        if run := self._recorded(wanted.request, plan):
            return self._completed(wanted, run, _keys(plan))
        done = replay_cached(wanted.request, plan, self.results, Watcher())
        return self._completed(wanted, History(self.tracker).find(done.run_id), _keys(plan)) if done else None

    def _recorded(self, request: Request, plan: Plan) -> PipelineRun | None:
        """Find the earlier run of a point, if what it took is what a run would take now."""
        values = request.parameters
        runs = self._earlier[tuple(param_text(values[name]) for name in self.names)]
        now = {name: result.run_id for name, result in plan.results.items()}
        for run in runs:
            if {stage.name: stage.computed_by for stage in run.stages} == {
                intent.name: now[intent.name] for intent in plan.intents
            }:
                runs.remove(run)
                return run
        return None

    def _start(self, wanted: PointRequest) -> PointProcess:
        """Start the run of a point, on one server of Prefect's for all."""
        if not self._settings:
            self._settings = {
                owner_variable(self.tracker.home): self.parent.session.name,
                **self._server(),
            }
        args = self.args
        words = ["run", args.profile, "--json"]
        words += ["--flow", wanted.request.flow]
        words += ["--config", str(args.config)] if args.config else []
        words += ["--set", *args.assignments, *assignments(wanted.point)]
        words += selector_arguments(args)
        words += ["--strict"] if args.strict else []
        return PointProcess(words, self._settings)

    def _server(self) -> Mapping[str, str]:
        """Have a server of Prefect's, as long as there are points to run."""
        from stagecraft.prefect import reaching_prefect

        return self._stack.enter_context(reaching_prefect(self.tracker.home))

    def _ended(self, wanted: PointRequest, process: PointProcess) -> Ended:
        answer = process.answer()
        run_id = answer.document.get("run_id") or ""
        if answer.reason or not run_id:
            return self._failed(wanted, answer.reason or "it printed no run", run_id)
        keys = [stage["key"] for stage in answer.document["stages"] if stage["key"]]
        return self._completed(wanted, History(self.tracker).find(run_id), keys)

    def _completed(self, wanted: PointRequest, run: PipelineRun, keys: Sequence[str]) -> Ended:
        try:
            figure = run.figure(self.metric)
        except SelectionError as error:
            if not self._is_measured:
                raise
            return self._failed(wanted, str(error), run.run_id)
        self._is_measured = True
        # Among the runs below one, only what differs tells them apart.
        self.tracker.rename_run(run.run_id, ", ".join(map(redact, assignments(wanted.point))))
        results = self.results
        seconds = sum(read(results.path(key)).seconds for key in keys)
        return self._ending_of(wanted)._replace(figure=figure, seconds=seconds, run_id=run.run_id)

    def _failed(self, wanted: PointRequest, reason: str, run_id: str = "") -> Ended:
        return self._ending_of(wanted)._replace(state="failed", run_id=run_id, reason=reason)

    def _ending_of(self, wanted: PointRequest) -> Ended:
        """Begin to tell how a point ended: what its settings come to."""
        values = wanted.request.parameters
        shown = {name: _plain(values[name]) for name in self.names}
        return Ended(wanted.number, shown, "completed", assignments=tuple(assignments(wanted.point)))


def _plain(value: Any) -> int | float | str:
    """Leave numbers as they are, and write all else without secrets."""
    return value if isinstance(value, int | float) else redact(param_text(value))


@contextmanager
def _ending(tracker: Tracker) -> Iterator[dict[PointProcess, PointRequest]]:
    """Have processes, which end with what is done here; what they leave open is closed."""
    running: dict[PointProcess, PointRequest] = {}
    try:
        yield running
    finally:
        if running:
            end_all(list(running))
            close_dead_runs(tracker)


def _keys(plan: Plan) -> list[str]:
    return [intent.key for intent in plan.intents if intent.key]
