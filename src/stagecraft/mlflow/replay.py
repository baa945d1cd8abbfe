"""The record of a cached stage: a run like the one that computed it."""

from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from stagecraft.cache.result import Result
from stagecraft.mlflow.machine import results_among
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import NOTE_TAG, Tags

_MAX_METRICS, _MAX_PARAMS = 1000, 100


def replay(tracker: Tracker, result: Result, parent: str, session: str) -> str:
    """Record a cached stage with the parameters and metrics of the run that computed it; return its run."""
    tags = {tracker.tags.stage: result.stage, tracker.tags.cached_from: result.run_id}
    run_id = tracker.start_run(result.stage, tags, parent, session)
    with tracker.reaching():
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
    own = _own(tracker.tags)
    tags = [RunTag(name, value) for name, value in original.data.tags.items() if not name.startswith(own)]
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


def _own(tags: Tags) -> tuple[str, ...]:
    """Tell how the tags start that belong to one run and to no other."""
    of_run = (tags.session, tags.stage, tags.input, tags.cached_from, tags.error, tags.reason, tags.key)
    return "mlflow.", *of_run
