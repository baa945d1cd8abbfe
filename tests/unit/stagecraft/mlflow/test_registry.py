"""Registered models in a real store: one version for the same content, found by number and by alias."""

import math
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, NoReturn

import importlib_metadata
import mlflow
import pytest
from mlflow.utils import requirements_utils

import stagecraft
from stagecraft.errors import ArtifactError, ComparisonError
from stagecraft.files.artifact import Artifact
from stagecraft.files.home import Home
from stagecraft.mlflow import (
    CHAMPION,
    LATEST,
    ModelFiles,
    Record,
    Registry,
    Tracker,
    Version,
    evaluation_tags,
    run_model,
)
from stagecraft.mlflow.data_sets import champion_of
from stagecraft.mlflow.first_champion import best_evaluated_alike
from stagecraft.mlflow.promotion import VersionComparer, promote
from stagecraft.mlflow.promotions import read_promotions
from stagecraft.mlflow.registry import files_of
from tests.flips import flip

NAME = "seqstep-echo"
CODE = """
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

class Echo(PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        return model_input

set_model(Echo())
"""
Train = Callable[[str], tuple[Record, ModelFiles]]


@pytest.fixture
def registry(home: Home) -> Registry:
    return Registry(Tracker(home))


@pytest.fixture
def train(registry: Registry, tmp_path: Path) -> Train:
    """Yield a model with such weights, in a run of its own."""
    code, weights = tmp_path / "echo.py", tmp_path / "weights.bin"
    code.write_text(CODE)

    def run(content: str) -> tuple[Record, ModelFiles]:
        weights.write_text(content)
        run_id = registry.tracker.start_run("train", {})
        record = Record(registry.tracker, run_id, lambda *_: None, lambda _: None)
        example = (["a"], {"times": 1})
        return record, record.log_model("echo", code, {"weights": weights}, [stagecraft], ["mlflow"], example)

    return run


def numbers(registry: Registry) -> list[int]:
    return sorted(int(version.number) for version in registry.versions(NAME))


def test_the_same_weights_are_one_version_which_belongs_to_both_runs(
    registry: Registry, train: Train
) -> None:
    (first, model), (second, again), (third, other) = train("one"), train("one"), train("two")
    assert numbers(registry) == [1, 2]
    assert again == model and other != model
    assert registry.find(NAME, "1").run_id == first.run_id
    assert registry.find(NAME, "2").run_id == third.run_id
    assert set(again.files.values()) <= set(second.logged) == set(first.logged)
    run = registry.tracker.client.get_run(second.run_id)
    assert [f"models:/{output.model_id}" for output in run.outputs.model_outputs] == [model.uri]
    assert run.data.tags["seqstep.input.registered"] == f"{model.uri}/MLmodel"


def test_a_model_lands_in_the_store_of_its_run_whichever_store_mlflow_was_told_last(
    registry: Registry, train: Train, tmp_path: Path
) -> None:
    another = f"sqlite:///{tmp_path / 'another.db'}"
    mlflow.set_tracking_uri(another)
    record, model = train("one")
    mlflow.set_tracking_uri(another)
    registry.add(NAME, model.uri.removeprefix("models:/"), record.run_id, "content", "code", {})
    assert numbers(registry) == [1, 2] and not (tmp_path / "another.db").exists()


