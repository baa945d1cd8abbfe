"""The command that starts the servers: `up`."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stagecraft.cli.command import Command, port, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import explain
from stagecraft.names import Names
from stagecraft.progress.notifying import notifier_of

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker
    from stagecraft.servers.server import Running

_CLOSE_EVERY_S = 15
_AUTOMATIONS = "automations.yaml"


def _up(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.mlflow import Tracker
    from stagecraft.servers.announcement import announcing
    from stagecraft.servers.listening import is_loopback
    from stagecraft.servers.server import running, servers_of

    home = workplace.home
    servers = servers_of(home, args.prefect_port, args.mlflow_port, args.host)
    # What leads the worker there leads others too.
    variables = {name: value for name, value in servers[-1].settings.items() if "://" in value}
    if not is_loopback(args.host):
        sys.stderr.write(
            f"{workplace.names.project}: note: on {args.host}, whoever reaches this machine can read, change"
            " and run everything; there is no password\n"
        )
    with announcing(home) as announce, running([], home.private / "logs") as up:
        # Made here, the experiment keeps its artifacts in the home, where runs without a server find them.
        tracker = Tracker(home, home.store)
        for server in servers:
            up.start(server)
            announce({}, up.processes)
        prefect, mlflow = (server.url for server in servers if server.url)
        try:
            announce(variables, up.processes)
            _tell(workplace.names, prefect, mlflow, variables, args.json)
            os.environ.update(variables)
            _keep(up, lambda: announce(variables, up.processes), tracker, workplace.folder)
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


def _tell(names: Names, prefect: str, mlflow: str, variables: Mapping[str, str], as_json: bool) -> None:
    """Say where the servers are."""
    if as_json:
        print_json({"prefect": prefect, "mlflow": mlflow})
    else:
        exports = " ".join(f"{name}={value}" for name, value in variables.items())
        sys.stdout.write(
            f"Prefect  {prefect}\nMLflow   {mlflow}\n"
            f"`{names.project} run` uses them; a worker runs what is deployed. For `prefect deploy --all`:\n"
            f"  export {exports}\n"
            "Ctrl-C stops all of it.\n"
        )
    sys.stdout.flush()


def _keep(up: "Running", changed: Callable[[], None], tracker: "Tracker", project: Path | None) -> None:
    """Keep servers up, and close what dead runs left open, until Ctrl-C."""
    from stagecraft.prefect import watch_for_runs_that_never_start

    names = tracker.home.names
    if project and (automations := project / _AUTOMATIONS).is_file():
        otherwise = "runs that never start are not marked"
        _try(names, otherwise, lambda: watch_for_runs_that_never_start(automations, names))
    closed = 0.0
    while True:
        for name in up.revive():
            sys.stderr.write(f"{name} had ended; it was started again\n")
            changed()
        if time.monotonic() - closed > _CLOSE_EVERY_S:
            _try(names, "what dead runs left is closed later", lambda: _close_dead_runs(tracker))
            closed = time.monotonic()
        time.sleep(1)


def _close_dead_runs(tracker: "Tracker") -> None:
    from stagecraft.prefect import tell_of_crashes
    from stagecraft.runs.pipeline_run import close_dead_runs

    for run_id in close_dead_runs(tracker, notifier_of(tracker.home.names).tell_of_dead_run):
        sys.stderr.write(f"run {run_id} is marked as killed: its process died\n")
    for flow_run in tell_of_crashes(tracker.home):
        sys.stderr.write(f"flow run {flow_run} is marked as crashed: its process died\n")


def _try(names: Names, otherwise: str, do: Callable[[], None]) -> None:
    """Do what is not worth the servers: say in a line that it failed."""
    try:
        do()
    except Exception as error:  # noqa: BLE001  (whatever it is)
        sys.stderr.write(f"{names.project}: {otherwise}: {explain(error)}\n")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefect-port", type=port, default=4200, metavar="PORT", help="4200")
    parser.add_argument("--mlflow-port", type=port, default=5000, metavar="PORT", help="5000")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="127.0.0.1: programs of this machine alone"
    )


def commands(manual: Manual) -> list[Command]:
    """Make this command for a project."""
    return [
        Command(
            "up",
            "Start a Prefect server, an MLflow server and a worker on loopback, until Ctrl-C.",
            manual.examples["up"],
            _arguments,
            _up,
            patience_s=60,
        )
    ]
