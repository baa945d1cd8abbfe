"""Earlier runs of pipelines: which there were, what came out, and what differs between two."""

import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from secrecy import quote
from stagecraft.errors import ArtifactError, SelectionError
from stagecraft.files.artifact import Frozen
from stagecraft.files.regular import read_regular
from stagecraft.files.sealed import unseal
from stagecraft.key.parts import Parts, differences
from stagecraft.mlflow import PARENT_TAG, Tags, Tracker, results_among

_NEWEST = "latest"
_ID = re.compile(r"[0-9a-f]{0,32}")


class StageHistory(Frozen):
    """A stage in a run.

    Attributes:
        state: completed, cached, failed, killed or running.
        computed_by: the run in MLflow that computed it; itself unless it was cached.
        reason: why it ran, or why it failed.
    """

    name: str
    state: str
    run_id: str
    computed_by: str
    seconds: float
    reason: str
    parameters: dict[str, str]
    metrics: dict[str, float]


class PipelineRun(Frozen):
    """A run of a pipeline."""

    run_id: str
    name: str
    status: str
    started: str
    seconds: float
    parameters: dict[str, str]
    stages: tuple[StageHistory, ...] = ()

    def count(self, state: str) -> int:
        """Count the stages that ended so."""
        return sum(stage.state == state for stage in self.stages)

    def figure(self, metric: str) -> float:
        """Look up what a stage measured, at the end.

        Args:
            metric: `NAME`, or `STAGE: NAME` where several stages have one of this name.

        Raises:
            SelectionError: no stage has it, or several have.
        """
        stage, _, name = (part.strip() for part in metric.rpartition(":"))
        found = {
            run.name: run.metrics[name]
            for run in self.stages
            if name in run.metrics and stage in ("", run.name)
        }
        if not found:
            known = {name: None for run in self.stages for name in sorted(run.metrics)}
            raise SelectionError(
                f"there is no metric {quote(metric)}; there are: {', '.join(known) or 'none'}"
            )
        if len(found) > 1:
            first = next(iter(found))
            raise SelectionError(
                f"expected a metric of one stage, got {name} of {', '.join(found)}; name one, such as"
                f" {first}:{name}"
            )
        return next(iter(found.values()))


class Difference(Frozen):
    """What differs in one stage between two runs.

    Attributes:
        causes: differences of code, parameters, libraries and inputs, in words.
        metrics: by name, the values in both; None where a run has none.
    """

    stage: str
    causes: tuple[str, ...]
    metrics: dict[str, tuple[float | None, float | None]]


class History:
    """The runs that a store knows."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker, self._tags = tracker, tracker.tags
        self._parents = f"tags.`{self._tags.pipeline}` LIKE '%'"

    def latest(self, most: int) -> list[PipelineRun]:
        """List the newest runs, each with its stages."""
        return [self._with_stages(run) for run in self.tracker.search(self._parents, most)]

    def below(self, run_id: str) -> list[PipelineRun]:
        """List the finished runs below another run, the newest first, each with its stages."""
        wanted = f"tags.`{PARENT_TAG}` = '{run_id}' AND attributes.status = 'FINISHED'"
        return [self._with_stages(run) for run in self.tracker.search(f"{self._parents} AND {wanted}")]

    def find(self, text: str) -> PipelineRun:
        """Find a run.

        Args:
            text: its id or the start of it; `latest`, `latest~1` for the one before, and so on.

        Raises:
            SelectionError: there is none, or several.
        """
        newest, _, back = text.partition("~")
        if newest == _NEWEST:
            runs = self.tracker.search(self._parents, int(back or 0) + 1) if (back or "0").isdigit() else []
            found = runs[int(back or 0) :] if runs else []
        else:
            fits = f"{self._parents} AND attributes.run_id LIKE '{text}%'"
            found = self.tracker.search(fits) if _ID.fullmatch(text) else []
        if len(found) != 1:
            raise SelectionError(
                f"expected the id of a run, or the start of one, or latest, latest~1, …; {quote(text)} fits"
                f" {len(found)} runs; `{self.tracker.home.names.project} runs` lists them"
            )
        return self._with_stages(found[0])

    def parts(self, stage: StageHistory) -> Parts | None:
        """Read what made the key of a stage's result, if that is still there and whole."""
        try:
            path = self.tracker.open_uri(f"runs:/{stage.computed_by}/key.json")
            return Parts.model_validate_json(unseal(read_regular(path)))
        except (ArtifactError, OSError, ValueError):
            return None

    def diff(self, first: PipelineRun, second: PipelineRun) -> list[Difference]:
        """Compare two runs stage by stage, in the order of the first; equal stages are left out."""
        old = {stage.name: stage for stage in first.stages}
        new = {stage.name: stage for stage in second.stages}
        compared = [self._compare(name, old.get(name), new.get(name)) for name in {**old, **new}]
        return [difference for difference in compared if difference.causes or difference.metrics]

    def _compare(self, name: str, old: StageHistory | None, new: StageHistory | None) -> Difference:
        before, after = old.metrics if old else {}, new.metrics if new else {}
        metrics = {
            metric: (before.get(metric), after.get(metric))
            for metric in sorted({*before, *after})
            if before.get(metric) != after.get(metric)
        }
        if old is None or new is None:
            causes = [f"only in the {'second' if old is None else 'first'} run"]
        elif old.computed_by == new.computed_by:
            causes = []
        else:
            causes = self._causes(old, new)
        return Difference(stage=name, causes=tuple(causes), metrics=metrics)

    def _causes(self, old: StageHistory, new: StageHistory) -> list[str]:
        """Say what differs in two stages' keys, or at least in their parameters."""
        before, after = self.parts(old), self.parts(new)
        if before and after:
            return differences(before, after) or ["computed twice from the same"]
        known = Parts(code={}, parameters=old.parameters, libraries={})
        return differences(known, known.model_copy(update={"parameters": new.parameters}))

    def _with_stages(self, run: Any) -> PipelineRun:
        children = self.tracker.search(f"tags.`{PARENT_TAG}` = '{run.info.run_id}'")
        found = [child for child in reversed(children) if self._tags.stage in child.data.tags]
        stages = [_stage_run(child, self._tags) for child in found]
        # Of a stage that was tried again, the last try tells how it ended.
        last = {stage.name: stage for stage in stages}
        return PipelineRun(
            run_id=run.info.run_id,
            name=run.data.tags[self._tags.pipeline],
            status=run.info.status.lower(),
            started=_time(run.info.start_time),
            seconds=_seconds(run),
            parameters=run.data.params,
            stages=tuple(last.values()),
        )


_STATES = {"FINISHED": "completed"}


def _stage_run(run: Any, tags: Tags) -> StageHistory:
    told = run.data.tags
    source = told.get(tags.cached_from, "")
    return StageHistory(
        name=told[tags.stage],
        state="cached" if source else _STATES.get(run.info.status, run.info.status.lower()),
        run_id=run.info.run_id,
        computed_by=source or run.info.run_id,
        seconds=_seconds(run),
        reason=told.get(tags.error) or told.get(tags.reason, ""),
        parameters=run.data.params,
        metrics=_as_measured(results_among(run.data.metrics)),
    )


def _as_measured(metrics: Mapping[str, float]) -> dict[str, float]:
    """Put infinity back where MLflow keeps the largest number that there is instead."""
    return {
        name: math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value
        for name, value in metrics.items()
    }


def _seconds(run: Any) -> float:
    return ((run.info.end_time or run.info.start_time) - run.info.start_time) / 1000


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(timespec="seconds")
