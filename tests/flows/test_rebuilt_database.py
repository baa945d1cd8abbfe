"""A home whose MLflow database was lost and built anew says and does what it did before."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from stagecraft.mlflow.rebuilding import rebuild
from tests.shared import copy_home
from tests.trained import TINY, Trained


@pytest.fixture(scope="module")
def promoted(pipeline_run: Trained) -> Trained:
    """The trained home, in which a champion was chosen and all was replayed once."""
    from seqstep_cli.main import main

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.setenv("SEQSTEP_HOME", str(pipeline_run.home.root))
        patch.setenv("MLFLOW_TRACKING_URI", "")
        assert main(["promote", "rnn"]) == 0
        assert main(["run", "--set", *TINY]) == 0
    return pipeline_run


@pytest.fixture(scope="module")
def rebuilt(promoted: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A copy of it, whose database was lost."""
    home = copy_home(promoted.home, tmp_path_factory.mktemp("rebuilt") / "home")
    home.database.unlink()
    assert rebuild(home, home.database).lost == []
    return promoted._replace(home=home)


def work_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQSTEP_HOME", str(home))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")


@pytest.mark.parametrize(
    "command",
    [
        ("runs", "--json"),
        ("show", "--json"),
        ("show", "latest~1", "--json"),
        ("diff", "--json"),
        ("generate", "--prefix", "time", "--length", "5", "--json"),
        ("forecast", "--horizon", "3", "--json"),
        ("promote", "rnn", "--json"),
        ("promote", "mlp", "--dry-run", "--json"),
        ("doctor", "--json"),
    ],
    ids=" ".join,
)
def test_commands_answer_as_before(
    command: tuple[str, ...],
    promoted: Trained,
    rebuilt: Trained,
    seqstep: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = []
    for where in (promoted, rebuilt):
        work_in(where.home.root, monkeypatch)
        answers.append(seqstep(*command)._replace(err=""))
    assert answers[0].status == 0 and answers[1] == answers[0]


def test_a_run_takes_all_from_the_cache_under_the_old_ids(
    rebuilt: Trained, seqstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_in(rebuilt.home.root, monkeypatch)
    seqstep("run", "--set", *TINY).ends(0)
    stages = json.loads(seqstep("show", "--json").out)["stages"]
    before = {stage["name"]: stage["run_id"] for stage in rebuilt.summary["stages"]}
    assert {stage["name"]: stage["computed_by"] for stage in stages} == before
    assert {stage["state"] for stage in stages} == {"cached"}
    seqstep("doctor").ends(0, "nothing found")
