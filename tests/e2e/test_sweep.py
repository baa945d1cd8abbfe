"""A sweep that is killed, or interrupted, in the middle: nothing is lost, and nothing is computed twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.runs.history import History
from tests.e2e.servers import ROOT, environment_without
from tests.patience import PATIENCE_S

SMALL = ["rnn.epochs=2", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=500", "text.min_freq=1"]
GRID = ["rnn.hidden=4,6,8,10", "seed=0,1,2"]
METRIC = ["--metric", "train/perplexity", "--until", "train_rnn_scratch"]
COMMON = ("download", "verify", "tokenize", "vocab")
WITHIN = 20  # seconds


@contextmanager
def sweeping(home: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A sweep in a process group of its own."""
    environment = environment_without("MLFLOW_", "PREFECT_")
    environment |= {"SEQSTEP_HOME": str(home), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with subprocess.Popen(
        [sys.executable, "-m", "seqstep_cli.main", "sweep", "--jobs", "2", "--json", *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.soak
def test_a_sweep_of_12_points_killed_twice_ends_with_12_results_none_computed_twice(
    tmp_path: Path, empty_database: Path
) -> None:
    home = Home(tmp_path, NAMES)
    home.database.write_bytes(empty_database.read_bytes())
    command = ["--grid", *GRID, *METRIC, "--set", *SMALL]
    tracker, lost = Tracker(home, home.store), set[str]()
    for point in (2, 6):
        with sweeping(tmp_path, *command) as process:
            assert process.stderr
            assert any(f"point {point} of 12" in line for line in process.stderr)
            time.sleep(2)  # in the middle of the next ones
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # What a process finished, but died before it could keep it, is for the next one to compute.
        lost |= set(computed(tracker)) - kept(home)
    with sweeping(tmp_path, *command) as process:
        out, said = process.communicate()
    assert process.returncode == 0, said
    document = json.loads(out)

    figures = {tuple(point["settings"].values()): point["figure"] for point in document["points"]}
    assert sorted(figures) == [(hidden, seed) for hidden in (4, 6, 8, 10) for seed in (0, 1, 2)]
    assert len(set(figures.values())) == 12
    below = History(tracker).below(document["run_id"])
    assert sorted(run.run_id for run in below) == sorted(point["run_id"] for point in document["points"])
    twice = {key for key, times in Counter(computed(tracker)).items() if times > 1}
    assert twice <= lost
    assert set(computed(tracker)) == kept(home)
    names = Counter(key.partition("/")[0] for key in kept(home))
    assert names == {**dict.fromkeys(COMMON, 1), "train_rnn_scratch": 12}
    assert "RUNNING" not in {run.info.status for run in tracker.search("")}


def kept(home: Home) -> set[str]:
    """Name the results that are kept."""
    files = [path for path in home.results.glob("*/*") if "." not in path.name]
    return {f"{path.parent.name}/{path.name}" for path in files}


def computed(tracker: Tracker) -> list[str]:
    """List the keys of all stages that ran to their end, those of killed processes too; none was cached."""
    history = History(tracker)
    ran = [stage for run in history.latest(1000) for stage in run.stages if stage.state == "completed"]
    return [parts.key(stage.name) for stage in ran if (parts := history.parts(stage))]


@pytest.mark.soak
def test_an_interrupted_sweep_closes_its_records_within_seconds_and_leaves_no_process(
    tmp_path: Path, empty_database: Path
) -> None:
    home = Home(tmp_path, NAMES)
    home.database.write_bytes(empty_database.read_bytes())
    long = [*SMALL, "rnn.epochs=100000"]
    with sweeping(tmp_path, "--grid", *GRID, *METRIC, "--set", *long) as process:
        tracker = Tracker(home, home.store)

        def training() -> list[Any]:
            return [run for run in tracker.running() if run.info.run_name == "train_rnn_scratch"]

        end = time.monotonic() + PATIENCE_S
        while len(training()) < 2:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.2)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        assert process.wait(WITHIN) == 130
        _, left = psutil.wait_procs(children, timeout=1)
        assert left == []
        out, said = process.communicate()
    assert "seqstep: interrupted; what was finished is kept" in said and "Traceback" not in said
    assert json.loads(out)["exit_status"] == 130
    states = Counter(
        (run.data.tags.get("seqstep.stage", "pipeline"), run.info.status) for run in tracker.search("")
    )
    assert states["pipeline", "KILLED"] == 3  # the sweep's run and two points'
    assert states["train_rnn_scratch", "KILLED"] == 2
    assert [state for state in states if state[1] == "RUNNING"] == []
