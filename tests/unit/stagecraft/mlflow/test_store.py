"""The record in MLflow, in a real store: what is written can be read, and a wrong file is refused."""

import math
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow.entities import Run

from seqstep_cli import NAMES
from stagecraft.cache.sessions import dead, living, session
from stagecraft.errors import ArtifactError, DatabaseError, TrackingError
from stagecraft.files.artifact import Artifact, address
from stagecraft.files.home import Home
from stagecraft.mlflow import Record, Registry, Tracker, store
from tests.flips import flip


class Epoch(NamedTuple):
    """A row of a training."""

    epoch: int
    loss: float


@pytest.fixture
def tracker(home: Home) -> Tracker:
    return Tracker(home)


@pytest.fixture
def heard() -> list[object]:
    return []


@pytest.fixture
def record(tracker: Tracker, heard: list[object]) -> Record:
    def progress(done: int, total: int | None, figures: Mapping[str, float]) -> None:
        heard.append((done, total, dict(figures)))

    return Record(tracker, tracker.start_run("train", {}), progress, heard.append)


def run_of(record: Record) -> Run:
    return record.tracker.client.get_run(record.run_id)


def test_a_second_tracker_finds_the_experiment_and_its_artifacts_lie_in_the_home(
    tracker: Tracker, home: Home
) -> None:
    assert Tracker(home).experiment_id == tracker.experiment_id
    experiment = tracker.client.get_experiment(tracker.experiment_id)
    assert (experiment.name, experiment.artifact_location) == ("seqstep", home.artifacts.as_uri())


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("ffff00001111", "got that of a newer one (its tables are of ffff00001111); install that one,"),
        ("451aebb31d03", "got that of an older one; make a backup, then `mlflow db upgrade sqlite:///"),
    ],
)
def test_a_database_of_another_release_of_mlflow_is_named_as_such(home: Home, schema: str, said: str) -> None:
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [schema])
    with pytest.raises(DatabaseError, match=re.escape(said)):
        Tracker(home)


def test_a_run_that_starts_does_not_sweep_away_a_database_that_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "fresh", NAMES)
    home.private.mkdir(parents=True)

    class Maker:
        """Stands for MLflow's client, which makes tables for seconds."""

        def __init__(self, uri: str) -> None:
            self.path = Path(uri.removeprefix("sqlite:///"))

        def search_experiments(self) -> None:
            with closing(sqlite3.connect(self.path)) as half_made, half_made:
                half_made.execute("create table half (made)")
            with session(home):
                assert self.path.exists()
            with closing(sqlite3.connect(self.path)) as half_made, half_made:
                half_made.execute("alter table half rename to whole")

    monkeypatch.setattr(store, "MlflowClient", Maker)
    store._make_database(home)
    with closing(sqlite3.connect(home.database)) as made:
        assert made.execute("select name from sqlite_master order by 1").fetchall()[1] == ("whole",)
    assert living(home) == set() == dead(home)


def test_a_child_run_stands_below_its_parent_and_ends_with_a_reason(tracker: Tracker) -> None:
    parent = tracker.start_run("pipeline", {"a": "b"})
    child = tracker.start_run("verify", {"seqstep.stage": "verify"}, parent)
    tracker.finish_run(child, "FAILED", "wrong hash" * 1000)
    run = tracker.client.get_run(child)
    assert run.data.tags["mlflow.parentRunId"] == parent and run.info.run_name == "verify"
    assert run.info.status == "FAILED" and run.data.tags["seqstep.error"] == ("wrong hash" * 600)
    assert tracker.client.get_run(parent).info.status == "RUNNING"


def test_more_parameters_than_fit_into_one_request_are_all_there(record: Record) -> None:
    params = {f"p{number}": number for number in range(250)}
    record.tracker.log_params(record.run_id, {**params, "long": "x" * 9000, "list": (1, 4, 16)})
    logged = run_of(record).data.params
    assert len(logged) == 252 and logged["p249"] == "249"
    assert logged["list"] == "1, 4, 16" and len(logged["long"]) == 6000


def test_a_file_is_found_again_and_held_to_its_hash(record: Record) -> None:
    artifact = record.log_text("plots/deep/note.txt", "größer", "text/plain")
    path = record.open(artifact)
    assert path.read_text(encoding="utf-8") == "größer" and artifact.bytes == 8
    assert record.tracker.open_uri(artifact.uri) == path
    path.write_text("changed", encoding="utf-8")
    with pytest.raises(ArtifactError, match=f"SHA-256 {artifact.sha256} for runs:/.*, got .* at {path}; run"):
        record.open(artifact)
    path.unlink()
    for missing in (lambda: record.open(artifact), lambda: record.tracker.open_uri(artifact.uri)):
        with pytest.raises(
            ArtifactError, match=f"expected {artifact.uri} at {path}, got nothing; run its st"
        ):
            missing()


