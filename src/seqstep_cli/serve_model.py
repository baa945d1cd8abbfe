"""The command that lets a registered model answer over HTTP: `serve`."""

import argparse
import sys
import time

from seqstep_cli import NAMES
from seqstep_cli.registered import CHOICE, FORM, open_registry, split_name
from stagecraft.cli.command import Command, port, print_json
from stagecraft.cli.workplace import Workplace

_APP = "seqstep_cli.scoring_app:make_app"
_PORT, _LOOPBACK = 5001, "127.0.0.1"


def _serve(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.servers.listening import is_loopback
    from stagecraft.servers.model_server import example_command, model_server
    from stagecraft.servers.server import running

    is_open = not is_loopback(args.host)
    registry = open_registry(workplace)
    version = registry.find(*split_name(args.model))
    folder, tracker = registry.folder(version), registry.tracker
    title = f"serve-{version.name}-{args.port}"
    server = model_server(NAMES, _APP, title, folder, tracker.uri, args.host, args.port)
    if is_open:
        sys.stderr.write(
            f"seqstep: WARNING: --host {args.host} lets everyone who can reach this machine use the model;"
            " there is no password and no encryption\n"
        )
    with running([server], tracker.home.private / "logs") as up:
        try:
            _tell(str(version), server.url, example_command(server, folder), args.json)
            while True:
                time.sleep(1)
                up.revive()
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")
    return 0


def _tell(model: str, server: str, curl: str, as_json: bool) -> None:
    """Say where the model answers."""
    url = f"{server}/invocations"
    if as_json:
        print_json({"model": model, "url": url, "curl": curl})
    else:
        sys.stdout.write(f"{model} answers at {url}\n\n  {curl}\n\nCtrl-C stops it.\n")
    sys.stdout.flush()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        nargs="?",
        default="rnn",
        metavar=FORM,
        help=f"rnn (the default), rnn-scratch, held-out-… or mlp; {CHOICE}",
    )
    parser.add_argument("--port", type=port, default=_PORT, metavar="P", help=str(_PORT))
    parser.add_argument(
        "--host",
        default=_LOOPBACK,
        metavar="ADDRESS",
        help=f"where to listen: {_LOOPBACK} (the default) is this machine alone",
    )


COMMANDS = [
    Command(
        "serve",
        "Let a registered model answer over HTTP with MLflow's scoring server, until Ctrl-C.",
        ["seqstep serve", "seqstep serve mlp --port 8080", "seqstep serve rnn/3"],
        _arguments,
        _serve,
        patience_s=30,
    )
]
