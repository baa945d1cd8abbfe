"""The champion: it moves only to a version that is better on the same data, none of which trained either."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home, open_home
from stagecraft.mlflow import Registry, Tracker, Version, evaluations
from stagecraft.mlflow.data_sets import champion_of

NAME = "seqstep-mlp"
POOR, GOOD, ELSEWHERE, UNKNOWN = "mlp/1", "mlp/2", "mlp/3", "mlp/4"


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
        for alias in version.aliases:
            registry.tracker.client.delete_registered_model_alias(NAME, alias)
    return registry


@pytest.fixture
def champion(registry: Registry) -> Callable[[], str]:
    def number() -> str:
        found: Version | None = registry.champion(NAME)
        return found.number if found else ""

    return number


def measured(registry: Registry, number: str) -> float:
    """What the run of the evaluation found of a version."""
    content = registry.tags(registry.find(NAME, number))["seqstep.content"]
    found = evaluations(registry.tracker, "mlp", content)
    return found[0].figures["rmse_valid_k016"]


def test_a_better_version_becomes_champion_and_carries_the_evidence(
    registry: Registry, champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0, f"{NAME} version 1 is now the champion", "there was no champion")
    assert champion() == "1"
    seqstep("promote", POOR).ends(0, "version 1 is the champion of sine already")
    result = seqstep("promote", GOOD, "--json")
    document = json.loads(result.out)
    assert (result.status, document["promoted"], champion()) == (0, True, "2")

    figures = [document[who]["value"] for who in ("candidate", "champion")]
    runs = [document[who]["run_id"] for who in ("candidate", "champion")]
    assert runs == [registry.find(NAME, number).run_id for number in "21"] and figures[0] < figures[1]
    # Nearly the same: in an evaluation all horizons end where the furthest one does.
    assert figures == pytest.approx([measured(registry, number) for number in "21"], rel=0.1)
    assert "measured on the values from 605 to 1000; none of that trained either" in document["reason"]
    assert document["of"] == "sine"
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


def test_a_version_of_another_series_under_the_same_name_is_refused(
    champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0)
    seqstep("promote", ELSEWHERE).ends(
        2, f"begins with the 604 values that trained {NAME} version 3, got another one", "(series.name)"
    )
    assert champion() == "1"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["mlp/99"], ["there is no version 99 of seqstep-mlp", "[1, 2, 3, 4]"]),
        (["mlp@best"], ["no version of seqstep-mlp is called best"]),
        (["foo"], ["there is no model seqstep-foo"]),
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


def test_a_version_that_was_never_evaluated_is_measured_then(
    champion: Callable[[], str], seqstep: Any
) -> None:
    seqstep("promote", POOR).ends(0)
    seqstep("promote", UNKNOWN).ends(0, "version 4 is now the champion of sine", "of the champion, version 1")
    assert champion() == "4"


def test_without_a_version_the_first_champion_is_the_best_of_those_evaluated_as_the_latest_was(
    champion: Callable[[], str], seqstep: Any
) -> None:
    for settings in (["mlp.epochs=1"], ["mlp.epochs=1", "mlp.learning_rate=1e-6"]):
        seqstep("run", "--until", "evaluate_forecasts", "--set", *settings).ends(0, "cached")
    seqstep("promote", "mlp").ends(0, "version 2 is now the champion of sine")
    seqstep("promote", "mlp").ends(1, "version 1 does not become the champion of sine")
    assert champion() == "2"
    seqstep("run", "--until", "train_mlp", "--set", "mlp.epochs=3").ends(0, "cached")


def test_each_data_set_has_its_champion_and_decides_every_night_while_it_grows(
    registry: Registry, champion: Callable[[], str], seqstep: Any, tmp_path: Path
) -> None:
    seqstep("promote", GOOD).ends(0)
    data = tmp_path / "load.csv"
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    values = np.sin(np.arange(200) * 0.9)
    options = ["--set", f"series.path={data}", "series.column=load", "series.name=plant"]
    options += ["mlp.epochs=1", "forecast.horizons=1,2"]
    for rows in (120, 140, 141):
        pd.DataFrame({"day": days[:rows], "load": values[:rows]}).to_csv(data, index=False)
        seqstep("run", "--until", "train_mlp", *options).ends(0)
        result = seqstep("promote", "mlp", "--metric", "rmse_valid_k001", "--json")
        document = json.loads(result.out)
        assert result.status in {0, 1} and document["of"] == "plant"
        assert f"to {days[rows - 1]}" in document["reason"]
    assert champion() not in {"", "2"}
    assert champion_of("sine") in registry.find(NAME, "2").aliases
    ending = ["--series", f"{data}:load", "--horizon", "1", "--json"]
    answered = json.loads(seqstep("forecast", *ending, "--set", "series.name=plant").out)["answered_by"]
    assert (str(answered["version"]), answered["why"]) == (champion(), "the champion of plant")
    seqstep("run", "--until", "train_mlp", "--set", "mlp.epochs=3").ends(0, "cached")
    assert json.loads(seqstep("forecast", "--json").out)["answered_by"]["why"] == "the champion of sine"


@pytest.mark.usefixtures("registry")
def test_a_text_that_grows_is_decided_by_tokens_that_both_read_alike_or_by_its_characters(
    seqstep: Any, tmp_path: Path
) -> None:
    text = tmp_path / "diary.txt"
    options = ["--set", f"corpus.path={text}", "rnn.epochs=1", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10"]
    options += ["rnn.max_tokens=1000", "samples.prefix=a", "samples.last_prefix=a"]
    reasons = []
    for night in ("the keeper lit the lamp at dusk ", "and again the lamp was lit ", "by a quiz "):
        with text.open("a") as file:
            file.write(f"{night * 50}\n")
        seqstep("run", "--until", "train_rnn", *options).ends(0)
        result = seqstep("promote", "rnn", "--json")
        document = json.loads(result.out)
        assert result.status in {0, 1} and document["of"] == str(text)
        reasons.append(document["reason"])
    assert "test_perplexity of version 1" in reasons[0] and "there was no champion" in reasons[0]
    assert all("the last " in reason and "none of that trained" in reason for reason in reasons)
    assert "test_bits_per_char of version 3" in reasons[2] and "their vocabularies differ" in reasons[2]
    answered = json.loads(seqstep("generate", "--prefix", "the", "--json").out)["answered_by"]
    assert answered["why"] == f"the champion of {text}"
    other = "rnn/3" if answered["version"] == 1 else "rnn/1"
    refused = seqstep("promote", other, "--metric", "test_perplexity")
    refused.ends(
        2, "expected test_perplexity of", "there are: test_bits_per_char; perplexities do not compare"
    )


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
