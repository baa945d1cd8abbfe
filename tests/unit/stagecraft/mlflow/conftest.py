"""What tests of MLflow's records share: runs as stages and pipelines leave them."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import LoggedModelOutput, LoggedModelStatus

from stagecraft.cache.result import Result
from stagecraft.files.home import Home
from stagecraft.key.parts import Parts
from stagecraft.mlflow import (
    CHAMPION,
    PARENT_TAG,
    Record,
    Registry,
    Tracker,
    keep_account,
    log_account,
    request_tags,
)
from stagecraft.mlflow.data_sets import version_tags
from stagecraft.mlflow.promotions import note_promotion
from stagecraft.mlflow.registry import files_of

NAME = "seqstep-echo"


@pytest.fixture
def works(home: Home) -> "Works":
    return Works(home)


class Works:
    """Records runs as stages and pipelines do."""

    def __init__(self, home: Home) -> None:
        self.home, self.tracker = home, Tracker(home)

    def pipeline(self, data: str = "", is_by_user: bool = True) -> str:
        """Start the run of a pipeline, whose training may learn from a data set with a name."""
        tags = request_tags(self.tracker, {"train": data} if data else {}, is_by_user)
        run_id = self.tracker.start_run("all", {"seqstep.pipeline": "all quick", **tags})
        self.tracker.log_params(run_id, {"seed": 0})
        keep_account(self.tracker, run_id)
        return run_id

    def end(self, parent: str, status: Any = "FINISHED") -> None:
        """End the run of a pipeline."""
        self.tracker.finish_run(parent, status)
        keep_account(self.tracker, parent)

    def stage(self, parent: str, weights: str = "") -> Record:
        """Have a stage's run with all that a run can have."""
        tags = {"seqstep.stage": "train", PARENT_TAG: parent}
        record = Record(self.tracker, self.tracker.start_run("train", tags))
        self.tracker.log_params(record.run_id, {"rate": 0.5, "words": "ä\n"})
        for loss in (3.0, math.inf, -2.5):
            record.log_metrics({"loss": loss, "system/cpu": 1.0})
        record.log_dataset("data", record.log_text("data.txt", "1"), "http://host/data")
        if weights:
            self._register(record, weights)
        return record

    def finished(self, record: Record, account: bool = True) -> Result:
        """End a stage's run, and keep its result."""
        if account:
            log_account(record, 2_000_000_000_000)
        self.tracker.finish_run(record.run_id, "FINISHED", ended=2_000_000_000_000)
        result = Result(
            stage="train",
            key=f"train/{record.run_id}",
            parts=Parts(code={}, parameters={"rate": 0.5}, libraries={}),
            value={},
            artifacts=tuple(map(self.tracker.keep, record.logged)),
            used={"data": "file:///data.txt"},
            run_id=record.run_id,
            seconds=2.0,
            figure="",
            drawing={},
            written="2026-01-01T00:00:02+00:00",
        )
        path = self.home.results / result.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"metadata": {}, "result": result.model_dump_json()}))
        return result

    def _register(self, record: Record, weights: str) -> None:
        client = self.tracker.client
        model = client.create_logged_model(
            self.tracker.experiment_id, name="echo", source_run_id=record.run_id, tags={"a": "b"}
        )
        folder = Path(self.tracker.place(f"models:/{model.model_id}/"))
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text(weights)
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        client.log_outputs(record.run_id, [LoggedModelOutput(model.model_id, 0)])
        files = files_of(self.tracker, model.model_id)
        told = version_tags(self.tracker, record.run_id)
        Registry(self.tracker).add(NAME, model.model_id, record.run_id, weights, "code", files, told)
        record.logged += files.values()

    def promote(self, number: str) -> None:
        """Make a version the champion."""
        registry = Registry(self.tracker)
        evidence = {"seqstep.promoted.metric": "loss", "seqstep.promoted.value": number}
        registry.set_alias(version := registry.find(NAME, number), CHAMPION, evidence, f"Because {number}.")
        note_promotion(self.tracker, "champion", version, "now")
