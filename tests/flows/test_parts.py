"""Parts of the pipeline, and the pipeline again: what runs, what is cached, and what neither needs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.walk import graph
from seqstep.settings.local_files import local_file
from seqstep.settings.resolving import resolve
from stagecraft.files.home import Home
from tests.trained import TINY

STAGES = list(graph(resolve("quick", [])).nodes)
DOCUMENT = {"run_id", "profile", "flow", "notices", "stages"}
KEYS = {"name", "state", "reason", "key", "run_id", "seconds"}

States = Callable[..., dict[str, str]]


@pytest.fixture
def whole(trained: Any) -> Iterator[Home]:
    """Work in the home in which the tiny pipeline ran; these tests go on in it."""
    yield trained.home
    assert list(trained.home.root.rglob("*.part")) == []


@pytest.fixture
def states(seqstep: Any) -> States:
    """Run a command on the tiny configuration; return the states of the stages that it tells."""

    def tell(*argv: str) -> dict[str, str]:
        result = seqstep(*argv, "--json", "--set", *TINY)
        assert result.status == 0, result.err
        return {stage["name"]: stage["state"] for stage in json.loads(result.out)["stages"]}

    return tell


def children(home: Home, parent: str) -> dict[str, Any]:
    from mlflow import MlflowClient

    client = MlflowClient(home.store)
    (experiment,) = (found for found in client.search_experiments() if found.name == "seqstep")
    found = client.search_runs([experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
    return {run.data.tags["seqstep.stage"]: run for run in found}


def expected(anew: set[str], of: list[str] = STAGES) -> dict[str, str]:
    return {name: "completed" if name in anew else "cached" for name in of}


@pytest.mark.parametrize("command", ["run", "plan"])
def test_the_documents_have_the_keys_of_the_design(command: str, seqstep: Any, whole: Home) -> None:
    result = seqstep(command, "--json", "--set", *TINY)
    document = json.loads(result.out)
    assert len(result.out.splitlines()) == 1
    assert document.keys() == DOCUMENT and document["profile"] == "quick"
    assert [stage["name"] for stage in document["stages"]] == STAGES
    keys = KEYS | {"notices"} if command == "run" else KEYS
    assert {frozenset(stage) for stage in document["stages"]} == {frozenset(keys)}
    for stage in document["stages"]:
        assert (stage["state"], stage["reason"]) == ("cached", "")
        assert re.fullmatch(rf"{stage['name']}/[0-9a-f]{{16}}-[0-9a-f]{{16}}", stage["key"])
        assert re.fullmatch("[0-9a-f]{32}", stage["run_id"]) and stage["seconds"] >= 0
    assert (document["run_id"] is None) is (command == "plan")


def test_a_plan_of_a_change_has_the_same_keys_with_what_is_not_known_yet(seqstep: Any, whole: Home) -> None:
    result = seqstep("plan", "--json", "--set", *TINY, "series.points=500")
    stages = {stage["name"]: stage for stage in json.loads(result.out)["stages"]}
    assert {frozenset(stage) for stage in stages.values()} == {frozenset(KEYS)}
    series, mlp = stages["series"], stages["train_mlp"]
    assert (series["state"], series["reason"]) == (
        "would_run",
        "parameter changed: series.points 1000 → 500",
    )
    assert series["key"] and series["run_id"] is None and series["seconds"] > 0
    assert (mlp["state"], mlp["reason"], mlp["key"]) == ("may_run", "after series", None)
    cached = {name for name, stage in stages.items() if stage["state"] == "cached"}
    assert cached == set(STAGES) - {"series", "train_mlp", "evaluate_forecasts", "report"}


def test_a_second_run_has_twelve_cached_stages_and_says_that_there_is_nothing_to_do(
    seqstep: Any, whole: Home
) -> None:
    before = {path: path.read_bytes() for path in whole.results.glob("*/*")}
    result = seqstep("run", "--set", *TINY)
    result.ends(0, "nothing to do: every stage is cached")
    assert len(STAGES) == 12 == len(re.findall(r"^\w+ +✓? ?cached ", result.out, re.MULTILINE))
    assert {path: path.read_bytes() for path in whole.results.glob("*/*")} == before
    seqstep("plan", "--set", *TINY).ends(0, "nothing to do: every stage is cached")


def test_a_second_run_has_a_record_without_holes(seqstep: Any, whole: Home) -> None:
    document = json.loads(seqstep("run", "--json", "--set", *TINY).out)
    found = children(whole, document["run_id"])
    assert found.keys() == set(STAGES)
    assert found["train_rnn"].data.params["rnn.epochs"] == "2"
    assert found["train_rnn"].data.metrics.keys() >= {"train/loss", "train/perplexity"}
    assert all("seqstep.cached_from" in run.data.tags for run in found.values())


# A process of its own, which tells what it imported and which processes it started.
PROBE = """
import json, sys
import psutil
from seqstep_cli.main import main
status = main(json.loads(sys.argv[1]))
heavy = sorted({"torch", "mlflow", "prefect", "pandas"} & set(sys.modules))
children = [child.name() for child in psutil.Process().children(recursive=True)]
print(json.dumps([status, heavy, children]))
"""


def probe(home: Path, *argv: str) -> tuple[int, list[str], list[str], str]:
    """Run a command without a server to go to."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "MLFLOW"))
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(argv)],
        env={**environment, "SEQSTEP_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    *said, last = done.stdout.splitlines()
    status, heavy, processes = json.loads(last)
    return status, heavy, processes, "\n".join(said)


@pytest.mark.parametrize("changes", [[], ["series.points=500"], ["rnn_layer.layers=2"]])
def test_a_plan_imports_neither_torch_nor_mlflow_nor_prefect(whole: Home, changes: list[str]) -> None:
    status, heavy, processes, said = probe(whole.root, "plan", "--set", *TINY, *changes)
    assert (status, heavy, processes) == (0, [], [])
    assert ("nothing to do" in said) is (not changes)


def test_a_plan_in_a_home_without_results_imports_none_of_them_either(tmp_path: Path) -> None:
    status, heavy, processes, said = probe(tmp_path / "new", "plan", "--json")
    stages = json.loads(said)["stages"]
    assert (status, heavy, processes) == (0, [], [])
    assert {(stage["state"], stage["reason"]) for stage in stages} == {("would_run", "first run")}
    assert not (tmp_path / "new" / "mlflow.db").exists()


def test_a_run_with_nothing_to_do_starts_no_server(whole: Home) -> None:
    status, heavy, processes, said = probe(whole.root, "run", "--json", "--set", *TINY)
    document = json.loads(said)
    assert (status, heavy, processes) == (0, ["mlflow", "pandas"], [])
    assert {stage["state"] for stage in document["stages"]} == {"cached"} and len(document["stages"]) == 12
    assert children(whole, document["run_id"]).keys() == set(STAGES)
    status, heavy, processes, said = probe(whole.root, "run", "--set", *TINY)
    assert (status, heavy, processes) == (0, ["mlflow", "pandas"], []) and "nothing to do" in said


def test_only_a_stage_is_run_or_reported_alone(seqstep: Any, states: States, whole: Home) -> None:
    assert states("plan", "--only", "train_rnn") == {"train_rnn": "cached"}
    assert states("run", "--only", "train_rnn") == {"train_rnn": "cached"}
    argv = ["run", "--only", "train_rnn", "--json", "--set", *TINY, "rnn.learning_rate=0.4"]
    document = json.loads(seqstep(*argv).out)
    (stage,) = document["stages"]
    assert (stage["name"], stage["state"]) == ("train_rnn", "completed")
    assert children(whole, document["run_id"]).keys() == {"train_rnn"}
    assert json.loads(seqstep(*argv).out)["stages"][0]["state"] == "cached"


def test_only_several_stages_are_run_without_what_is_between_and_around(states: States, whole: Home) -> None:
    assert states("run", "--only", "vocab", "report") == {"vocab": "cached", "report": "cached"}
    found = states("run", "--only", "vocab", "train_mlp", "--force", "vocab")
    assert found == {"vocab": "completed", "train_mlp": "cached"}


def test_a_stage_whose_inputs_would_be_known_only_after_another_one_ran_is_refused(
    seqstep: Any, whole: Home
) -> None:
    result = seqstep("run", "--only", "vocab", "report", "--force", "vocab", "--set", *TINY)
    result.ends(2, "vocab, report needs what is not cached: ngrams (after vocab)")


def test_only_a_stage_that_is_forced_runs_alone(states: States, whole: Home) -> None:
    for _ in range(2):
        assert states("run", "--only", "train_mlp", "--force", "train_mlp") == {"train_mlp": "completed"}
    assert states("run") == expected(set())


def test_only_a_stage_whose_inputs_are_not_cached_names_the_command_to_run_first(
    seqstep: Any, home: Home
) -> None:
    for command in ("run", "plan"):
        result = seqstep(command, "--only", "vocab")
        result.ends(
            2, "vocab needs what is not cached: tokenize (first run)", "first run `seqstep run quick "
        )
        assert result.err.splitlines()[-1].startswith("seqstep: vocab needs ")
    (first,) = re.findall("`seqstep (.*?)`", result.err)
    assert seqstep(*first.split()).status == 0
    result = seqstep("run", "--only", "vocab", "--json")
    assert [(stage["name"], stage["state"]) for stage in json.loads(result.out)["stages"]] == [
        ("vocab", "completed")
    ]


def test_the_command_to_run_first_has_the_users_own_settings(
    seqstep: Any, home: Home, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("The keeper kept the lamp.\n" * 100)
    argv = ["run", "--only", "vocab", "--set", f"corpus.path={mine}"]
    (first,) = re.findall("`seqstep (.*?)`", seqstep(*argv).err)
    assert seqstep(*first.split()).status == 0
    assert seqstep(*argv).status == 0


@pytest.mark.parametrize("stage", ["evaluate_language", "report"])
def test_the_commands_to_run_first_make_all_that_is_missing(seqstep: Any, home: Home, stage: str) -> None:
    said = seqstep("plan", "--only", stage).err
    missing = re.findall(r"(\w+) \(", said.partition(": ")[2].partition("first run `")[0])
    assert len(missing) > 1 and set(missing) <= set(STAGES)
    trace = graph(resolve("quick", []))
    made = set().union(*map(trace.until, re.findall(r"--until (\w+)", said)))
    assert set(missing) <= made


def test_until_a_stage_only_what_it_depends_on(states: States, whole: Home) -> None:
    names = ["download", "verify", "tokenize", "vocab", "ngrams"]
    assert states("run", "--until", "ngrams") == expected(set(), names)
    assert states("run", "--until", "ngrams", "--force", "vocab") == expected({"vocab"}, names)


def test_from_a_stage_all_that_depends_on_it_runs_anew(states: States, whole: Home) -> None:
    anew = {"evaluate_language", "report"}
    plan = states("plan", "--from", "evaluate_language")
    assert {name for name, state in plan.items() if state == "would_run"} == anew
    assert states("run", "--from", "evaluate_language") == expected(anew)


# Of no two of a group is one given what the other yields.
@pytest.mark.parametrize(
    "stages",
    [
        {"download", "series", "train_rnn_scratch"},
        {"tokenize", "train_mlp"},
        {"evaluate_forecasts", "train_rnn"},
    ],
)
def test_forced_stages_run_anew_and_their_same_bytes_leave_the_rest_cached(
    states: States, whole: Home, stages: set[str]
) -> None:
    assert states("run", "--force", *stages) == expected(stages)


def test_a_copy_of_the_text_under_another_name_is_split_no_second_time(
    seqstep: Any, whole: Home, tmp_path: Path
) -> None:
    story, copy = local_file("builtin:lighthouse"), tmp_path / "copy.txt"
    assert story
    shutil.copy(story, copy)
    result = seqstep("run", "--until", "vocab", "--json", "--set", *TINY, f"corpus.path={copy}")
    states = {stage["name"]: stage["state"] for stage in json.loads(result.out)["stages"]}
    assert states == expected({"download", "verify"}, ["download", "verify", "tokenize", "vocab"])


def test_another_spelling_of_the_path_of_an_own_file_runs_nothing_again(
    seqstep: Any, whole: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def states(command: str, folder: str, name: str = "") -> set[str]:
        own = [f"corpus.path={folder}{name or 'story.txt'}", f"series.path={folder}{name or 'story.csv'}"]
        own += ["series.column=load", "mlp.window=1", "forecast.horizons=1"]
        argv = ["--only", "download", "series", "--json", "--set", *own]
        return {stage["state"] for stage in json.loads(seqstep(command, *argv).out)["stages"]}

    texts, links = tmp_path / "texts", tmp_path / "links"
    texts.mkdir()
    links.symlink_to(texts, target_is_directory=True)
    (texts / "story.txt").write_text("Once upon a time there was a lamp.\n")
    (texts / "story.csv").write_text("load\n" + "1\n2\n" * 5)
    monkeypatch.setenv("HOME", str(texts))
    relative = os.path.relpath(texts)
    assert states("run", f"{texts}/") == {"completed"}
    for folder in (f"{relative}/", f"./{relative}/", "~/", f"{links}/", f"{texts}//../links/./"):
        assert states("plan", folder) == {"cached"}, folder
    assert states("run", f"{links}/") == {"cached"}
    (texts / "renamed").write_bytes((texts / "story.csv").read_bytes())
    assert states("plan", "~/", "renamed") == {"would_run"}
    (texts / "story.txt").write_text("Once upon a time there were two lamps.\n")
    (texts / "story.csv").write_text("load\n" + "1\n3\n" * 5)
    assert states("plan", f"{links}/") == {"would_run"}


def test_from_and_until_together_run_what_lies_between_anew(states: States, whole: Home) -> None:
    before = sorted(graph(resolve("quick", [])).until("evaluate_language"), key=STAGES.index)
    found = states("run", "--from", "train_rnn", "--until", "evaluate_language")
    assert found == expected({"train_rnn", "evaluate_language"}, before)


def test_only_from_until_and_force_together_mean_what_they_have_in_common(
    states: States, seqstep: Any, whole: Home
) -> None:
    argv = ["--only", "series", "train_mlp", "--from", "train_mlp", "--until", "evaluate_forecasts"]
    assert states("run", *argv) == {"series": "cached", "train_mlp": "completed"}
    assert states("run", *argv, "--force", "series") == {"series": "completed", "train_mlp": "completed"}
    result = seqstep("run", "--only", "vocab", "--until", "series", "--set", *TINY)
    result.ends(2, "no stage is left", "--only vocab", "--until series")


def test_a_deployment_runs_one_stage_by_its_parameters(whole: Home) -> None:
    from flows.pipeline import text

    settings: dict[str, Any] = {
        "rnn": {"epochs": 2, "hidden": 16, "batch": 4, "steps": 10, "max_tokens": 2000},
        "language": {"test_tokens": 500},
        "mlp": {"epochs": 2},
    }
    summary = text(settings=settings, only=["vocab"], force=["vocab"])
    assert [(stage.name, stage.state) for stage in summary.stages] == [("vocab", "completed")]
    again = text(settings=settings, until="ngrams")
    assert {stage.state for stage in again.stages} == {"cached"} and len(again.stages) == 5
