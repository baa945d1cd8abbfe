"""What a command is made of, and the arguments that several share."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stagecraft.cli.changes import Tree, read_assignments, read_file
from stagecraft.cli.manual import Manual
from stagecraft.cli.workplace import Workplace

_PORTS = range(1, 65536)


class Command(NamedTuple):
    """A command of the command line.

    Attributes:
        patience_s: seconds until it must have ended after Ctrl-C.
        details: what its own help says besides.
        is_brief: it ends before there is garbage worth looking for.
        needs_home: it reads or writes what is kept.
    """

    name: str
    summary: str
    examples: Sequence[str]
    arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace, Workplace], int]
    patience_s: float = 4
    details: str = ""
    is_brief: bool = False
    needs_home: bool = True


def add_profile(parser: argparse.ArgumentParser, manual: Manual) -> None:
    """Add what chooses a profile."""
    usual, *others = manual.profiles
    listed = ", ".join([f"{usual} (the default)", *others])
    parser.add_argument("profile", nargs="?", default=usual, help=listed)


def add_configuration(parser: argparse.ArgumentParser, manual: Manual) -> None:
    """Add what chooses a configuration."""
    add_profile(parser, manual)
    add_assignments(parser, manual.settings)
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file of settings")


def add_flow(parser: argparse.ArgumentParser, manual: Manual) -> None:
    """Add what chooses a flow."""
    parser.add_argument("--flow", default="", metavar="NAME", help=manual.flow)


def add_assignments(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Add what changes single settings."""
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help=meaning,
    )


def add_stages(parser: argparse.ArgumentParser, option: str, meaning: str) -> None:
    """Add what names stages, however often it is given."""
    parser.add_argument(option, nargs="+", action="extend", default=[], metavar="STAGE", help=meaning)


def port(text: str) -> int:
    """Read the number of a port."""
    if not text.isdecimal() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {text!r}")
    return int(text)


def count(text: str) -> int:
    """Read a number of things, one at least."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def configured_changes(args: argparse.Namespace) -> list[Tree]:
    """Read the changes that a user asks for, the weaker first."""
    file = [read_file(args.config)] if args.config else []
    return [*file, read_assignments(args.assignments)]


def print_json(document: Any) -> None:
    """Print one JSON document; figures that JSON does not know (infinity, nan) become null."""
    known = json.loads(json.dumps(document), parse_constant=lambda _: None)
    sys.stdout.write(json.dumps(known, ensure_ascii=False) + "\n")
