"""The account of a run: all that MLflow knows of it, as a document that needs no MLflow to be read."""

from typing import Any, NamedTuple

from mlflow.entities import LoggedModel, Metric, Run
from pydantic import Field

from stagecraft.files.artifact import Frozen
from stagecraft.files.sealed import seal, unseal
from stagecraft.mlflow.store import Tracker


class Point(NamedTuple):
    """A value of a metric; its time is in milliseconds since 1970, as all times are here."""

    step: int
    time: int
    value: float


class Data(Frozen):
    """A dataset that a run was given, as MLflow describes it."""

    name: str
    digest: str
    source_type: str
    source: str


class RegisteredVersion(Frozen):
    """A version of a registered model."""

    name: str
    number: int
    run_id: str
    created: int
    updated: int
    description: str = ""
    tags: dict[str, str] = Field(default_factory=dict)


class YieldedModel(Frozen):
    """A logged model that a run yielded, with what it is registered as."""

    model_id: str
    name: str
    run_id: str
    created: int
    updated: int
    tags: dict[str, str] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, tuple[Point, ...]] = Field(default_factory=dict)
    versions: tuple[RegisteredVersion, ...] = ()


class Account(Frozen):
    """All that MLflow knows of a run.

    Attributes:
        experiment: the number of its experiment.
        below: runs below this one that have no account of their own, for they are copies or did not finish;
            what is a copy has no parameters, metrics or data here.
    """

    run_id: str
    name: str
    user: str
    experiment: int
    status: str
    started: int
    ended: int | None
    params: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, tuple[Point, ...]] = Field(default_factory=dict)
    data: tuple[Data, ...] = ()
    models: tuple[YieldedModel, ...] = ()
    below: tuple["Account", ...] = ()

    def document(self) -> bytes:
        """Write it down, with a digest of itself."""
        return seal(self.model_dump_json().encode())


def read_account(document: bytes) -> Account:
    """Read an account.

    Raises:
        ValueError: it is none, or is not what its own digest says.
    """
    return Account.model_validate_json(unseal(document))


def account_of(tracker: Tracker, run_id: str, ended: int | None = None) -> Account:
    """Ask MLflow for all that it knows of a run.

    Args:
        ended: when it will have finished, if that is not recorded yet.

    Raises:
        MlflowException: it knows no such run, or can't be reached.
    """
    run, history = tracker.client.get_run(run_id), tracker.client.get_metric_history
    metrics = {name: _points(history(run_id, name)) for name in run.data.metrics}
    outputs = run.outputs.model_outputs if run.outputs else []
    models = tuple(filter(None, (_model(tracker, output.model_id) for output in outputs)))
    account = account_of_copy(run)
    more = {"params": run.data.params, "metrics": metrics, "data": _data(run), "models": models}
    if ended is not None:
        more |= {"status": "FINISHED", "ended": ended}
    return account.model_copy(update=more)


def account_of_copy(run: Run) -> Account:
    """Take from MLflow's run what its original does not tell."""
    info = run.info
    return Account(
        run_id=info.run_id,
        name=info.run_name,
        user=info.user_id or "",
        experiment=int(info.experiment_id),
        status=info.status,
        started=info.start_time,
        ended=info.end_time,
        tags=run.data.tags,
    )


def _points(entries: list[Metric]) -> tuple[Point, ...]:
    return tuple(Point(entry.step, entry.timestamp, entry.value) for entry in entries)


def _data(run: Run) -> tuple[Data, ...]:
    given = [entry.dataset for entry in run.inputs.dataset_inputs] if run.inputs else []
    return tuple(
        Data(name=data.name, digest=data.digest, source_type=data.source_type, source=data.source)
        for data in given
    )


def _model(tracker: Tracker, model_id: str) -> YieldedModel | None:
    """Describe a logged model, unless a user has deleted it."""
    model: LoggedModel | None = tracker.known(lambda: tracker.client.get_logged_model(model_id))
    if model is None:
        return None
    metrics: dict[str, list[Metric]] = {}
    for entry in model.metrics or ():
        metrics.setdefault(entry.key, []).append(entry)
    found = tracker.client.search_model_versions(f"source_path = 'models:/{model_id}'")
    return YieldedModel(
        model_id=model_id,
        name=model.name,
        run_id=model.source_run_id or "",
        created=model.creation_timestamp,
        updated=model.last_updated_timestamp,
        tags=model.tags,
        params=model.params,
        metrics={name: _points(entries) for name, entries in metrics.items()},
        versions=tuple(map(_version, found)),
    )


def _version(item: Any) -> RegisteredVersion:
    return RegisteredVersion(
        name=item.name,
        number=int(item.version),
        run_id=item.run_id or "",
        created=item.creation_timestamp,
        updated=item.last_updated_timestamp,
        description=item.description or "",
        tags=item.tags,
    )
