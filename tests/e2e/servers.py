"""What the tests do on real servers."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import requests

from tests.patience import PATIENCE_S, ask_prefect, until

ROOT = Path(__file__).resolve().parents[2]
#: the quick pipeline, as small as it can be
TINY = {"epochs": 1, "hidden": 8, "batch": 4, "steps": 10, "max_tokens": 500}
#: the same with trainings that last
LONG = {**TINY, "epochs": 100_000}


class Up(NamedTuple):
    """Servers that are up: the environment that leads there, their addresses, and the home of their user.

    Attributes:
        pid: of `seqstep up`, if that started them.
    """

    environment: dict[str, str]
    prefect: str
    mlflow: str
    home: Path
    pid: int = 0

    def call(self, *command: str, cwd: Path = ROOT) -> str:
        """Run a command against the servers; fail with what it printed if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self.environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def seqstep(self, *command: str) -> Any:
        """Run a command of seqstep; return the document that it prints."""
        return json.loads(self.call("seqstep_cli.main", *command, "--json"))

    def ask(self, path: str, **body: Any) -> Any:
        """Post a question to Prefect's API."""
        return self.request("POST", path, body)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Use Prefect's API."""
        return ask_prefect(method, f"{self.prefect}/api/{path}", body)

    def trigger(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment; return its id."""
        found = self.request("GET", f"deployments/name/{deployment}")
        run = self.ask(f"deployments/{found['id']}/create_flow_run", parameters=parameters)
        return str(run["id"])

    def flow_run(self, flow_run_id: str) -> Any:
        """Look at a flow run."""
        return self.request("GET", f"flow_runs/{flow_run_id}")

    def state(self, flow_run_id: str) -> str:
        """Tell the type of a flow run's state, such as COMPLETED."""
        return str(self.flow_run(flow_run_id)["state_type"])

    def tasks(self, flow_run_id: str, count: int) -> Counter[str]:
        """Count the states of a flow run's tasks, once so many have ended; Prefect writes them down later."""
        chosen = {"flow_runs": {"id": {"any_": [flow_run_id]}}}
        found: list[Any] = []

        def have_ended() -> bool:
            found[:] = self.ask("task_runs/filter", **chosen)
            under_way = {task["state_type"] for task in found} & {"PENDING", "RUNNING"}
            return len(found) >= count and not under_way

        until(have_ended)
        return Counter(task["state_name"] for task in found)

    def tags(self, run_id: str) -> dict[str, str]:
        """Read the tags of a run in MLflow."""
        path = f"{self.mlflow}/api/2.0/mlflow/runs/get"
        run = requests.get(path, params={"run_id": run_id}, timeout=PATIENCE_S).json()["run"]
        return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}

    def ends(self, flow_run_id: str) -> str:
        """Wait for the end of a flow run; return the type of its last state."""
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        until(lambda: self.state(flow_run_id) in final)
        return self.state(flow_run_id)


def prefect_states(home: Path) -> Counter[str]:
    """Count the states of the flow runs and of their tasks in the database of a home's temporary server."""
    database = home / ".seqstep" / "prefect" / "prefect.db"
    counts: Counter[str] = Counter()
    if database.exists():
        with closing(sqlite3.connect(database)) as connection:
            for table in ("flow_run", "task_run"):
                for state, count in connection.execute(
                    f"select state_type, count(*) from {table} group by state_type"
                ):
                    counts[state] += count
    return counts


def environment_without(*prefixes: str) -> dict[str, str]:
    """This process's environment without some variables, and with patience for the servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | {
        # A request that is made again may be answered twice.
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(PATIENCE_S),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(PATIENCE_S),
    }


def engine(flow_run_id: str) -> psutil.Process | None:
    """Find the process in which a worker runs a flow."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID", "").replace("-", "") == flow_run_id.replace(
                "-", ""
            ):
                return process
        except psutil.Error:
            continue
    return None
