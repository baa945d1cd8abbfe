"""One key is computed once, also across processes; if the one that computes it dies, another takes over.

This is a small sample; `tests/soak/homes/test_single_flight.py` does the same with eight processes.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seqstep_cli import NAMES
from stagecraft.cache.sessions import keys_in_use, living
from stagecraft.files.home import Home
from stagecraft.mlflow import Tracker
from stagecraft.mlflow.inventory import Inventory
from stagecraft.runs.pipeline_run import close_dead_runs

# A stage that notes who computes it, and ends when a gate is opened.
STAGES = '''
import os
import time
from pathlib import Path

from alone.outputs import Value
from stagecraft.mlflow import Record


def compute(record: Record, folder: str) -> Value:
    """Compute, and say so."""
    with Path(folder, "computing").open("a") as file:
        file.write(f"{os.getpid()} {time.monotonic()}\\n")
    while not Path(folder, "gate").exists():
        time.sleep(0.02)
    return Value(file=record.log_text("value.txt", "the value"))
'''

OUTPUTS = '''
from stagecraft.files.artifact import Artifact, Frozen


class Value(Frozen):
    """What was computed."""

    file: Artifact
'''

DRIVER = """
import json
import sys
import time
from pathlib import Path

root = Path(sys.argv[1])
sys.path.insert(0, str(root / "source"))

from prefect import Flow
from prefect.task_runners import ThreadPoolTaskRunner

from stagecraft.code import Codebase
from stagecraft.files.home import Home
from seqstep_cli import NAMES
from stagecraft.prefect.conductor import conduct
from stagecraft.patience import Patience
from stagecraft.progress.watching import LogWatcher
from stagecraft.runs.context import RunContext
from stagecraft.runs.pipeline_run import pipeline_run
from stagecraft.cache.results import Results
from stagecraft.pipeline.selection import Selection
from stagecraft.pipeline.stage import RECORDING, Stage
from stagecraft.mlflow import Tracker
import alone.stages

home = Home(root / "home", NAMES)
code = Codebase(("alone",), leave_out=("stagecraft",), recording=RECORDING)
stage = Stage(code, "alone.stages.compute", lambda metrics: "done")


def context(tracker, results, parent, session):
    selection = Selection(selected={"compute"})
    return RunContext(tracker, results, parent, session, selection, {}, Patience(), LogWatcher())


class NoPage:
    def finish(self, run_id, outcomes):
        return ()


def walk():
    tracker = Tracker(home, home.store)
    results = Results(home, tracker.fetch)
    with (
        pipeline_run(tracker, "alone", {}) as (parent, session),
        conduct(context(tracker, results, parent, session), NoPage()) as conductor,
    ):
        conductor(stage, str(root))
    return conductor.outcomes["compute"]


