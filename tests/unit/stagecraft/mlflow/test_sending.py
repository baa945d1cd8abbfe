"""Metrics are sent beside the work that they come from, and none is lost."""

import threading
from collections.abc import Sequence

import pytest
from mlflow.entities import Metric

from stagecraft.errors import TrackingError
from stagecraft.mlflow import sending
from stagecraft.mlflow.sending import Sending
from tests.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_EVERY_S", -1.0)


def metric(step: int) -> Metric:
    return Metric("train/loss", 1 / step, 0, step)


class Store:
    """Notes what it is sent, and lets nothing through while its gate is shut."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()

    def send(self, metrics: Sequence[Metric]) -> None:
        assert self.gate.wait(PATIENCE_S)
        self.batches.append([entry.step for entry in metrics])

    @property
    def steps(self) -> list[int]:
        return [step for batch in self.batches for step in batch]


def test_nobody_waits_for_a_store_that_is_slow_and_the_order_stays() -> None:
    store = Store()
    with Sending(store.send) as metrics:
        for step in range(1, 4001):
            metrics.add([metric(step)])  # would never return if it waited
        assert store.batches == []
        store.gate.set()
    assert store.steps == list(range(1, 4001))
    assert max(map(len, store.batches)) <= 1000


def test_metrics_arrive_while_the_work_goes_on() -> None:
    store, arrived = Store(), threading.Event()
    store.gate.set()

    def send(metrics: Sequence[Metric]) -> None:
        store.send(metrics)
        arrived.set()

    with Sending(send) as metrics:
        metrics.add([metric(1)])
        assert arrived.wait(PATIENCE_S)
        assert store.steps == [1]


def test_what_was_measured_before_a_failure_is_sent() -> None:
    store = Store()
    store.gate.set()
    with pytest.raises(ZeroDivisionError), Sending(store.send) as metrics:
        metrics.add([metric(1)])
        metrics.add([metric(2)])
        raise ZeroDivisionError
    assert store.steps == [1, 2]


def refuse(_metrics: Sequence[Metric]) -> None:
    raise TrackingError("the store is away")


def test_a_store_that_fails_is_told_while_the_work_goes_on() -> None:
    taken = 0
    with pytest.raises(TrackingError, match="the store is away"), Sending(refuse) as metrics:
        while taken < 10_000:
            metrics.add([metric(1)])
            taken += 1
            threading.Event().wait(0.001)
    assert taken < 10_000


def test_a_store_that_fails_at_the_end_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_EVERY_S", 60.0)
    with pytest.raises(TrackingError, match="the store is away"), Sending(refuse) as metrics:
        metrics.add([metric(1)])
