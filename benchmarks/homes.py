"""Temporary homes, and seqstep's commands timed in them as whole processes."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.measuring import BenchmarkError, run
from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.environment import keep_prefect_off_the_console, prepare

SEQSTEP = [sys.executable, "-m", "seqstep_cli.main"]
STAGES = 12

# Servers, homes and settings of whoever measures would be measured too.
_FOREIGN = ("PREFECT_", "MLFLOW_", "SEQSTEP_", "PYTHONDONTWRITEBYTECODE")


def recorded(command: Sequence[str], home: Path) -> float:
    """Return the seconds of a run that finds all stages cached and records each in MLflow.

    Raises:
        BenchmarkError: it did not.
    """
    seconds, stages = cached(command, home)
    records = {stage.get("run_id") for stage in stages} - {None}
    if len(records) != STAGES:
        raise BenchmarkError(f"{' '.join(command)}: expected {STAGES} runs in MLflow, got {len(records)}")
    return seconds


def cached(command: Sequence[str], home: Path) -> tuple[float, list[dict[str, Any]]]:
    """Return the seconds of a command that finds all stages cached, and what it says of each.

    Raises:
        BenchmarkError: it does not say that they are.
    """
    seconds, said = run_in(command, home)
    try:
        stages = json.loads(said)["stages"]
        states = [stage["state"] for stage in stages]
    except (ValueError, KeyError):
        raise BenchmarkError(f"{' '.join(command)}: expected stages in JSON, got {said!r:.500}") from None
    if states != ["cached"] * STAGES:
        raise BenchmarkError(f"{' '.join(command)}: expected {STAGES} stages cached, got {states}")
    return seconds, stages


def computed(command: Sequence[str], home: Path) -> float:
    """Return the seconds of a run that computes all stages.

    Raises:
        BenchmarkError: it did not.
    """
    seconds, said = run_in(command, home)
    states = [stage["state"] for stage in json.loads(said)["stages"]]
    if states != ["completed"] * STAGES:
        raise BenchmarkError(f"{' '.join(command)}: expected {STAGES} stages completed, got {states}")
    return seconds


def run_in(command: Sequence[str], home: Path) -> tuple[float, str]:
    """Run a command with what seqstep sets for itself, on both sides, and with a home of its own."""
    with mock.patch.dict(os.environ, clean_environment(), clear=True):
        prepare(Home(home, NAMES))
        keep_prefect_off_the_console()
        return run(command, home, os.environ)


def clean_environment() -> dict[str, str]:
    """Leave out of the environment what would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}


def make_home(home: Path) -> Path:
    """Make an empty home."""
    # Prefect's temporary server does not come up where the parent of its own folder is missing.
    Home(home, NAMES).private.mkdir(parents=True)
    return home
