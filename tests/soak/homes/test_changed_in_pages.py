"""Whatever was changed in MLflow's pages: a repair and a run make all clean, and give the same figures."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.mlflow import Tracker
from tests.flows.test_deleted_in_pages import experiment, home, run, run_of
from tests.trained import TINY, Trained

__all__ = ["home"]

pytestmark = pytest.mark.soak


def all_runs(client: MlflowClient, home: Trained) -> None:
    for stage in home.summary["stages"]:
        client.delete_run(stage["run_id"])


def the_pipelines_run(client: MlflowClient, home: Trained) -> None:
    client.delete_run(home.summary["run_id"])


def a_run_for_good(client: MlflowClient, home: Trained) -> None:
    run(client, home)
    gc(home)


def the_experiment_for_good(client: MlflowClient, home: Trained) -> None:
    experiment(client, home)
    gc(home)


def all_models(client: MlflowClient, _home: Trained) -> None:
    for found in client.search_registered_models():
        client.delete_registered_model(found.name)


def model_renamed(client: MlflowClient, _home: Trained) -> None:
    client.rename_registered_model("seqstep-rnn", "mine")


def logged_model(client: MlflowClient, home: Trained) -> None:
    for output in client.get_run(run_of(home, "train_rnn")).outputs.model_outputs:
        client.delete_logged_model(output.model_id)


def experiment_renamed(client: MlflowClient, home: Trained) -> None:
    client.rename_experiment(client.get_run(run_of(home, "vocab")).info.experiment_id, "mine")


def tags_of_a_version(client: MlflowClient, _home: Trained) -> None:
    for tag in client.get_model_version("seqstep-rnn", "1").tags:
        client.delete_model_version_tag("seqstep-rnn", "1", tag)


def tags_of_a_run(client: MlflowClient, home: Trained) -> None:
    for tag in client.get_run(run_of(home, "train_rnn")).data.tags:
        if tag.startswith("seqstep."):
            client.delete_tag(run_of(home, "train_rnn"), tag)


def a_run_deleted_and_restored(client: MlflowClient, home: Trained) -> None:
    run(client, home)
    client.restore_run(run_of(home, "train_rnn"))


def a_run_that_is_said_to_have_failed(client: MlflowClient, home: Trained) -> None:
    client.set_terminated(run_of(home, "train_rnn"), "FAILED")


def gc(home: Trained) -> None:
    """Remove for good what was deleted, as MLflow's own command does."""
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", home.home.store]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize(
    "change",
    [
        *(all_runs, the_pipelines_run, a_run_for_good, the_experiment_for_good, all_models, model_renamed),
        *(logged_model, experiment_renamed, tags_of_a_version, tags_of_a_run, a_run_deleted_and_restored),
        a_run_that_is_said_to_have_failed,
    ],
)
def test_after_a_change_in_the_pages_a_repair_and_a_run_the_figures_are_the_same(
    change: Callable[[MlflowClient, Trained], None], home: Trained, seqstep: Any
) -> None:
    def figures() -> dict[str, Any]:
        stages = json.loads(seqstep("show", "--json").out)["stages"]
        shown = {stage["name"]: stage["metrics"] for stage in stages}
        return {
            stage: {name: value for name, value in metrics.items() if not name.endswith("_per_s")}
            for stage, metrics in shown.items()
        }

    seqstep("promote", "rnn").ends(0)
    before = figures()
    said = seqstep("generate", "--prefix", "time", "--length", "5").out
    change(Tracker(home.home, home.home.store).client, home)
    seqstep("doctor", "--fix")
    seqstep("run", "--set", *TINY).ends(0)
    seqstep("doctor", "--fix")
    seqstep("doctor").ends(0, "nothing found")
    assert figures() == before
    seqstep("promote", "rnn").ends(0)
    assert seqstep("generate", "--prefix", "time", "--length", "5").out == said
