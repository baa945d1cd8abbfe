"""Rows of MLflow's database, made of what files tell, by its own classes of tables: its API takes no ids."""

import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlflow.entities import LoggedModelStatus
from mlflow.store.model_registry.dbmodels.models import (
    SqlModelVersion,
    SqlModelVersionTag,
    SqlRegisteredModel,
    SqlRegisteredModelAlias,
)
from mlflow.store.tracking.dbmodels.models import (
    SqlDataset,
    SqlExperiment,
    SqlInput,
    SqlLatestMetric,
    SqlLoggedModel,
    SqlLoggedModelMetric,
    SqlLoggedModelParam,
    SqlLoggedModelTag,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)

from stagecraft.mlflow.account import Account, Data, Point, RegisteredVersion, YieldedModel

# Every store that is not divided into workspaces is this one.
_WORKSPACE = "default"

#: a row of whichever table; MLflow's classes have no types
Row = Any


class Rows:
    """Makes the rows of one experiment.

    Args:
        number: of the experiment.
        artifacts: where its artifacts lie, as an address.
    """

    def __init__(self, number: int, artifacts: str) -> None:
        self.number, self.artifacts = number, artifacts

    def experiment(self, name: str, created: int) -> Row:
        """Make the row of the experiment itself."""
        times = {"creation_time": created, "last_update_time": created}
        place = {"artifact_location": self.artifacts, "lifecycle_stage": "active"}
        return SqlExperiment(experiment_id=self.number, name=name, **place, **times)

    def run(self, account: Account) -> Iterator[Row]:
        """Make the rows of a run, but for its models and data."""
        owner = {"run_uuid": account.run_id}
        yield SqlRun(
            **owner,
            name=account.name,
            source_type="UNKNOWN",
            source_name="",
            entry_point_name="",
            source_version="",
            user_id=account.user,
            status=account.status,
            start_time=account.started,
            end_time=account.ended,
            lifecycle_stage="active",
            artifact_uri=f"{self.artifacts}/{account.run_id}/artifacts",
            experiment_id=self.number,
        )
        yield from (SqlParam(key=name, value=value, **owner) for name, value in account.params.items())
        yield from (SqlTag(key=name, value=value, **owner) for name, value in account.tags.items())
        for name, points in account.metrics.items():
            yield from (SqlMetric(**_metric(name, point), **owner) for point in points)
            yield SqlLatestMetric(**_metric(name, max(points)), **owner)
        for model in account.models:
            yield _edge("RUN_OUTPUT", account.run_id, "MODEL_OUTPUT", model.model_id)

    def data(self, accounts: Iterable[Account], known: dict[tuple[str, str], str]) -> Iterator[Row]:
        """Make the rows of what runs were given; many may have been given the same.

        Args:
            known: the numbers of data that has rows, by name and digest; those of new rows are added.
        """
        for account in accounts:
            for data in account.data:
                if (name := (data.name, data.digest)) not in known:
                    known[name] = uuid.uuid4().hex
                    yield self._dataset(data, known[name])
                yield _edge("DATASET", known[name], "RUN", account.run_id)

    def _dataset(self, data: Data, number: str) -> Row:
        return SqlDataset(
            dataset_uuid=number,
            experiment_id=self.number,
            name=data.name,
            digest=data.digest,
            dataset_source_type=data.source_type,
            dataset_source=data.source,
        )

    def model(self, model: YieldedModel) -> Iterator[Row]:
        """Make the rows of a logged model."""
        owner = {"model_id": model.model_id, "experiment_id": self.number}
        yield SqlLoggedModel(
            **owner,
            name=model.name,
            artifact_location=self._place(model),
            creation_timestamp_ms=model.created,
            last_updated_timestamp_ms=model.updated,
            status=LoggedModelStatus.READY.to_int(),
            lifecycle_stage="active",
            source_run_id=model.run_id,
        )
        for name, value in model.tags.items():
            yield SqlLoggedModelTag(tag_key=name, tag_value=value, **owner)
        for name, value in model.params.items():
            yield SqlLoggedModelParam(param_key=name, param_value=value, **owner)
        for name, points in model.metrics.items():
            for point in points:
                yield SqlLoggedModelMetric(
                    metric_name=name,
                    metric_timestamp_ms=point.time,
                    metric_step=point.step,
                    metric_value=point.value,
                    run_id=model.run_id,
                    **owner,
                )

    def version(self, version: RegisteredVersion, model: YieldedModel) -> Iterator[Row]:
        """Make the rows of a version of a registered model."""
        owner = {"workspace": _WORKSPACE, "name": version.name, "version": version.number}
        yield SqlModelVersion(
            **owner,
            creation_time=version.created,
            last_updated_time=version.updated,
            description=version.description or None,
            source=f"models:/{model.model_id}",
            storage_location=self._place(model),
            run_id=version.run_id,
            current_stage="None",
            status="READY",
        )
        yield from tags_of_version(version.name, version.number, version.tags)

    def _place(self, model: YieldedModel) -> str:
        return f"{self.artifacts}/models/{model.model_id}/artifacts"


def registered_model(name: str, created: int, updated: int) -> Row:
    """Make the row of a registered model."""
    times = {"creation_time": created, "last_updated_time": updated}
    return SqlRegisteredModel(workspace=_WORKSPACE, name=name, **times)


def tags_of_version(name: str, number: int, tags: Mapping[str, str]) -> Iterator[Row]:
    """Make the rows of a version's tags."""
    owner = {"workspace": _WORKSPACE, "name": name, "version": number}
    return (SqlModelVersionTag(**owner, key=tag, value=tags[tag]) for tag in tags)


def alias_of_version(name: str, number: int, alias: str) -> Row:
    """Make the row of an alias."""
    return SqlRegisteredModelAlias(workspace=_WORKSPACE, name=name, alias=alias, version=number)


def _metric(name: str, point: Point) -> dict[str, Any]:
    is_nan = math.isnan(point.value)
    value = 0.0 if is_nan else point.value
    return {"key": name, "value": value, "is_nan": is_nan, "timestamp": point.time, "step": point.step}


def _edge(kind: str, source: str, other_kind: str, other: str) -> Row:
    ends = {"source_type": kind, "source_id": source, "destination_type": other_kind, "destination_id": other}
    return SqlInput(input_uuid=uuid.uuid4().hex, step=0, **ends)
