"""What a command is made of, and the arguments that several share."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqstep.settings import Tree, read_assignments, read_file


class Command(NamedTuple):
    """A command of the command line."""

    name: str
    summary: str
    examples: Sequence[str]
    arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace], int]


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Add what chooses a configuration."""
    parser.add_argument("profile", nargs="?", default="quick", help="quick (the default) or notes")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="change settings, such as rnn.epochs=500; `seqstep config` lists them",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file of settings")


def configured_changes(args: argparse.Namespace) -> list[Tree]:
    """Read the changes that a user asks for, the weaker first."""
    file = [read_file(args.config)] if args.config else []
    return [*file, read_assignments(args.assignments)]


def print_json(document: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