def test_a_local_file_is_its_own_address(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "with space.txt"
    path.write_text("here", encoding="utf-8")
    assert record.tracker.local_path(address(path, path.as_uri(), "text/plain")) == path


def test_figures_are_kept_nan_is_left_out_and_infinity_is_marked(record: Record) -> None:
    record.log_metrics({"a/b": 1.5, "a/c": math.nan, "a/d": math.inf})
    data = run_of(record).data
    assert set(data.metrics) == {"a/b", "a/d"} and data.metrics["a/b"] == 1.5
    assert data.tags["seqstep.infinite.a.d"] == "inf"
    assert record.metrics == {"a/b": 1.5, "a/d": math.inf}


def test_rows_are_handed_on_one_by_one_and_all_steps_are_recorded(
    record: Record, heard: list[object]
) -> None:
    rows = [Epoch(number, 1 / number) for number in range(1, 1203)]
    seen = []
    for row in record.follow(iter(rows), len(rows), {"train/loss": "loss"}):
        assert len(heard) == row.epoch  # whoever watches knows of a step before the next one starts
        seen.append(row)
    assert seen == rows and heard[-1] == (1202, 1202, {"train/loss": 1 / 1202})
    history = record.tracker.client.get_metric_history(record.run_id, "train/loss")
    assert sorted((entry.step, entry.value) for entry in history) == [(row.epoch, row.loss) for row in rows]
    assert record.metrics == {"train/loss": 1 / 1202}


def test_what_came_before_a_failure_is_recorded(record: Record) -> None:
    def rows() -> Iterator[Epoch]:
        yield Epoch(1, 0.5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(record.follow(rows(), 9, {"train/loss": "loss"}))
    assert run_of(record).data.metrics == {"train/loss": 0.5}


def test_notices_are_told_and_stay_with_the_run(record: Record, heard: list[object]) -> None:
    record.notice("first")
    record.notice("second")
    assert heard == ["first", "second"]
    assert run_of(record).data.tags["mlflow.note.content"] == "first\n\nsecond"


@pytest.mark.parametrize(("source", "kind"), [("sine", "local"), ("http://host/text", "http")])
def test_a_dataset_is_recorded_with_its_digest_and_source(record: Record, source: str, kind: str) -> None:
    artifact = record.log_text("data.csv", "1,2", "text/csv")
    record.log_dataset("data", artifact, source)
    (entry,) = run_of(record).inputs.dataset_inputs
    found = entry.dataset
    assert (found.name, found.source, found.source_type) == ("data", source, kind)
    assert artifact.sha256.startswith(found.digest)


def test_a_model_that_is_not_there_is_refused_in_words(tracker: Tracker) -> None:
    with pytest.raises(
        ArtifactError, match=r"there is no model seqstep-x in sqlite:.*train it with `seqstep r"
    ):
        Registry(tracker).find("seqstep-x")


def test_an_input_is_opened_as_the_run_was_given_it(record: Record) -> None:
    artifact = record.log_text("series.csv", "t,x\n0,1.5\n")
    record.tag({"seqstep.input.series.values": artifact.uri})
    path = record.tracker.open_input(record.run_id, "series.values")  # as the version before noted it
    assert path == record.open(artifact)
    record.tag({"seqstep.digest.series.values": artifact.sha256})
    assert record.tracker.open_input(record.run_id, "series.values") == path
    flip(path, -5)
    with pytest.raises(ArtifactError, match=r"expected SHA-256 .* run its stage again"):
        record.tracker.open_input(record.run_id, "series.values")
    with pytest.raises(ArtifactError, match="got ''"):
        record.tracker.open_input(record.run_id, "corpus")


def test_a_file_of_a_run_without_a_result_is_held_by_its_run(record: Record) -> None:
    record.log_text("report.html", "<p>1.5</p>")
    path = record.tracker.open_held(record.run_id, "report.html")
    record.hold()
    assert record.tracker.open_held(record.run_id, "report.html") == path
    flip(path, 30)
    with pytest.raises(ArtifactError, match=r"expected SHA-256 .* for runs:/.*/report.html"):
        record.tracker.open_held(record.run_id, "report.html")


def test_a_store_that_refuses_is_told_with_its_address(tracker: Tracker) -> None:
    with pytest.raises(
        TrackingError, match=r"MLflow at sqlite:///.*mlflow.db failed: .*nosuchrun.*; `seqstep doctor` tells"
    ):
        tracker.log_params("nosuchrun", {"a": 1})


@pytest.mark.thorough
def test_a_database_that_a_killed_process_left_half_made_is_made_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", NAMES)
    home.private.mkdir(parents=True)
    half_made = home.private / "mlflow.db.part"
    with closing(sqlite3.connect(half_made)) as database:
        database.execute("create table trace_info (request_id text)")
    tracker = Tracker(home, home.store)
    assert tracker.start_run("pipeline", {})
    assert home.database.is_file() and not half_made.exists()


def test_stages_may_record_the_same_new_data_at_the_same_time(tracker: Tracker) -> None:
    runs = [tracker.start_run(f"train {number}", {}) for number in range(6)]
    barrier = threading.Barrier(len(runs))

    def record_it(run_id: str, digest: int) -> None:
        data = Artifact(uri="runs:/1/tokens.npy", sha256=str(digest) * 64, bytes=1, kind="application/x-npy")
        barrier.wait()
        Record(tracker, run_id).log_dataset("tokens", data, data.uri)

    for digest in range(5):
        with ThreadPoolExecutor(len(runs)) as pool:
            list(pool.map(lambda run_id, digest=digest: record_it(run_id, digest), runs))
    for run_id in runs:
        assert len(tracker.client.get_run(run_id).inputs.dataset_inputs) == 5
