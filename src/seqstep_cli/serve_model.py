"""The command that lets a registered model answer over HTTP: `serve`."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from seqstep_cli.registered import CHOICE, FORM, choose, named, open_registry, say_who
from stagecraft.cli.command import Command, add_known_as, port, print_json
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from stagecraft.mlflow.answering import Answerer
    from stagecraft.servers.server import Server

_PORT, _LOOPBACK = 5001, "127.0.0.1"


def _serve(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.servers.listening import is_loopback
    from stagecraft.servers.model_server import model_server

    is_open = not is_loopback(args.host)
    registry = open_registry(workplace)
    answer = choose(registry, args.model)
    version = answer.version
    tracker = registry.tracker
    title = f"serve-{version.name}-{args.port}"
    if is_open:
        sys.stderr.write(
            f"seqstep: WARNING: --host {args.host} lets everyone who can reach this machine use the model;"
            " there is no password and no encryption\n"
        )
    with TemporaryDirectory() as place:
        # What is loaded from here is what was registered: no byte code that lies beside it, no later change.
        folder = Path(place)
        registry.lay_out(version, folder)
        server = model_server(title, folder, tracker.uri, args.host, args.port, args.known_as)
        _serve_until_stopped(server, folder, answer, tracker.home.private / "logs", args.json)
    return 0


def _serve_until_stopped(
    server: "Server", folder: Path, answer: "Answerer", logs: Path, as_json: bool
) -> None:
    """Run the server of a model until Ctrl-C."""
    from stagecraft.servers.model_server import example_command
    from stagecraft.servers.server import running

    with running([server], logs) as up:
        try:
            _tell(answer, server.url, example_command(server, folder), as_json)
            while True:
                time.sleep(1)
                up.revive()
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")


def _tell(answer: "Answerer", server: str, curl: str, as_json: bool) -> None:
    """Say which version answers, and where."""
    url, model = f"{server}/invocations", str(answer.version)
    if as_json:
        print_json({**named(answer), "url": url, "curl": curl})
    else:
        say_who(answer)
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
    add_known_as(parser)


COMMANDS = [
    Command(
        "serve",
        "Let a registered model answer over HTTP as MLflow's scoring server does, until Ctrl-C.",
        ["seqstep serve", "seqstep serve mlp --port 8080", "seqstep serve rnn/3"],
        _arguments,
        _serve,
        patience_s=30,
    )
]
