"""Freeing space while runs go on never takes what they need, and leaves no reference to what is gone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstep_cli import NAMES
from stagecraft.cache.results import Results
from stagecraft.errors import ArtifactError
from stagecraft.files.home import Home
from stagecraft.mlflow import Registry, Tracker

TINY = ["rnn.epochs=2", "rnn.hidden=8", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500"]
TINY += ["language.test_tokens=100", "mlp.epochs=2", "samples.length=5", "samples.last_length=5"]


def start(home: Home, *argv: str) -> subprocess.Popen[str]:
    environment = os.environ | {"SEQSTEP_HOME": str(home.root), "MLFLOW_TRACKING_URI": ""}
    command = [sys.executable, "-m", "seqstep_cli.main", *argv, "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def run_beside_gc(home: Home, *argv: str) -> int:
    """Run the pipeline while space is freed again and again; return how often."""
    rounds = 0
    with start(home, "run", *argv, "--set", *TINY) as run:
        while run.poll() is None:
            with start(home, "gc", "--max-bytes", "0") as gc:
                assert gc.wait() == 0
            rounds += 1
        assert run.stdout
        states = {stage["state"] for stage in json.loads(run.stdout.read())["stages"]}
    assert states <= {"completed", "cached"}
    return rounds


def check_references(home: Home) -> None:
    """See that everything that is named is there: artifacts of results, inputs of runs, models."""
    tracker = Tracker(home, home.store)
    registry = Registry(tracker)
    results = Results(home, tracker.fetch)
    assert [key for key in results.all() if not results.find(key).intact] == []
    for run in tracker.search(""):
        for name, uri in run.data.tags.items():
            if name.startswith("seqstep.input"):
                tracker.open_uri(uri)
    for name in ("mlp", "rnn", "rnn-scratch"):
        try:
            files = registry.parts(registry.find(f"seqstep-{name}"))
        except ArtifactError:
            continue  # no version is left
        assert all(path.is_file() for path in files.values())


@pytest.mark.parametrize("runs", [pytest.param(runs, marks=pytest.mark.soak) for runs in (1, 6)])
@pytest.mark.timeout(1800)
def test_gc_beside_runs_takes_nothing_that_they_need(
    runs: int,
    tell: Callable[[str], None],
    prefect_server: str,
    empty_database: Path,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    del prefect_server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    home = Home(tmp_path / "home", NAMES)
    home.private.mkdir(parents=True)
    shutil.copy(empty_database, home.database)
    rounds = sum(run_beside_gc(home, *(["--force", "vocab"] if number % 2 else [])) for number in range(runs))
    check_references(home)
    with start(home, "doctor") as doctor:
        assert doctor.stdout and json.loads(doctor.stdout.read())["findings"] == []
    tell(f"runs: {runs}, beside {rounds} rounds of gc: every reference resolves")
