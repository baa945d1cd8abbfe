"""The record of a cached stage: a run like the one that computed it."""

from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag

from stagecraft.cache.result import Result
from stagecraft.mlflow.account import Account
from stagecraft.mlflow.accounts import account_behind
from stagecraft.mlflow.machine import results_among
from stagecraft.mlflow.store import Tracker
from stagecraft.mlflow.tags import NOTE_TAG, Tags

_MAX_METRICS, _MAX_PARAMS = 1000, 100


def replay(tracker: Tracker, result: Result, parent: str, session: str) -> str:
    """Record a cached stage with the parameters and metrics of the run that computed it; return its run.

    They are read from the account of that run, which is verified like all that is behind the result.

    Raises:
        ArtifactError: the account is not what it was.
    """
    account = account_behind(tracker, result)
    tags = {tracker.tags.stage: result.stage, tracker.tags.cached_from: result.run_id}
    run_id = tracker.start_run(result.stage, tags, parent, session)
    if account:
        with tracker.reaching():
            _copy(tracker, account, run_id)
    tracker.finish_run(run_id, "FINISHED")
    return run_id


def _copy(tracker: Tracker, original: Account, run_id: str) -> None:
    client = tracker.client
    params = [Param(name, value) for name, value in original.params.items()]
    own = _own(tracker.tags)
    tags = [RunTag(name, value) for name, value in original.tags.items() if not name.startswith(own)]
    page = f"#/experiments/{tracker.experiment_id}/runs/{original.run_id}"
    cached = f"Cached: computed by [run {original.run_id[:8]}]({page}), where its artifacts are."
    tags.append(RunTag(NOTE_TAG, f"{cached}\n\n{original.tags.get(NOTE_TAG, '')}".strip()))
    for start in range(0, len(params), _MAX_PARAMS):
        client.log_batch(run_id, params=params[start : start + _MAX_PARAMS])
    client.log_batch(run_id, tags=tags)
    metrics = [
        Metric(name, point.value, point.time, point.step)
        for name, points in results_among(original.metrics).items()
        for point in points
    ]
    for start in range(0, len(metrics), _MAX_METRICS):
        client.log_batch(run_id, metrics=metrics[start : start + _MAX_METRICS])
    if original.data:
        datasets = [Dataset(data.name, data.digest, data.source_type, data.source) for data in original.data]
        client.log_inputs(run_id, [DatasetInput(dataset) for dataset in datasets])


def _own(tags: Tags) -> tuple[str, ...]:
    """Tell how the tags start that belong to one run and to no other."""
    of_run = (tags.session, tags.stage, tags.input, tags.digest, tags.cached_from, tags.error, tags.reason)
    return "mlflow.", *of_run, tags.key
