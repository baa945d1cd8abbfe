"""When there is nothing to do: a run whose stages are all cached, and a plan."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import dvc
from benchmarks.measuring import Benchmark, BenchmarkError, run
from stagecraft.environment import keep_prefect_off_the_console, prepare
from stagecraft.home import Home

RUN = [sys.executable, "-m", "flows.cli.main", "run", "quick", "--json"]
PLAN = [sys.executable, "-m", "flows.cli.main", "plan", "quick", "--json"]
BARE_FLOW = [sys.executable, str(Path(__file__).with_name("bare_flow.py"))]
STAGES = 12

# Servers, homes and settings of whoever measures would be measured too.
_FOREIGN = ("PREFECT_", "MLFLOW_", "SEQSTEP_", "PYTHONDONTWRITEBYTECODE")


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Bring temporary places to where nothing is left to do; yield the claims about them."""
    dvc.install()
    with tempfile.TemporaryDirectory() as name:
        project = dvc.lay_out(Path(name))
        home, bare_home = _make(Path(name, "home")), _make(Path(name, "bare_flow"))
        _run(RUN, home)
        claims = [_run_claim(home, bare_home), _plan_claim(home, project)]
        for claim in claims:
            claim.baseline()
            claim.ours()
        yield claims


def _run_claim(home: Path, bare_home: Path) -> Benchmark:
    return Benchmark(
        "a second `seqstep run quick`, all twelve stages cached,"
        " against a bare Prefect flow of twelve empty tasks in an MLflow run",
        goal=2.0,
        baseline=lambda: _run(BARE_FLOW, bare_home)[0],
        ours=lambda: _recorded(home),
    )


def _plan_claim(home: Path, project: Path) -> Benchmark:
    return Benchmark(
        "`seqstep plan quick --json` against `dvc repro` with nothing to do in twelve stages",
        goal=1.0,
        baseline=lambda: dvc.repro(project),
        ours=lambda: _cached(PLAN, home)[0],
        pairs=9,
    )


def _recorded(home: Path) -> float:
    """Return the seconds of a run that finds all stages cached and records each in MLflow.

    Raises:
        BenchmarkError: it did not.
    """
    seconds, stages = _cached(RUN, home)
    records = {stage.get("run_id") for stage in stages} - {None}
    if len(records) != STAGES:
        raise BenchmarkError(f"{' '.join(RUN)}: expected {STAGES} runs in MLflow, got {len(records)}")
    return seconds


def _cached(command: Sequence[str], home: Path) -> tuple[float, list[dict[str, Any]]]:
    """Return the seconds of a command that finds all stages cached, and what it says of each.

    Raises:
        BenchmarkError: it does not say that they are.
    """
    seconds, said = _run(command, home)
    try:
        stages = json.loads(said)["stages"]
        states = [stage["state"] for stage in stages]
    except (ValueError, KeyError):
        raise BenchmarkError(f"{' '.join(command)}: expected stages in JSON, got {said!r:.500}") from None
    if states != ["cached"] * STAGES:
        raise BenchmarkError(f"{' '.join(command)}: expected {STAGES} stages cached, got {states}")
    return seconds, stages


def _run(command: Sequence[str], home: Path) -> tuple[float, str]:
    """Run a command with what seqstep sets for itself, on both sides, and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    with mock.patch.dict(os.environ, kept, clear=True):
        prepare(Home(home))
        keep_prefect_off_the_console()
        return run(command, home, os.environ)


def _make(home: Path) -> Path:
    # Prefect's temporary server does not come up where the parent of its own folder is missing.
    Home(home).private.mkdir(parents=True)
    return home
