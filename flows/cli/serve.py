"""The command that starts the servers: `up`."""

import argparse
import sys
import time

from flows.cli.command import Command, print_json
from stagecraft.home import open_home


def _up(args: argparse.Namespace) -> int:
    from stagecraft.servers import running, servers_of
    from stagecraft.tracking import Tracker

    home = open_home()
    # Made here, the experiment keeps its artifacts in the home, where runs without a server find them.
    Tracker(home, home.store)
    servers = servers_of(home, args.prefect_port, args.mlflow_port)
    with running(servers, home.private / "logs") as check:
        prefect, mlflow = (server.url for server in servers if server.url)
        if args.json:
            print_json({"prefect": prefect, "mlflow": mlflow})
        else:
            sys.stdout.write(
                f"Prefect  {prefect}\nMLflow   {mlflow}\n"
                "A worker of the pool `local` runs what is deployed (`prefect deploy --all`).\n"
                "To record runs there, in another terminal:\n"
                f"  export PREFECT_API_URL={prefect}/api MLFLOW_TRACKING_URI={mlflow}\n"
                "Ctrl-C stops all of it.\n"
            )
        sys.stdout.flush()
        try:
            while True:
                time.sleep(1)
                check()
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefect-port", type=int, default=4200, metavar="PORT", help="4200")
    parser.add_argument("--mlflow-port", type=int, default=5000, metavar="PORT", help="5000")


COMMANDS = [
    Command(
        "up",
        "Start a Prefect server, an MLflow server and a worker on loopback, until Ctrl-C.",
        ["seqstep up", "seqstep up --prefect-port 4300 --mlflow-port 5100"],
        _arguments,
        _up,
        patience_s=60,
    )
]
