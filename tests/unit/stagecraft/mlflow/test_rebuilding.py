"""MLflow's database, built anew from the files of a home, is row by row what it was."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.errors import TrackingError, UsageError
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker, rebuilding, replay
from stagecraft.mlflow.rebuilding import rebuild

NAME = "seqstep-echo"
# Of these MLflow keeps no more than when something was made or touched, and what numbers it drew.
OWN = {"dataset_uuid", "input_uuid", "source_id", "creation_time", "last_update_time", "last_updated_time"}


def rows(database: Path) -> dict[str, Any]:
    """Read all that a database holds."""
    with closing(sqlite3.connect(database)) as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        found = {}
        for table in tables:
            if table == "stagecraft_home":  # who it belongs to, which is drawn
                continue
            cursor = store.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description]
            lines = [dict(zip(names, line, strict=True)) for line in cursor]
            kept = [{name: line[name] for name in names if name not in OWN} for line in lines]
            found[table] = sorted(map(str, kept))
    return found


@pytest.mark.thorough
def test_all_that_a_home_tells_is_there_as_it_was(works: Any, tmp_path: Path) -> None:
    first = works.pipeline()
    result = works.finished(works.stage(first, "one"))
    works.finished(works.stage(first, "two"))
    works.end(first)
    works.promote("2")
    works.promote("1")
    second = works.pipeline()
    replay(works.tracker, result, second, "")
    failed = works.stage(second)
    works.tracker.finish_run(failed.run_id, "FAILED", "no luck")
    works.end(second, "FAILED")
    new = tmp_path / "new.db"
    assert rebuild(works.home, new).lost == []
    before, after = rows(works.home.database), rows(new)
    assert {name for name in before if before[name] != after[name]} == set()
    assert len(before["runs"]) == 6 and len(before["model_versions"]) == 2
    assert list(tmp_path.glob("*.part")) == []
    with pytest.raises(UsageError, match="set it aside first"):
        rebuild(works.home, new)


@pytest.mark.thorough
def test_mlflow_reads_it_and_goes_on_with_it(works: Any, tmp_path: Path) -> None:
    parent = works.pipeline()
    record = works.stage(parent, "one")
    works.finished(record)
    works.promote("1")
    rebuild(works.home, tmp_path / "new.db")
    client = MlflowClient(f"sqlite:///{tmp_path / 'new.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'seqstep'")
    assert experiment.artifact_location == works.home.artifacts.as_uri()
    run, killed = client.get_run(record.run_id), client.get_run(parent)
    assert (run.info.status, killed.info.status) == ("FINISHED", "KILLED")
    assert [entry.value for entry in client.get_metric_history(record.run_id, "loss")][::2] == [3.0, -2.5]
    assert client.get_model_version_by_alias(NAME, "champion").version == 1
    assert [file.path for file in client.list_artifacts(record.run_id)] == ["data.txt", "run.json"]
    model_id = run.outputs.model_outputs[0].model_id
    assert client.create_model_version(NAME, str(tmp_path), model_id=model_id).version == 2


@pytest.mark.thorough
def test_what_the_version_before_left_is_there_without_figures_and_that_is_said(
    works: Any, tmp_path: Path
) -> None:
    record = works.stage("f" * 32, "one")
    works.finished(record, account=False)
    (lost,) = rebuild(works.home, tmp_path / "new.db").lost
    assert lost.stage == "train" and "metrics" in lost.what and "had no hit since" in lost.what
    client = MlflowClient(f"sqlite:///{tmp_path / 'new.db'}")
    run = client.get_run(record.run_id)
    assert (run.data.params, run.data.metrics) == ({"rate": "0.5"}, {})
    assert (run.info.end_time - run.info.start_time, run.data.tags["seqstep.stage"]) == (2000, "train")
    assert client.get_logged_model(run.outputs.model_outputs[0].model_id).source_run_id == record.run_id


@pytest.mark.thorough
def test_each_stage_says_what_can_not_be_brought_back(works: Any, tmp_path: Path) -> None:
    parent = works.pipeline()
    one, two = works.finished(works.stage(parent, "one")), works.finished(works.stage(parent, "two"))
    works.promote("2")
    works.end(parent)
    account = works.home.artifacts / one.run_id / "artifacts" / "run.json"
    account.write_bytes(account.read_bytes().replace(b"3.0", b"4.0"))
    (model,) = {file.uri.split("/")[1] for file in two.artifacts if file.uri.startswith("models:")}
    (works.home.artifacts / "models" / model / "artifacts" / "MLmodel").write_text("changed")
    (works.home.results / "count").mkdir()
    (works.home.results / "count" / "1-1").write_text("{")
    (works.home.accounts / f"{parent}.json").write_text("{")
    said = [str(lost) for lost in rebuild(works.home, tmp_path / "new.db").lost]
    for start, word in [
        ("count: the result 1-1", "can't be read"),
        ("echo: version 2 of seqstep-echo", "its files are changed"),
        ("promote: alias champion of seqstep-echo", "version 2 is not there"),
        (f"run {parent[:8]}: all of it", "is damaged"),
        ("train: metrics, tags", "run.json is changed"),
        (f"train: run {parent[:8]}", "has no account"),
    ]:
        assert [line for line in said if line.startswith(start) and word in line], (start, said)
    client = MlflowClient(f"sqlite:///{tmp_path / 'new.db'}")
    assert client.get_run(one.run_id).data.metrics == {}
    assert client.get_run(two.run_id).data.metrics["loss"] == -2.5


def test_a_disk_that_is_full_is_named_with_the_database_that_was_to_be(
    works: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(rebuilding, "name_home", refuse)
    with pytest.raises(TrackingError, match=f"MLflow at sqlite:///{tmp_path}/new.db failed: .*bytes left"):
        rebuild(works.home, tmp_path / "new.db")
    assert list(tmp_path.glob("new.db*")) == []


def test_the_database_of_an_empty_home_is_that_of_a_fresh_one(home: Home, tmp_path: Path) -> None:
    assert rebuild(home, tmp_path / "new.db").lost == []
    Tracker(home)
    before, after = rows(home.database), rows(tmp_path / "new.db")
    assert {name for name in before if before[name] != after[name]} == set()
