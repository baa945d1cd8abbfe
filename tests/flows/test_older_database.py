"""A database that is older than the files beside it: what it lacks is said, and returns without training."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.shared import copy_home
from tests.trained import TINY, Trained

pytestmark = pytest.mark.thorough

RUN = ["run", "--json", "--set", *TINY[:-1], "mlp.epochs=3", "--until", "train_mlp"]


def test_runs_that_an_older_database_lacks_are_brought_back_and_nothing_is_freed_before(
    pipeline_run: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seqstep: Any
) -> None:
    home = copy_home(pipeline_run.home, tmp_path / "home")
    monkeypatch.setenv("SEQSTEP_HOME", str(home.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    older = shutil.copy(home.database, tmp_path / "older.db")
    made = json.loads(seqstep(*RUN).out)
    shown = json.loads(seqstep("show", made["run_id"], "--json").out)
    files = {path for path in home.artifacts.rglob("*") if path.is_file()}
    shutil.copy(older, home.database)

    seqstep("gc").ends(2, "to know what the home has files of", "doctor --fix` brings them back")
    seqstep("doctor").ends(1, "run missing", "train_mlp", "bring it back")
    seqstep("doctor", "--fix").ends(0)
    seqstep("doctor").ends(0, "nothing found")
    assert json.loads(seqstep("show", made["run_id"], "--json").out) == shown
    assert {stage["state"] for stage in json.loads(seqstep(*RUN).out)["stages"]} == {"cached"}
    seqstep("gc").ends(0)
    assert all(path.exists() for path in files)
