"""Settings that Prefect and MLflow read when they are imported; a user's own settings win."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from stagecraft.disks import writes_to
from stagecraft.errors import explain
from stagecraft.files.home import Home
from stagecraft.servers.announcement import addresses
from stagecraft.servers.token import CLIENT_VARIABLE

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
    # As many stages as stand side by side ask its database at once.
    "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "60",
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
    if not (prefect := Path(os.environ["PREFECT_HOME"]).expanduser().absolute()).is_relative_to(home.root):
        writes_to(prefect, "set PREFECT_HOME to a folder on another disk")
    if "PREFECT_API_URL" in os.environ:
        # A server of others learns only so that a run has died which no later one in its home closes.
        os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
    _use(addresses(home))


def _use(servers: Mapping[str, str]) -> None:
    """Set what leads to servers; the token of one is told to no other."""
    for name in servers.keys() - {CLIENT_VARIABLE}:
        os.environ.setdefault(name, servers[name])
    if CLIENT_VARIABLE in servers and os.environ["PREFECT_API_URL"] == servers["PREFECT_API_URL"]:
        os.environ.setdefault(CLIENT_VARIABLE, servers[CLIENT_VARIABLE])


def keep_prefect_off_the_console() -> None:
    """Send Prefect's log records to its server alone; the command line speaks for itself."""
    os.environ.setdefault("PREFECT_LOGGING_CONFIG_PATH", str(QUIET))
    logging.raiseExceptions = False  # else it says there what its server did not take


def misread(error: BaseException) -> str:
    """Say which setting of Prefect's or MLflow's an error is about; nothing if it is about none.

    Their own variables are read when they are imported, or later, wherever they are used.
    """
    if isinstance(error, ValidationError) and error.title.endswith("Settings"):
        return (
            f"Prefect can't read its settings, {error.title}: {explain(error)}; correct its variable"
            " (PREFECT_…), or its profile, which `prefect config view` shows"
        )
    named = [name for name in os.environ if name.startswith(("MLFLOW_", "PREFECT_")) and name in str(error)]
    if isinstance(error, ValueError) and named:
        return f"expected another value of {named[0]}, got one that can't be read: {error}; correct it"
    return ""


def inherited() -> dict[str, str]:
    """Take this process's environment for a server, whose log records go to its console again."""
    return {name: value for name, value in os.environ.items() if name != "PREFECT_LOGGING_CONFIG_PATH"}
