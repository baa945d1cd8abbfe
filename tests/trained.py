"""A home in which the whole pipeline ran, as small as it can be: made once, and copied."""

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from tests.shared import copy_home, once

#: the settings of its run
TINY = ["rnn.epochs=2", "rnn.hidden=16", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=2000"]
TINY += ["language.test_tokens=500", "mlp.epochs=2"]


class Trained(NamedTuple):
    """A home in which the whole pipeline ran once, and what that printed."""

    home: Home
    status: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The document that `run --json` printed."""
        document: dict[str, Any] = json.loads(self.out)
        return document


@pytest.fixture(scope="session")
def _original(prefect_server: str, empty_database: Path) -> Trained:
    """Run the whole pipeline, once for all tests of all processes."""
    from seqstep_cli.main import main

    def make(root: Path) -> None:
        root.mkdir()
        shutil.copy(empty_database, root / "mlflow.db")
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("SEQSTEP_HOME", str(root))
            patch.setenv("MLFLOW_TRACKING_URI", "")
            ended = {"status": main(["run", "--json", "--strict", "--set", *TINY])}
        told = {**ended, "out": out.getvalue(), "err": err.getvalue()}
        (root / "told.json").write_text(json.dumps(told))

    root = once("trained", make)
    return Trained(Home(root, NAMES), **json.loads((root / "told.json").read_text()))


@pytest.fixture(scope="module")
def pipeline_run(_original: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The home in which the whole pipeline ran, in a copy for the tests of one file."""
    return _original._replace(home=copy_home(_original.home, tmp_path_factory.mktemp("trained") / "home"))


@pytest.fixture
def trained(pipeline_run: Trained, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Work in that copy."""
    monkeypatch.setenv("SEQSTEP_HOME", str(pipeline_run.home.root))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    return pipeline_run
