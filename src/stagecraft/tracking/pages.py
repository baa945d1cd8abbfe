"""Where a run is to be seen: MLflow's pages, if a server shows them."""

import shlex
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from stagecraft.tracking.store import Tracker


def page_of(tracker: Tracker, run_id: str, artifact: str = "") -> str:
    """Return the address of a run's page, or of a file on it; empty where no server shows it."""
    server = address_of(tracker)
    files = f"/artifacts/{quote(artifact)}" if artifact else ""
    return f"{server}/#/experiments/{tracker.experiment_id}/runs/{run_id}{files}" if server else ""


def address_of(tracker: Tracker) -> str:
    """Return the address of MLflow's pages, without user and password; empty for a bare database."""
    parts = urlsplit(tracker.uri)
    if parts.scheme not in ("http", "https"):
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def command_for_pages(tracker: Tracker) -> str:
    """Return the command that shows the runs of a database in this project's home."""
    program = Path(sys.executable).with_name("mlflow")
    return shlex.join([str(program), "ui", "--backend-store-uri", tracker.home.store])
