"""What the machine is busy with while a model is trained, as MLflow's own monitor sees it."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

_Figure = TypeVar("_Figure")

_PREFIX = "system/"
# A training of half a minute has a curve too; MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL sets another.
_SAMPLING_S = 2.0

# A sample that can't be sent is no loss worth a word; that the store can't be reached, others say.
logging.getLogger("mlflow.system_metrics").setLevel(logging.CRITICAL)


@contextmanager
def watched(run_id: str, uri: str) -> Iterator[None]:
    """Record how busy the processor, the memory and the GPUs of this machine are, as metrics of a run.

    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=false keeps it from that.
    """
    if os.environ.get("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "true").lower() in ("false", "0"):
        yield
        return
    monitor = SystemMetricsMonitor(run_id, sampling_interval=_SAMPLING_S, tracking_uri=uri)
    # A training waits for neither, and their charts would stand between those that matter.
    idle = (DiskMonitor, NetworkMonitor)
    monitor.monitors = [part for part in monitor.monitors if not isinstance(part, idle)]
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


def results_among(metrics: Mapping[str, _Figure]) -> dict[str, _Figure]:
    """Leave out what was measured of a machine: it says nothing about a result."""
    return {name: value for name, value in metrics.items() if not name.startswith(_PREFIX)}
