"""The notes' own trainings to the end, about ten minutes on two idle cores: `make soak`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from seqstep.generation.along_training import copied_share
from seqstep.text.cleaning import clean_lines
from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def tracker_and_stages(
    tmp_path_factory: pytest.TempPathFactory, corpus_url: str
) -> tuple[Tracker, dict[str, dict[str, Any]]]:
    root = tmp_path_factory.mktemp("home")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "MLFLOW"))
    }
    command = [sys.executable, "-m", "seqstep_cli.main", "run", "notes", "--json"]
    done = subprocess.run(
        [*command, "--set", f"corpus.url={corpus_url}"],
        env={**environment, "SEQSTEP_HOME": str(root)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    home = Home(root, NAMES)
    stages = {stage["name"]: stage for stage in json.loads(done.stdout)["stages"]}
    return Tracker(home, home.store), stages


@pytest.mark.parametrize("stage", ["train_rnn_scratch", "train_rnn"])
def test_the_median_perplexity_of_the_last_100_epochs_is_at_most_1_03(
    tracker_and_stages: tuple[Tracker, dict[str, dict[str, Any]]], stage: str
) -> None:
    tracker, stages = tracker_and_stages
    history = pd.read_csv(tracker.open_uri(f"runs:/{stages[stage]['run_id']}/history.csv"))
    assert len(history) == 2000
    assert history["perplexity"].tail(100).median() <= 1.03


@pytest.mark.parametrize("stage", ["train_rnn_scratch", "train_rnn"])
def test_the_greedy_text_is_remembered_from_the_training_text(
    tracker_and_stages: tuple[Tracker, dict[str, dict[str, Any]]], stage: str, corpus_path: Path
) -> None:
    tracker, stages = tracker_and_stages
    samples = tracker.open_uri(f"runs:/{stages[stage]['run_id']}/samples.txt").read_text().splitlines()
    written = samples[-2].removeprefix("at the end: ")
    assert written.startswith("time traveller")
    memory = "".join(clean_lines(corpus_path))[:10_000]
    assert copied_share(written, memory, length=8, prefix="time traveller") >= 0.9
