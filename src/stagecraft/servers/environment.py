"""Settings that Prefect and MLflow read when they are imported; a user's own settings win."""

import os
from pathlib import Path

from stagecraft.files.home import Home
from stagecraft.servers.announcement import addresses

#: Prefect's log records go to its server alone
QUIET = Path(__file__).with_name("logging.yml")

_SETTINGS = {
    # Prefect's temporary server, as it is set by default, loses task history on small machines.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    # Nothing of a run is told to anyone outside.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    # A store that can't be reached is reported after seconds; stages are tried again then.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # What was pickled may run any code when it is loaded.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    # Standard output and error belong to the command line, and to a worker that may be killed: a run that
    # wrote there would end with it.
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def prepare(home: Home) -> None:
    """Set what is not set yet, for this process and the ones that it starts.

    Where the servers of the home are up, they are used.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    # A relative home would be another one for a process that starts elsewhere.
    os.environ[home.names.variable("HOME")] = str(home.root)
    os.environ.setdefault("PREFECT_HOME", str(home.private / "prefect"))
    if "PREFECT_API_URL" in os.environ:
        # A server of others learns only so that a run has died which no later one in its home closes.
        os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    for name, value in addresses(home).items():
        os.environ.setdefault(name, value)


def keep_prefect_off_the_console() -> None:
    """Send Prefect's log records to its server alone; the command line speaks for itself."""
    os.environ.setdefault("PREFECT_LOGGING_CONFIG_PATH", str(QUIET))
