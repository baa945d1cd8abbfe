"""The champion: it moves only to a version that was found better on the same data by the same figure."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home, open_home
from stagecraft.mlflow import Registry, Tracker, Version

NAME = "seqstep-mlp"
POOR, GOOD, ELSEWHERE, UNKNOWN = "mlp/1", "mlp/2", "mlp/3", "mlp/4"
FIGURE = "forecast/mlp/rmse_valid_k016"


@pytest.fixture(scope="module")
def forecasters(prefect_server: str, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A poor forecaster, a good one, one of other data, and one that was never evaluated."""
    from seqstep_cli.main import main

    del prefect_server
    root = tmp_path_factory.mktemp("forecasters")
    shutil.copy(empty_database, root / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQSTEP_HOME", str(root))
        patch.setenv("MLFLOW_TRACKING_URI", "")
        for settings in (["mlp.learning_rate=1e-6"], [], ["series.noise_std=0.1"]):
            assert main(["run", "--until", "evaluate_forecasts", "--set", "mlp.epochs=1", *settings]) == 0
        assert main(["run", "--until", "train_mlp", "--set", "mlp.epochs=3"]) == 0
        return open_home(NAMES, None)


@pytest.fixture
def registry(forecasters: Home, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry of these forecasters, with no champion yet."""
    monkeypatch.setenv("SEQSTEP_HOME", str(forecasters.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    registry = Registry(Tracker(forecasters))
    for version in registry.versions(NAME):
        for tag in registry.tags(version):
            if tag.startswith("seqstep.promoted"):
                registry.tracker.client.delete_model_version_tag(NAME, version.number, tag)
    registry.tracker.client.delete_registered_model_alias(NAME, "champion")
    return registry


@pytest.fixture
def champion(registry: Registry) -> Callable[[], str]:
    def number() -> str:
        found: Version | None = registry.champion(NAME)
        return found.number if found else ""

    return number


def test_a_better_version_becomes_champion_and_carries_the_evidence(
    registry: Registry, champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0, f"{NAME} version 1 is now the champion", "there was no champion")
    assert champion() == "1"
    seqstep("promote", POOR).ends(0, "version 1 is the champion already")
    result = seqstep("promote", GOOD, "--json")
    document = json.loads(result.out)
    assert (result.status, document["promoted"], champion()) == (0, True, "2")

    figures = [document[who]["value"] for who in ("candidate", "champion")]
    runs = [document[who]["run_id"] for who in ("candidate", "champion")]
    measured = [registry.tracker.client.get_run(run).data.metrics[FIGURE] for run in runs]
    assert figures == measured and figures[0] < figures[1]
    assert document["gain"] == pytest.approx(1 - figures[0] / figures[1])
    tags = registry.tags(registry.find(NAME))
    noted = {name.rpartition(".")[2]: value for name, value in tags.items() if "promoted" in name}
    assert (noted["metric"], noted["data"], noted["over"]) == ("rmse_valid_k016", document["data"], "1")
    assert [noted["run"], noted["over_run"]] == runs
    assert [float(noted["value"]), float(noted["over_value"])] == figures
    description = registry.tracker.client.get_model_version(NAME, "2").description
    assert all(f"{figure:.6g}" in description for figure in figures) and runs[1] in description


def test_a_worse_version_is_refused(champion: Callable[[], str], seqstep: Any) -> None:
    seqstep("promote", GOOD).ends(0)
    result = seqstep("promote", POOR, "--json")
    document = json.loads(result.out)
    assert (result.status, document["promoted"], champion()) == (1, False, "2")
    assert document["gain"] < 0 and "worse" in document["reason"]
    seqstep("promote", POOR).ends(1, "version 1 does not become the champion", "% worse")


def test_a_version_that_was_evaluated_on_other_data_is_refused(
    champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0)
    seqstep("promote", ELSEWHERE).ends(
        2, f"expected evaluations of {NAME} version 3 and of {NAME} version 1 on the same data, got "
    )
    assert champion() == "1"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["mlp/99"], ["there is no version 99 of seqstep-mlp", "[1, 2, 3, 4]"]),
        (["mlp@best"], ["no version of seqstep-mlp is called best"]),
        (["foo"], ["there is no model seqstep-foo"]),
        ([UNKNOWN], ["expected an evaluation of seqstep-mlp version 4, got none"]),
        (["mlp"], ["expected an evaluation of seqstep-mlp version 4, got none"]),
        ([GOOD, "--metric", "rmse_k016"], ["expected rmse_k016 of seqstep-mlp version 2; there are: rmse_v"]),
        ([GOOD, "--min-gain", "2"], ["argument --min-gain: expected a share below 1", "1%, got '2'"]),
        (["mlp/0"], ["expected a model as NAME, NAME/VERSION or NAME@ALIAS", "'mlp/0'"]),
    ],
)
def test_what_can_not_be_compared_is_refused_in_words(
    argv: list[str], words: list[str], champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", *argv).ends(2, "seqstep: ", *words)
    assert champion() == ""


def test_a_gain_that_is_too_small_is_refused_and_a_dry_run_changes_nothing(
    champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR, "--dry-run").ends(0, "version 1 would be the champion")
    assert champion() == ""
    seqstep("promote", POOR).ends(0)
    seqstep("promote", GOOD, "--min-gain", "99%").ends(1, "better, expected 99.00% at least")
    result = seqstep("promote", GOOD, "--dry-run", "--json")
    assert (result.status, json.loads(result.out)["promoted"], champion()) == (0, False, "1")
    seqstep("promote", GOOD, "--metric", "rmse_valid_k001", "--min-gain", "0.0001").ends(0, "rmse_valid_k001")
    assert champion() == "2"


@pytest.mark.usefixtures("registry")
def test_commands_use_the_champion_until_another_version_is_asked_for(seqstep: Any) -> None:
    def used(*options: str) -> Any:
        return json.loads(seqstep("forecast", "--horizon", "1", "--json", *options).out)["model"]

    assert used() == f"{NAME} version 4"
    seqstep("promote", GOOD).ends(0)
    assert [used(), used("--model", "mlp@champion")] == [f"{NAME} version 2"] * 2
    assert [used("--model", "mlp@latest"), used("--model", POOR)] == [
        f"{NAME} version 4",
        f"{NAME} version 1",
    ]


def test_the_run_of_a_cached_evaluation_serves_as_well_as_the_one_that_computed_it(
    registry: Registry, seqstep: Any
) -> None:
    client = registry.tracker.client
    document = json.loads(seqstep("promote", GOOD, "--dry-run", "--json").out)
    client.delete_run(document["candidate"]["run_id"])
    try:
        seqstep("promote", GOOD, "--dry-run").ends(2, "expected an evaluation of seqstep-mlp version 2")
        seqstep("run", "--until", "evaluate_forecasts", "--set", "mlp.epochs=1").ends(0, "cached")
        again = json.loads(seqstep("promote", GOOD, "--dry-run", "--json").out)
        cached = client.get_run(again["candidate"]["run_id"]).data.tags
    finally:
        client.restore_run(document["candidate"]["run_id"])
    assert again["candidate"]["value"] == document["candidate"]["value"]
    assert cached["seqstep.cached_from"] == document["candidate"]["run_id"]


def test_the_evidence_on_a_champion_stands_in_for_an_evaluation_that_is_gone(
    registry: Registry, seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0)
    tracker = registry.tracker
    content = registry.tags(registry.find(NAME, "1"))["seqstep.content"]
    gone = [run.info.run_id for run in tracker.search(f"tags.`seqstep.evaluated.mlp` = '{content}'")]
    for run_id in gone:
        tracker.client.delete_run(run_id)
    try:
        seqstep("promote", GOOD).ends(0, "version 2 is now the champion", "of the champion, version 1")
    finally:
        for run_id in gone:
            tracker.client.restore_run(run_id)


def test_the_same_weights_trained_anew_are_the_same_version(registry: Registry, seqstep: Any) -> None:
    seqstep("promote", GOOD).ends(0)
    before = registry.versions(NAME)
    options = ["--until", "evaluate_forecasts", "--set", "mlp.epochs=1", "--json"]
    result = seqstep("run", "--force", "train_mlp", *options)
    states = {stage["name"]: stage["state"] for stage in json.loads(result.out)["stages"]}
    assert states == {"series": "cached", "train_mlp": "completed", "evaluate_forecasts": "cached"}
    assert registry.versions(NAME) == before
    assert json.loads(seqstep("gc", "--json").out)["freed"] == []
    seqstep("forecast", "--horizon", "2").ends(0)
