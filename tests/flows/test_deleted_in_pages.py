"""What was deleted in MLflow's pages is named, and brought back without training again."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.cli import request
from stagecraft.mlflow import Registry, Tracker
from tests.shared import copy_home
from tests.trained import TINY, Trained

pytestmark = pytest.mark.thorough


@pytest.fixture
def home(pipeline_run: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trained]:
    """A copy of the trained home."""
    copy = copy_home(pipeline_run.home, tmp_path / "home")
    monkeypatch.setenv("SEQSTEP_HOME", str(copy.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    yield pipeline_run._replace(home=copy)


def run_of(home: Trained, stage: str) -> str:
    return next(each["run_id"] for each in home.summary["stages"] if each["name"] == stage)


def experiment(client: MlflowClient, home: Trained) -> None:
    client.delete_experiment(client.get_run(run_of(home, "vocab")).info.experiment_id)


def run(client: MlflowClient, home: Trained) -> None:
    client.delete_run(run_of(home, "train_rnn"))


def model(client: MlflowClient, _home: Trained) -> None:
    client.delete_registered_model("seqstep-rnn")


def version(client: MlflowClient, _home: Trained) -> None:
    client.delete_model_version("seqstep-rnn", "1")


def alias(client: MlflowClient, _home: Trained) -> None:
    client.delete_registered_model_alias("seqstep-rnn", "champion")


def logged_models(client: MlflowClient, home: Trained) -> None:
    experiment_id = client.get_run(run_of(home, "vocab")).info.experiment_id
    for each in client.search_logged_models([experiment_id]):
        client.delete_logged_model(each.model_id)


@pytest.mark.parametrize(
    ("delete", "kinds"),
    [
        (experiment, ["experiment deleted"]),
        (run, ["run deleted"]),
        (model, ["registered model deleted", *["alias deleted"] * 2]),
        (version, ["registered model deleted", *["alias deleted"] * 2]),
        (alias, ["alias deleted"]),
        (logged_models, ["logged model deleted"] * 3),
    ],
)
def test_what_was_deleted_is_named_and_brought_back(
    delete: Callable[[MlflowClient, Trained], None], kinds: list[str], home: Trained, seqstep: Any
) -> None:
    tracker = Tracker(home.home, home.home.store)
    seqstep("promote", "rnn").ends(0)
    said = seqstep("generate", "--prefix", "time", "--length", "5", "--json").out
    before = Registry(tracker).find("seqstep-rnn", "champion")
    delete(tracker.client, home)
    found = json.loads(seqstep("doctor", "--json").out)["findings"]
    assert [each["kind"] for each in found] == kinds
    if delete is experiment:
        for command in ("run", "runs", "show"):
            more = ["--set", *TINY] if command == "run" else []
            seqstep(command, *more).ends(2, "deleted in its pages; `seqstep doctor --fix` restores it")
    seqstep("doctor", "--fix").ends(0)
    seqstep("doctor").ends(0, "nothing found")
    assert Registry(tracker).find("seqstep-rnn", "champion") == before
    assert seqstep("generate", "--prefix", "time", "--length", "5", "--json").out == said
    seqstep("run", "--set", *TINY).ends(0)
    stages = json.loads(seqstep("show", "--json").out)["stages"]
    assert {stage["state"] for stage in stages} == {"cached"}


def test_without_its_champion_alias_a_model_starts_over_when_its_promotions_are_forgotten(
    home: Trained, seqstep: Any
) -> None:
    seqstep("promote", "rnn").ends(0)
    Tracker(home.home, home.home.store).client.delete_registered_model_alias("seqstep-rnn", "champion")
    (home.home.private / "promotions.jsonl").unlink()
    seqstep("doctor").ends(0, "nothing found")


def test_runs_that_were_deleted_for_good_stop_a_run_before_it_starts(
    home: Trained, seqstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Tracker(home.home, home.home.store).client
    lost = run_of(home, "train_rnn")
    client.delete_run(lost)
    client._tracking_client.store._hard_delete_run(lost)
    experiment_id = client.get_run(run_of(home, "vocab")).info.experiment_id
    count = len(client.search_runs([experiment_id]))
    server = os.environ["PREFECT_API_URL"]
    monkeypatch.delenv("PREFECT_API_URL")
    for command in ("run", "plan"):
        said = f"got 1 that it does not, such as {lost} (train_rnn)"
        seqstep(command, "--set", *TINY).ends(2, said)
    assert len(client.search_runs([experiment_id])) == count
    seqstep("doctor", "--fix").ends(0)
    seqstep("doctor").ends(0, "nothing found")
    monkeypatch.setenv("PREFECT_API_URL", server)
    seqstep("run", "--set", *TINY).ends(0)


def test_the_database_itself_is_mended_while_the_servers_of_the_home_are_up(
    home: Trained, seqstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_models(Tracker(home.home, home.home.store).client, home)
    server = "http://127.0.0.1:9"  # answers to nobody
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setattr(request, "addresses", lambda _home: {"MLFLOW_TRACKING_URI": server})
    seqstep("gc", "--dry-run").ends(2, "expected MLflow to know what the home has files of, got 3")
    seqstep("doctor", "--fix").ends(0)
    seqstep("doctor").ends(0, "nothing found")
