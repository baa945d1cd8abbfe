"""A home that is made by hand: stages that ran, with what they left in MLflow and among the results."""

import json
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow.exceptions import MlflowException

from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.cache.sessions import home_id
from stagecraft.errors import StagecraftError
from stagecraft.files.artifact import Artifact, address
from stagecraft.files.home import Home
from stagecraft.key.parts import Parts
from stagecraft.mlflow import Record, Tracker
from stagecraft.mlflow.inventory import Inventory

MLMODEL = "flavors:\n  python_function:\n    artifacts:\n      weights: {path: artifacts/weights, uri: x}\n"


class Made(NamedTuple):
    """A stage that ran."""

    run_id: str
    key: str
    files: Mapping[str, Artifact]
    model_id: str = ""

    @property
    def uri(self) -> str:
        return next(iter(self.files.values())).uri


class House:
    """A home with a store."""

    def __init__(self, home: Home) -> None:
        self.home, self.tracker = home, Tracker(home, home.store)
        self.client, self.inventory = self.tracker.client, Inventory(self.tracker)
        self.results = Results(home, self.tracker.fetch)
        self.session = f"{home_id(home)}-gone"
        self._numbers = count()

    def run(self, stage: str, status: str = "FINISHED", **tags: str) -> str:
        """Record a run; a session of another home, or none, is given as a tag."""
        session = tags.pop("session", self.session)
        run_id = self.tracker.start_run(
            stage, {"seqstep.stage": stage, **tags}, tags.pop("parent", None), session
        )
        if status != "RUNNING":
            self.tracker.finish_run(run_id, status)
        return run_id

    def log(self, run_id: str, path: str, text: str = "some text") -> Artifact:
        record = Record(self.tracker, run_id, lambda *_: None, lambda _: None)
        return record.log_text(path, text)

    def stage(self, stage: str, *used: str, files: tuple[str, ...] = ("out.txt",), **options: object) -> Made:
        """Be a stage that ran on what others yielded.

        Options: `model` registers one, `on` logs a file on another run too, `age_s` makes its last use so
        old, `kept=False` keeps no record, `status` of the run, `session` that it belongs to.
        """
        status, session = str(options.get("status", "FINISHED")), str(options.get("session", self.session))
        given = {f"given{number}": uri for number, uri in enumerate(used)}
        inputs = {f"seqstep.input.{name}": uri for name, uri in given.items()}
        run_id = self.run(stage, "RUNNING", session=session, **inputs)
        made = {name: self.log(run_id, name, f"{stage} {name}") for name in files}
        model_id = ""
        if name := options.get("model"):
            model_id, weights = self.model(run_id, str(name))
            made["weights"] = weights
        if other := options.get("on"):
            made["plots/loss.png"] = self.log(str(other), "plots/loss.png")
        if status != "RUNNING":
            self.tracker.finish_run(run_id, status)
        key = f"{stage}/{next(self._numbers):016x}-{0:016x}"
        if options.get("kept", True):
            self.keep(key, run_id, made, given, float(str(options.get("age_s", 0))))
        return Made(run_id, key, made, model_id)

    def keep(
        self, key: str, run_id: str, files: Mapping[str, Artifact], used: Mapping[str, str], age_s: float = 0
    ) -> None:
        """Write a result's record as Prefect does."""
        result = Result(
            stage=key.partition("/")[0],
            key=key,
            parts=Parts(code={}, parameters={}, libraries={}),
            value={},
            artifacts=tuple(map(self.tracker.keep, files.values())),
            used=dict(used),
            run_id=run_id,
            seconds=1.0,
            figure="",
            drawing={},
            written="2026-01-01T00:00:00+00:00",
        )
        path = self.results.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"metadata": {"storage_key": key}, "result": result.model_dump_json()}))
        used_at = path.stat().st_mtime - age_s
        os.utime(path, (used_at, used_at))

    def model(self, run_id: str, name: str) -> tuple[str, Artifact]:
        """Log a model and register it."""
        logged = self.client.create_logged_model(self.tracker.experiment_id, name=name, source_run_id=run_id)
        folder = self.tracker.open_model(logged.model_id)
        (folder / "artifacts").mkdir(parents=True)
        (folder / "MLmodel").write_text(MLMODEL)
        weights = folder / "artifacts" / "weights"
        weights.write_text("weights")
        try:
            self.client.create_registered_model(f"seqstep-{name}")
        except MlflowException as error:
            assert error.error_code == "RESOURCE_ALREADY_EXISTS"
        source = f"models:/{logged.model_id}"
        self.client.create_model_version(f"seqstep-{name}", source, run_id, model_id=logged.model_id)
        return logged.model_id, address(weights, f"{source}/artifacts/weights", "application/octet-stream")

    def checkpoint(self, key: str, run_id: str, age_s: float = 0) -> Path:
        """Write a checkpoint."""
        from stagecraft.cache.checkpoints import Checkpoints

        folder = self.home.checkpoints / key
        Checkpoints(folder, run_id).save(3, lambda path: (path / "state").write_text("state"))
        for path in [folder, *folder.iterdir()]:
            os.utime(path, (path.stat().st_mtime - age_s,) * 2)
        return folder

    def write(self, path: Path, text: str = "0123456789") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def folder(self, owner: str) -> Path:
        """Where the files of a run or of a logged model lie."""
        return self.home.artifacts / ("models" if owner.startswith("m-") else "") / owner

    def tags(self, run_id: str) -> dict[str, str]:
        return dict(self.client.get_run(run_id).data.tags)

    def dangling(self) -> list[str]:
        """List every reference that leads nowhere."""
        found = [f"{key}: {self.results.find(key).flaw}" for key in self.results.all()]
        found = [text for text in found if not text.endswith(": ")]
        for version in self.inventory.versions():
            found += [f"{version}: {gap}" for gap in self.inventory.missing_of_model(version.model_id)]
        for run in self.inventory.all_runs():
            tags = run.data.tags
            uris = [value for tag, value in tags.items() if tag.startswith("seqstep.input.")]
            found += [f"{run.info.run_id}: {uri}" for uri in uris if not self.leads_somewhere(uri)]
            found += [f"{run.info.run_id} freed with inputs"] if uris and "seqstep.freed" in tags else []
        return found

    def leads_somewhere(self, uri: str) -> bool:
        try:
            return self.tracker.open_uri(uri).is_file()
        except StagecraftError:
            return False


@pytest.fixture
def house(home: Home) -> House:
    return House(home)
