"""What is written onto the run of a whole pipeline: its title, its evaluations' figures, the report."""

import os
import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

import tasks
from flows.walk import FLOWS, graph
from seqstep.report.notes_figures import Compared, beside_the_notes
from seqstep.report.run_page import StageLine, complete, costs
from seqstep.report.words import describe, title
from seqstep.settings.config import Config
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import NOTE_TAG, Record, Tracker, chart_of, page_of, results_among
from stagecraft.progress.outcome import Outcome
from stagecraft.runs.pipeline_run import Title

_LIBRARIES = ("torch", "numpy", "pandas", "matplotlib", "mlflow", "prefect")


@dataclass
class RunPage:
    """The page of one run, from its start to its end.

    Args:
        flow: the name of the flow.
        given: results of stages that do not run but are needed.
    """

    tracker: Tracker
    results: Results
    flow: str
    profile: str
    config: Config
    given: Mapping[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = datetime.now().astimezone()

    @property
    def title(self) -> Title:
        """What the run is called in MLflow, and its description."""
        return self._title()

    def _title(self, *more: str) -> Title:
        name = title(self.flow, self.profile, self.config, f"{self.started:%m-%d %H:%M:%S}")
        facts = describe(self.profile, self.config)
        listed = "\n".join(f"- {heading}: {text}" for heading, text in facts.items())
        intro = f"{FLOWS[self.flow]} Each stage has a run of its own below; `report.html` has all on a page."
        return Title(name, "\n\n".join([intro, *more, listed]))

    def finish(self, run_id: str, outcomes: Sequence[Outcome]) -> list[Kept]:
        """Record the evaluations' figures at the pipeline's run, and the report with this run's own facts."""
        record = Record(self.tracker, run_id)
        metrics = self.tracker.metrics_by_stage(run_id)
        for node in graph(self.config, self.flow).nodes.values():
            if node.stage.judges and node.stage.name in metrics:
                record.log_metrics(metrics[node.stage.name])
        if charts := self._charts(outcomes, metrics):
            record.tag({NOTE_TAG: self._title(f"Side by side: {', '.join(charts)}").note})
        found = {outcome.name: self.results.find(outcome.key).result for outcome in outcomes if outcome.key}
        if not (report := found.get(tasks.report.name)):
            return []
        page = complete(
            self.tracker.local_path(Artifact.model_validate(report.value["page"])).read_text("utf-8"),
            self._facts(run_id, {**self.given, **found}),
            {"Record in MLflow": address} if (address := page_of(self.tracker, run_id)) else {},
            [_line(outcome, found.get(outcome.name)) for outcome in outcomes],
            self._notes(metrics) if self.profile == "notes" else (),
            costs(metrics),
        )
        written = record.log_text("report.html", page, "text/html")
        record.hold()
        return [self.tracker.keep(written)]

    def _charts(self, outcomes: Sequence[Outcome], metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
        """Link to the charts of what several trainings of this run have in common."""
        nodes = graph(self.config, self.flow).nodes
        runs = defaultdict(list)
        for outcome in outcomes:
            if outcome.run_id and nodes[outcome.name].stage.longer:
                for name in results_among(metrics.get(outcome.name, {})):
                    runs[name].append(outcome.run_id)
        shared = {name: ids for name, ids in sorted(runs.items()) if len(ids) > 1}
        return [f"[{name}]({chart_of(self.tracker, ids, name)})" for name, ids in shared.items()]

    def _notes(self, metrics: Mapping[str, Mapping[str, float]]) -> Sequence[Compared]:
        """Lay the notes' figures beside this run's, be they of stages that it was only given."""
        given = {name: result for name, result in self.given.items() if name not in metrics}
        known = {name: self.tracker.metrics_of(result.run_id) for name, result in given.items()}
        return beside_the_notes({**known, **metrics})

    def _facts(self, run_id: str, results: Mapping[str, Result | None]) -> dict[str, str]:
        """Say what was run on what, when and with what."""
        seconds = (datetime.now().astimezone() - self.started).total_seconds()
        facts = describe(self.profile, self.config)
        verified = results.get(tasks.verify.name)
        if verified:
            facts["Text"] += f", SHA-1 {verified.value['sha1']}"
        devices = {
            str(result.parts.parameters["device"])
            for result in results.values()
            if result and "device" in result.parts.parameters
        }
        trained = f"; trained on {', '.join(sorted(devices))}" if devices else ""
        return {
            "When": f"{self.started:%Y-%m-%d %H:%M %Z}, in {seconds:,.0f} s",
            "Run": run_id,
            **facts,
            "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors{trained}",
            "Versions": f"seqstep {version('seqstep')}, Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        }


def _line(outcome: Outcome, result: Result | None) -> StageLine:
    computed = ""
    if result and outcome.state == "cached":
        when = datetime.fromisoformat(result.written).astimezone()
        computed = f"{when:%Y-%m-%d %H:%M}, in {result.seconds:.1f} s, by run {result.run_id[:8]}"
    return StageLine(outcome.name, outcome.state, outcome.seconds, outcome.figure, computed)
