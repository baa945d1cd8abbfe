"""The command that starts the servers: `up`."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stagecraft.cli.command import Command, add_known_as, port, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import explain
from stagecraft.names import Names
from stagecraft.progress.notifying import notifier_of

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker
    from stagecraft.servers.server import Running
    from stagecraft.servers.token import Token

_CLOSE_EVERY_S = 15
_AUTOMATIONS = "automations.yaml"


def _up(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.mlflow import Tracker
    from stagecraft.servers.announcement import announcing
    from stagecraft.servers.layout import servers_of
    from stagecraft.servers.listening import is_loopback, known_names
    from stagecraft.servers.prefect_database import make_ready
    from stagecraft.servers.server import running
    from stagecraft.servers.token import token_of

    known_names(args.host, args.known_as)  # else a name that can't be is refused after a token was made
    home = workplace.home
    is_open = not is_loopback(args.host)
    token = token_of(home, args.token or is_open)
    servers = servers_of(home, args.prefect_port, args.mlflow_port, args.host, args.known_as, token)
    make_ready(home)
    # What leads the worker there leads others too.
    found = {name: servers[-1].settings[name] for name in ("PREFECT_API_URL", "MLFLOW_TRACKING_URI")}
    variables = {**found, **token.variables}
    if is_open:
        sys.stderr.write(
            f"{workplace.names.project}: note: on {args.host}, whoever reaches this machine can read and"
            " change all that is in MLflow, which asks for no password; Prefect asks for one; nothing is"
            " encrypted\n"
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
            _tell(workplace.names, {"prefect": prefect, "mlflow": mlflow}, found, token, args.json)
            os.environ.update(variables)
            _keep(up, lambda: announce(variables, up.processes), tracker, workplace.folder)
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


def _tell(
    names: Names, pages: Mapping[str, str], variables: Mapping[str, str], token: "Token", as_json: bool
) -> None:
    """Say where the servers are, and how to be let in; the token itself is shown nowhere."""
    if as_json:
        print_json({**pages, "token": token.command if token else None})
    else:
        assignments = [f"{name}={value}" for name, value in variables.items()]
        exports = " ".join([*assignments, token.assignment] if token else assignments)
        password = f"  its pages ask for a password: what `{token.command}` prints\n" if token else ""
        sys.stdout.write(
            f"Prefect  {pages['prefect']}\n{password}MLflow   {pages['mlflow']}\n"
            f"`{names.project} run` uses them; a worker runs what is deployed. For `prefect deploy --all`:\n"
            f"  export {exports}\n"
            "Ctrl-C stops all of it.\n"
        )
    sys.stdout.flush()


def _keep(up: "Running", changed: Callable[[], None], tracker: "Tracker", project: Path | None) -> None:
    """Keep servers up, and close what dead runs left open, until Ctrl-C."""
    from stagecraft.prefect import close_left_tasks, watch_for_runs_that_never_start

    names = tracker.home.names
    close_left_tasks()
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
        sys.stderr.write(f"flow run {flow_run} is closed: its process died\n")


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
    add_known_as(parser)
    parser.add_argument(
        "--token",
        action="store_true",
        help="have Prefect ask for a password, also on loopback, where other users of this machine are",
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
