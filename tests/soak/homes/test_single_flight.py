"""Eight processes ask for the same key at once: one computation, also if the computing one is killed."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.test_single_flight import Race, check_one_computation

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

PROCESSES = 8


@pytest.fixture
def race(tmp_path: Path, prefect_server: str, empty_database: Path) -> Iterator[Race]:
    """Eight processes that are to ask for the same result."""
    (tmp_path / "home" / ".seqstep").mkdir(parents=True)
    shutil.copy(empty_database, tmp_path / "home" / "mlflow.db")
    started = Race(tmp_path, PROCESSES)
    yield started
    started.close()


def test_eight_processes_that_ask_at_once_get_eight_results_of_one_computation(
    race: Race, tell: Callable[[str], None]
) -> None:
    race.go()
    race.wait_for(lambda: bool(race.computing()))
    time.sleep(2)
    assert len(race.computing()) == 1
    opened = race.open_gate()
    results = race.results()
    assert len(race.computing()) == 1 and len(results) == PROCESSES
    check_one_computation(race, results)
    asked = max(result["start"] for result in results)
    ends = sorted(result["end"] - opened for result in results)
    began = race.computing()[0].since - min(result["start"] for result in results)
    tell(
        f"8 processes, 1 computation: begun {began:.2f} s after the first asked, the last asked within"
        f" {asked - min(result['start'] for result in results):.2f} s; after it could end, the first run was"
        f" over in {ends[0]:.2f} s, the last in {ends[-1]:.2f} s",
    )


def test_each_time_that_the_computing_process_is_killed_another_takes_over_within_two_seconds(
    race: Race, tell: Callable[[str], None]
) -> None:
    race.go()
    race.wait_for(lambda: bool(race.computing()))
    times = []
    for kills in (1, 2, 3):
        killed = race.kill(race.computing()[-1].pid)
        race.wait_for(lambda kills=kills: len(race.computing()) == kills + 1)
        times.append(race.computing()[-1].since - killed)
    race.open_gate()
    results = race.results()
    assert len({computing.pid for computing in race.computing()}) == len(race.computing()) == 4
    assert len(results) == PROCESSES - 3
    check_one_computation(race, results)
    tell(f"taken over after {', '.join(f'{seconds:.3f} s' for seconds in times)}")
    assert max(times) < 2
