"""What a training asks of the machine, in MLflow's own words."""

import logging
import time

import pytest

from stagecraft.files.home import Home
from stagecraft.mlflow import Record, Tracker, results_among

NAMES = {
    "system/cpu_utilization_percentage",
    "system/system_memory_usage_megabytes",
    "system/system_memory_usage_percentage",
}


@pytest.fixture
def record(home: Home) -> Record:
    tracker = Tracker(home)
    return Record(tracker, tracker.start_run("train", {}))


def measured(record: Record) -> dict[str, float]:
    return dict(record.tracker.client.get_run(record.run_id).data.metrics)


def test_processor_and_memory_are_metrics_of_the_run_while_it_is_watched(
    record: Record, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    with record.watching_the_machine():
        while len(measured(record)) < len(NAMES):
            time.sleep(0.05)
    found = measured(record)
    assert {name for name in found if not name.startswith("system/gpu")} == NAMES
    assert results_among({**found, "loss": 1.0}) == {"loss": 1.0} and record.metrics == {}
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_it_ends_with_an_error_of_the_training_and_hides_none(record: Record) -> None:
    with pytest.raises(ValueError, match="diverged"), record.watching_the_machine():
        raise ValueError("diverged")


def test_a_user_can_switch_it_off(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    with record.watching_the_machine():
        time.sleep(0.3)
    assert measured(record) == {}
