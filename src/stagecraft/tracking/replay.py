"""The record of a cached stage: a run like the one that computed it."""

from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.run import Run
from mlflow.exceptions import MlflowException

from stagecraft.result import Result
from stagecraft.tracking.machine import results_among
from stagecraft.tracking.reaching import reaching
from stagecraft.tracking.store import (
    CACHED_TAG,
    ERROR_TAG,
    INPUT_TAG,
    KEY_TAG,
    NOTE_TAG,
    REASON_TAG,
    SESSION_TAG,
    STAGE_TAG,
    Tracker,
)

_MAX_METRICS, _MAX_PARAMS = 1000, 100
# Tags that belong to one run and to no other.
_OWN = ("mlflow.", SESSION_TAG, STAGE_TAG, INPUT_TAG, CACHED_TAG, ERROR_TAG, REASON_TAG, KEY_TAG)


def replay(tracker: Tracker, result: Result, parent: str, session: str) -> str:
    """Record a cached stage with the parameters and metrics of the run that computed it; return its run."""
    tags = {STAGE_TAG: result.stage, CACHED_TAG: result.run_id}
    run_id = tracker.start_run(result.stage, tags, parent, session)
    with reaching(tracker.uri):
        try:
            original = tracker.client.get_run(result.run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
        else:
            _copy(tracker, original, run_id)
    tracker.finish_run(run_id, "FINISHED")
    return run_id


def _copy(tracker: Tracker, original: Run, run_id: str) -> None:
    client = tracker.client
    params = [Param(name, value) for name, value in original.data.params.items()]
    tags = [RunTag(name, value) for name, value in original.data.tags.items() if not name.startswith(_OWN)]
    page = f"#/experiments/{tracker.experiment_id}/runs/{original.info.run_id}"
    cached = f"Cached: computed by [run {original.info.run_id[:8]}]({page}), where its artifacts are."
    note = original.data.tags.get(NOTE_TAG, "")
    tags.append(RunTag(NOTE_TAG, f"{cached}\n\n{note}".strip()))
    for start in range(0, len(params), _MAX_PARAMS):
        client.log_batch(run_id, params=params[start : start + _MAX_PARAMS])
    client.log_batch(run_id, tags=tags)
    metrics: list[Metric] = [
        metric
        for name in results_among(original.data.metrics)
        for metric in client.get_metric_history(original.info.run_id, name)
    ]
    for start in range(0, len(metrics), _MAX_METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + _MAX_METRICS])
    if inputs := original.inputs and original.inputs.dataset_inputs:
        client.log_inputs(run_id, inputs)