def test_requirements_are_pinned_as_given_and_no_distribution_is_searched_for_them(
    registry: Registry, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search() -> NoReturn:
        raise AssertionError("the files of all distributions were looked through")

    monkeypatch.setattr(importlib_metadata, "packages_distributions", search)
    monkeypatch.setattr(requirements_utils, "_MODULES_TO_PACKAGES", None)
    _, model = train("one")
    folder = registry.tracker.open_model(model.uri.removeprefix("models:/"))
    assert (folder / "requirements.txt").read_text().split() == [f"mlflow=={version('mlflow')}"]


@pytest.mark.parametrize("name", ["MLmodel", "artifacts/weights.bin", "echo.py"])
def test_weights_whose_version_is_damaged_are_registered_anew(
    name: str, registry: Registry, train: Train
) -> None:
    train("one")
    first = registry.find(NAME)
    path = registry.folder(first) / name
    path.write_text(path.read_text() + " ")
    with pytest.raises(ArtifactError, match=r"for seqstep-echo version 1 in /.*; train it again"):
        registry.folder(first)
    record, model = train("one")
    assert numbers(registry) == [1, 2] and registry.find(NAME).model_id in model.uri
    assert "seqstep.input.registered" not in registry.tracker.client.get_run(record.run_id).data.tags
    assert registry.parts(registry.find(NAME))["weights.bin"].read_text() == "one"


@pytest.mark.thorough
def test_of_versions_that_were_damaged_only_the_newest_is_looked_at(
    registry: Registry, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        train("one")
        (registry.folder(registry.find(NAME)) / "MLmodel").unlink()
    looked_at: list[str] = []

    def look(tracker: Tracker, model_id: str) -> dict[str, Artifact]:
        looked_at.append(model_id)
        return files_of(tracker, model_id)

    monkeypatch.setattr(run_model, "files_of", look)
    damaged = registry.find(NAME, "10").model_id
    _, model = train("one")
    assert [f"models:/{model_id}" for model_id in looked_at] == [f"models:/{damaged}", model.uri]
    assert train("one")[1] == model


def test_the_same_weights_with_other_code_are_another_version(
    registry: Registry, train: Train, tmp_path: Path
) -> None:
    train("one")
    (tmp_path / "echo.py").write_text(CODE.replace("return model_input", "return model_input[::-1]"))
    _, model = train("one")
    assert numbers(registry) == [1, 2] and registry.find(NAME).model_id in model.uri
    assert mlflow.pyfunc.load_model(model.uri).predict(["a", "b"]) == ["b", "a"]
    (tmp_path / "echo.py").write_text(CODE)
    _, again = train("one")
    assert numbers(registry) == [1, 2] and registry.find(NAME, "1").model_id in again.uri


def test_the_same_weights_with_another_module_behind_their_code_are_another_version(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)  # MLflow tries the model when it is logged
    package, weights, code = ModuleType("echoing"), tmp_path / "weights.bin", tmp_path / "echo.py"
    folder = tmp_path / "echoing"
    package.__file__ = str(folder / "__init__.py")
    folder.mkdir()
    for name, text in {"__init__": "", "answers": "ANSWER = 'a'\n", "pictures": "COLOUR = 1\n"}.items():
        (folder / f"{name}.py").write_text(text)
    weights.write_text("one")
    code.write_text(CODE.replace("return model_input", "from echoing.answers import ANSWER; return [ANSWER]"))

    def log() -> ModelFiles:
        record = Record(
            registry.tracker, registry.tracker.start_run("train", {}), lambda *_: None, lambda _: None
        )
        example = (["a"], {"times": 1})
        return record.log_model("echo", code, {"weights": weights}, [package], ["mlflow"], example)

    first = log()
    (folder / "pictures.py").write_text("COLOUR = 2\n")
    assert log().uri == first.uri
    (folder / "answers.py").write_text("ANSWER = 'b'\n")
    second = log()
    assert second.uri != first.uri and numbers(registry) == [1, 2]
    for model in (first, second):
        packaged = registry.tracker.open_model(model.uri.removeprefix("models:/")) / "code"
        assert sorted(file.name for file in packaged.rglob("*.py")) == ["__init__.py", "answers.py"]


class Losses(NamedTuple):
    """What echoes came to."""

    figures: tuple[dict[str, float], ...]
    data: str = "data"
    targets: str = "all"
    notice: str = ""


@pytest.fixture
def judge(registry: Registry) -> VersionComparer:
    """Finds a loss of 2 for each echo."""
    return VersionComparer(registry, lambda versions: Losses(({"loss": 2.0},) * len(versions)), sorted)


def set_champion(registry: Registry, judge: VersionComparer) -> Version:
    """Make the newest version the champion."""
    version = registry.find(NAME, LATEST)
    promote(registry, version, judge.compare(version, registry.champion(NAME)), "my data")
    return version


def test_who_is_promoted_is_the_champion_of_its_data_set_and_the_one_promoted_last(
    registry: Registry, judge: VersionComparer, train: Train
) -> None:
    train("one")
    version = set_champion(registry, judge)
    assert registry.find(NAME).aliases == (CHAMPION, champion_of("my data"))
    noted, flaws = read_promotions(registry.tracker.home)
    assert {each.alias for each in noted} == {CHAMPION, champion_of("my data")} and not flaws
    tags = registry.tags(version)
    assert (tags["seqstep.promoted.value"], tags["seqstep.promoted.targets"]) == ("2.0", "all")
    description = registry.tracker.client.get_model_version(NAME, version.number).description
    assert (
        "loss of version 1: 2; there was no champion, measured on all; none of that trained it" in description
    )


@pytest.mark.parametrize(
    ("figures", "metric", "words"),
    [
        (({"a": 1.0}, {"a": 1.0}), "b", "expected b of .* 2 and of .* 1; there are: a; for this reason"),
        (({}, {}), "", "expected a figure on unseen data of .*; there are: none; for this reason"),
        (({"a": 1.0}, {"a": math.inf}), "", "expected a finite a of .*, got 1, inf; name another --metric"),
    ],
)
def test_what_can_not_be_compared_is_refused_with_the_reason(
    figures: tuple[dict[str, float], ...], metric: str, words: str, registry: Registry, train: Train
) -> None:
    train("one")
    train("two")
    comparer = VersionComparer(registry, lambda _: Losses(figures, notice="for this reason"), sorted)
    with pytest.raises(ComparisonError, match=words):
        comparer.compare(registry.find(NAME, "2"), registry.find(NAME, "1"), metric)


def test_the_first_champion_is_the_best_of_those_that_were_evaluated_as_the_latest_was(
    registry: Registry, train: Train
) -> None:
    figures = {"one": (2.0, "d"), "two": (1.0, "other"), "three": (3.0, "d"), "four": (3.0, "d")}
    for weights, (loss, data) in figures.items():
        train(weights)
        content = registry.tags(registry.find(NAME, LATEST))["seqstep.content"]
        tags = evaluation_tags(registry.tracker.tags, "echo", content, data)
        run_id = registry.tracker.start_run("evaluate", tags)
        Record(registry.tracker, run_id).log_metrics({"language/echo/loss": loss})
        registry.tracker.finish_run(run_id, "FINISHED")
    train("five")
    one, two, three, four, five = (registry.find(NAME, str(number)) for number in range(1, 6))

    def best(*versions: Version) -> Version:
        return best_evaluated_alike(registry, "echo", sorted, versions)

    assert best(four, three, two, one) == one
    assert best(two, one, three) == two
    assert best(four, three, five) == four  # an equal figure does not take its place
    assert best(five, four, one) == five  # it was not evaluated


def test_a_damaged_champion_counts_as_none_and_says_so(
    registry: Registry, judge: VersionComparer, train: Train
) -> None:
    train("one")
    champion = set_champion(registry, judge)
    path = registry.folder(champion) / "MLmodel"
    path.write_text(path.read_text() + " ")
    with pytest.raises(ArtifactError, match="train it again, and `seqstep promote` that"):
        registry.folder(champion)
    train("one")
    comparison = judge.compare(registry.find(NAME, LATEST), champion)
    assert comparison.is_won and comparison.lost == 1
    assert comparison.reason == (
        "loss of version 2: 2; version 1, the champion, has missing or changed files and counts as none"
    )
    with pytest.raises(ArtifactError, match="for seqstep-echo version 1"):
        judge.compare(champion, None)


def test_the_champions_weights_with_newer_code_win_with_an_equal_figure(
    registry: Registry, judge: VersionComparer, train: Train, tmp_path: Path
) -> None:
    train("one")
    champion = set_champion(registry, judge)
    assert not judge.compare(champion, champion).is_won
    (tmp_path / "echo.py").write_text(f"{CODE}# newer\n")
    train("one")
    newer = registry.find(NAME, LATEST)
    comparison = judge.compare(newer, champion, min_gain=0.5)
    assert comparison.is_won and comparison.reason.endswith("1: 2; the same weights, with newer code")
    assert not judge.compare(champion, newer).is_won


def test_a_version_that_mlflow_has_loaded_is_still_intact(registry: Registry, train: Train) -> None:
    train("one")
    before = set(registry.folder(registry.find(NAME)).rglob("*"))
    assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(["a"]) == ["a"]
    assert set(registry.folder(registry.find(NAME)).rglob("*")) > before
    train("one")
    assert numbers(registry) == [1]


def test_what_is_laid_out_is_what_was_registered_and_no_byte_code_beside_it(
    registry: Registry, train: Train, tmp_path: Path
) -> None:
    train("one")
    version = registry.find(NAME)
    origin = registry.folder(version)
    for stale in (origin / "__pycache__", origin / "artifacts" / "__pycache__"):
        stale.mkdir(exist_ok=True)
        (stale / "echo.cpython-312.pyc").write_bytes(b"stale")
    registry.lay_out(version, tmp_path / "copy")
    files = {path.relative_to(tmp_path / "copy") for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert {Path(path) for path in files_of(registry.tracker, version.model_id)} == files
    assert Path("echo.py") in files and not any("__pycache__" in path.parts for path in files)
    (origin / "json.pyc").write_bytes(b"code that would be imported")
    with pytest.raises(ArtifactError, match="for seqstep-echo version 1"):
        registry.lay_out(version, tmp_path / "another")
    (origin / "json.pyc").unlink()
    flip(origin / "echo.py", 99)
    with pytest.raises(ArtifactError, match="for seqstep-echo version 1"):
        registry.lay_out(version, tmp_path / "third")


def test_a_damaged_copy_of_what_lies_on_a_server_is_fetched_again(
    registry: Registry, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    train("one")
    version = registry.find(NAME)
    origin, fetched = registry.folder(version), []

    def fetch(uri: str, dst_path: str, **_store: str) -> str:
        fetched.append(uri)
        return str(shutil.copytree(origin, Path(dst_path) / "model"))

    monkeypatch.setattr(Tracker, "place", lambda _tracker, _uri: "http://server/model")
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", fetch)
    copy = registry.folder(version)
    flip(copy / "echo.py", 99)
    assert registry.folder(version) == copy != origin and len(fetched) == 2
    flip(copy / "artifacts" / "weights.bin", 9)
    assert registry.parts(version)["weights.bin"].read_text() == "one" and len(fetched) == 3
    flip(origin / "echo.py", 99)
    with pytest.raises(ArtifactError, match="for seqstep-echo version 1"):
        shutil.rmtree(copy)
        registry.folder(version)


def test_a_model_that_is_gone_is_not_laid_out(registry: Registry, train: Train, tmp_path: Path) -> None:
    train("one")
    shutil.rmtree(registry.folder(registry.find(NAME)))
    with pytest.raises(ArtifactError, match="got nothing: some are missing"):
        registry.lay_out(registry.find(NAME), tmp_path / "copy")


def test_weights_whose_version_was_deleted_are_registered_anew(registry: Registry, train: Train) -> None:
    train("one")
    registry.tracker.client.delete_model_version(NAME, "1")
    train("one")
    assert numbers(registry) == [2]


def test_files_that_are_gone_or_changed_are_refused_by_version(registry: Registry, train: Train) -> None:
    train("one")
    version = registry.find(NAME)
    weights = registry.parts(version)["weights.bin"]
    weights.write_text("other")
    with pytest.raises(ArtifactError, match=r"expected files with seqstep.content .* got [0-9a-f]{16}: some"):
        registry.parts(version)
    weights.unlink()
    with pytest.raises(ArtifactError, match="got nothing: some are missing or changed; train it again"):
        registry.parts(version)


def test_a_version_is_found_by_number_and_by_alias_and_else_the_champion_or_the_latest(
    registry: Registry, train: Train
) -> None:
    train("one"), train("two")
    assert registry.find(NAME).number == registry.find(NAME, "latest").number == "2"
    with pytest.raises(ArtifactError, match=f"no version of {NAME} is called champion; there are: latest"):
        registry.find(NAME, CHAMPION)
    registry.set_alias(registry.find(NAME, "1"), CHAMPION, {"seqstep.promoted.metric": "x"}, "best so far")
    assert [registry.find(NAME, wanted).number for wanted in ("", CHAMPION)] == ["1", "1"]
    assert [registry.find(NAME, wanted).number for wanted in ("latest", "2")] == ["2", "2"]
    champion = registry.tracker.client.get_model_version_by_alias(NAME, CHAMPION)
    assert (str(champion.version), champion.description) == ("1", "best so far")
    assert registry.tags(registry.find(NAME))["seqstep.promoted.metric"] == "x"
    with pytest.raises(ArtifactError, match=rf"there is no version 7 of {NAME}; there are: \[1, 2\]"):
        registry.find(NAME, "7")
