"""Where a run is to be seen: MLflow's pages, if a server shows them."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from stagecraft.mlflow.store import Tracker


def page_of(tracker: Tracker, run_id: str, artifact: str = "") -> str:
    """Return the address of a run's page, or of a file on it; empty where no server shows it."""
    server = address_of(tracker)
    files = f"/artifacts/{quote(artifact)}" if artifact else ""
    return f"{server}/#/experiments/{tracker.experiment_id}/runs/{run_id}{files}" if server else ""


def chart_of(tracker: Tracker, run_ids: Sequence[str], metric: str) -> str:
    """Return where MLflow draws the curves of several runs in one chart, as seen from its own pages."""
    asked = {"runs": run_ids, "metric": metric, "experiments": [tracker.experiment_id]}
    asked |= {"plot_metric_keys": [metric]}
    listed = "&".join(f"{name}={quote(json.dumps(value))}" for name, value in asked.items())
    return f"#/metric?{listed}&x_axis=step"


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
