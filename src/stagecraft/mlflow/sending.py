"""Metrics on their way to the store, in batches, while whoever measures them goes on."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from mlflow.entities import Metric

_EVERY_S = 3.0
# What MLflow takes in one request.
_MAX_METRICS = 1000


class Sending:
    """Sends metrics in order, from a thread of its own: a training does not wait for the store.

    At the end, whatever it is, all that was added is sent, or an error says that it was not. A store that
    fails is told at a later addition, in the thread of the one who adds, so that the stage fails as if it had
    sent the metrics itself.

    Args:
        send: sends up to a thousand metrics, and raises where it can't.
    """

    def __init__(self, send: Callable[[Sequence[Metric]], object]) -> None:
        self._send = send
        self._waiting: list[Metric] = []
        self._on_its_way: Future[None] | None = None
        self._sent = time.monotonic()
        self._thread = ThreadPoolExecutor(1, "metrics")

    def add(self, metrics: Sequence[Metric]) -> None:
        """Take metrics, to be sent within seconds.

        Raises:
            TrackingError: earlier ones could not be sent.
        """
        self._waiting += metrics
        is_due = len(self._waiting) >= _MAX_METRICS or time.monotonic() - self._sent > _EVERY_S
        if is_due and (self._on_its_way is None or self._on_its_way.done()):
            self._wait()
            self._on_its_way = self._thread.submit(self._send_all, self._waiting)
            self._waiting, self._sent = [], time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is left.

        Raises:
            TrackingError: something could not be sent.
        """
        with self._thread:
            self._wait()
            self._send_all(self._waiting)

    def _wait(self) -> None:
        """Wait for what is on its way, and raise what became of it."""
        if self._on_its_way:
            self._on_its_way.result()

    def _send_all(self, metrics: Sequence[Metric]) -> None:
        for start in range(0, len(metrics), _MAX_METRICS):
            self._send(metrics[start : start + _MAX_METRICS])