print("ready", flush=True)
sys.stdin.readline()
start = time.monotonic()
outcome = Flow(walk, name="alone", task_runner=ThreadPoolTaskRunner(max_workers=2))()
print(json.dumps({**outcome.model_dump(), "start": start, "end": time.monotonic()}), flush=True)
"""


class Computing(NamedTuple):
    """A process that began to compute, and when."""

    pid: int
    since: float


class Race:
    """Processes that ask for the same result at the same time."""

    def __init__(self, root: Path, count: int) -> None:
        self.root, self.home = root, Home(root / "home", NAMES)
        source = root / "source" / "alone"
        source.mkdir(parents=True)
        (source / "__init__.py").touch()
        (source / "stages.py").write_text(STAGES)
        (source / "outputs.py").write_text(OUTPUTS)
        (root / "driver.py").write_text(DRIVER)
        self.processes = [self._start() for _ in range(count)]

    def _start(self) -> "subprocess.Popen[str]":
        with (self.root / "errors").open("a") as errors:
            return subprocess.Popen(
                [sys.executable, str(self.root / "driver.py"), str(self.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def go(self) -> None:
        """Let all of them ask at once; return when each does."""
        for process in self.processes:
            assert process.stdout and process.stdout.readline() == "ready\n", self.errors()
        for process in self.processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        self.wait_for(lambda: self._asking() == len(self.processes))

    def computing(self) -> list[Computing]:
        """List who began to compute."""
        path = self.root / "computing"
        lines = path.read_text().splitlines() if path.exists() else []
        return [Computing(int(pid), float(since)) for pid, since in map(str.split, lines)]

    def kill(self, pid: int) -> float:
        """Kill one of them; return when."""
        process = next(process for process in self.processes if process.pid == pid)
        self.processes.remove(process)
        process.kill()
        killed = time.monotonic()
        process.communicate()
        return killed

    def open_gate(self) -> float:
        """Let the computation end; return when."""
        (self.root / "gate").touch()
        return time.monotonic()

    def results(self) -> list[dict[str, Any]]:
        """Collect what each of them got."""
        outs = [process.communicate(timeout=120)[0] for process in self.processes]
        assert [process.returncode for process in self.processes] == [0] * len(outs), self.errors()
        return [json.loads(out) for out in outs]

    def wait_for(self, is_so: Callable[[], bool], timeout_s: float = 120) -> None:
        """Wait until something is so."""
        end = time.monotonic() + timeout_s
        while not is_so():
            assert time.monotonic() < end and None in [one.poll() for one in self.processes], self.errors()
            time.sleep(0.01)

    def errors(self) -> str:
        """What they said on standard error."""
        return (self.root / "errors").read_text()[-3000:]

    def close(self) -> None:
        """Leave no process behind."""
        for process in self.processes:
            process.kill()
            process.communicate()

    def _asking(self) -> int:
        """Count those that have made the key."""
        files = self.home.live.glob("*") if self.home.live.is_dir() else ()
        return sum("compute/" in path.read_text() for path in files)


def check_one_computation(race: Race, results: list[dict[str, Any]]) -> None:
    """One computed, and the others have its result and a record of their own."""
    (first,) = (result for result in results if result["state"] == "completed")
    others = [result for result in results if result is not first]
    assert {result["state"] for result in others} <= {"cached"}
    assert {result["computed_by"] for result in results} == {first["run_id"]}
    assert len({result["run_id"] for result in results}) == len(results)
    assert {result["key"] for result in results} == {first["key"]}
    tracker = Tracker(race.home, race.home.store)
    for result in others:
        tags = tracker.client.get_run(result["run_id"]).data.tags
        assert tags["seqstep.cached_from"] == first["run_id"]
    assert tracker.open_uri(f"runs:/{first['run_id']}/value.txt").read_text() == "the value"
    close_dead_runs(tracker)
    assert tracker.running() == [] and living(race.home) == set() == keys_in_use(race.home)


@pytest.fixture
def race(tmp_path: Path, prefect_server: str, empty_database: Path) -> Iterator[Callable[[int], Race]]:
    """Start processes that are to ask for the same result."""
    (tmp_path / "home" / ".seqstep").mkdir(parents=True)
    shutil.copy(empty_database, tmp_path / "home" / "mlflow.db")
    races: list[Race] = []

    def start(count: int) -> Race:
        races.append(Race(tmp_path, count))
        return races[-1]

    yield start
    for one in races:
        one.close()


def test_processes_that_ask_for_the_same_at_once_compute_it_once(race: Callable[[int], Race]) -> None:
    running = race(3)
    running.go()
    running.wait_for(lambda: bool(running.computing()))
    time.sleep(0.5)  # long enough for the others to begin as well, if anything let them
    running.open_gate()
    results = running.results()
    assert len(running.computing()) == 1
    check_one_computation(running, results)


def test_if_the_one_that_computes_is_killed_another_takes_over_within_two_seconds(
    race: Callable[[int], Race],
) -> None:
    running = race(3)
    running.go()
    running.wait_for(lambda: bool(running.computing()))
    killed = running.kill(running.computing()[0].pid)
    running.wait_for(lambda: len(running.computing()) == 2)
    taken_over = running.computing()[1].since - killed
    running.open_gate()
    check_one_computation(running, running.results())
    assert len(running.computing()) == 2 and 0 < taken_over < 2
    tracker = Tracker(running.home, running.home.store)
    statuses = sorted(
        run.info.status
        for run in Inventory(tracker).all_runs()
        if run.data.tags.get("seqstep.stage") == "compute"
    )
    assert statuses == ["FINISHED", "FINISHED", "KILLED"]
    assert len(list((running.home.results / "compute").iterdir())) == 1
