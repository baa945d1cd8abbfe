"""The page on extending, followed word for word in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
RECIPES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
FILES = dict(re.findall(r"^\| (a .+?) \| (\d+) \|$", PAGE, re.MULTILINE))
_PLACE = (
    r"New file `(?P<new>[^`]+)`|End of `(?P<end>[^`]+)`|Below `(?P<line>[^`]+)`\s+in\s+`(?P<below>[^`]+)`"
)
_STEP = re.compile(rf"(?:{_PLACE}):\n\n```python\n(?P<code>.*?)```", re.DOTALL)


class Copy:
    """A copy of the project, in which recipes are followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("src", "tasks", "flows", "tests"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", root)

    def follow(self, recipe: str) -> set[str]:
        """Do what a recipe says; return the files that it touched."""
        touched = set()
        for step in _STEP.finditer(RECIPES[recipe]):
            name = step["new"] or step["end"] or step["below"]
            path, code = self.root / name, step["code"]
            if step["new"]:
                assert not path.exists()
                path.write_text(code)
            elif step["end"]:
                path.write_text(f"{path.read_text()}\n\n{code}")
            else:
                text = path.read_text()
                assert text.count(f"{step['line']}\n") == 1, step["line"]
                code = f"\n\n{code}" if code.startswith("def ") else code
                path.write_text(text.replace(f"{step['line']}\n", f"{step['line']}\n{code}"))
            touched.add(name)
        return touched

    def call(self, *command: str) -> str:
        """Run a module of the copy; return what it prints."""
        paths = os.pathsep.join(map(str, (self.root / "src", self.root)))
        environment = os.environ | {"SEQSTEP_HOME": str(self.root / "home"), "PYTHONPATH": paths}
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def seqstep(self, *command: str) -> Any:
        """Run a command; return the document that it prints."""
        return json.loads(self.call("seqstep_cli.main", *command, "--json"))

    def test(self, file: str, chosen: str) -> None:
        """Run the tests that hold for each entry of a table, of one entry."""
        self.call("pytest", "-q", "-p", "no:cacheprovider", file, "-k", chosen)


@pytest.fixture
def follow(tmp_path: Path) -> Callable[[str], Copy]:
    """Follow a recipe in a copy; the page must name the number of files."""

    def make(recipe: str) -> Copy:
        copy = Copy(tmp_path / "project")
        touched = copy.follow(recipe)
        assert str(len(touched)) == FILES[recipe[0].lower() + recipe[1:]]
        for check in (["check"], ["format", "--diff"]):
            ruff = [str(Path(sys.executable).with_name("ruff")), *check, *sorted(touched)]
            done = subprocess.run(ruff, cwd=copy.root, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
        return copy

    return make


def test_every_recipe_is_tried_here() -> None:
    own = Path(__file__).read_text("utf-8")
    assert all(f'follow("{recipe}")' in own for recipe in RECIPES)


def test_a_stage_takes_three_files(follow: Callable[[str], Copy], prefect_server: str) -> None:
    copy = follow("A stage")
    (found,) = (stage for stage in copy.seqstep("stages") if stage["name"] == "transitions")
    assert (found["needs"], found["yields"]) == (["tokenize", "vocab"], ["table"])
    code = copy.seqstep("stages", "--code", "transitions")
    assert "seqstep.text.markov.fit_transitions" in {found["name"] for found in code["definitions"]}
    run = copy.seqstep("run", "--until", "transitions")
    assert {stage["name"]: stage["state"] for stage in run["stages"]}["transitions"] == "completed"
    metrics = {stage["name"]: stage["metrics"] for stage in copy.seqstep("show")["stages"]}
    assert metrics["transitions"]["transitions/states"] > 20
    assert {stage["state"] for stage in copy.seqstep("plan", "--until", "transitions")["stages"]} == {
        "cached"
    }


def test_a_forecaster_takes_two_files(follow: Callable[[str], Copy]) -> None:
    follow("A forecaster").test("tests/unit/seqstep/forecasters/test_table.py", "drift and not there_are")


def test_a_model_made_of_counts_takes_two_files(follow: Callable[[str], Copy]) -> None:
    follow("A model made of counts").test(
        "tests/unit/seqstep/text/ngram_models/test_every_model.py", "jelinek"
    )


def test_a_network_takes_one_file(follow: Callable[[str], Copy]) -> None:
    copy = follow("A network for unseen text")
    plan = copy.seqstep("plan", "best", "--set", "held_out.networks=gru_without_bias")
    assert "train_held_out_gru_without_bias" in {stage["name"] for stage in plan["stages"]}
    copy.test("tests/unit/seqstep/models/test_regularised.py", "gru_without_bias")


def test_a_profile_takes_one_file(follow: Callable[[str], Copy]) -> None:
    copy = follow("A profile")
    assert copy.seqstep("config", "tiny")["rnn"]["hidden"] == 16
    assert copy.seqstep("plan", "tiny")["profile"] == "tiny"
