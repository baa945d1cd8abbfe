"""What a command is made of, and the arguments that several share."""

import argparse
import codecs
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from secrecy import quote
from stagecraft.cli.changes import Tree, read_assignments, read_file
from stagecraft.cli.manual import Manual
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import UsageError, is_for_users

Made = TypeVar("Made")

_PORTS = range(1, 65536)
_PAST_WHOLE = 2**63


class Command(NamedTuple):
    """A command of the command line.

    Attributes:
        patience_s: seconds until it must have ended after Ctrl-C.
        details: what its own help says besides.
        is_brief: it ends before there is garbage worth looking for.
        needs_home: it reads or writes what is kept.
        needs_project: it runs stages, or tells of some.
    """

    name: str
    summary: str
    examples: Sequence[str]
    arguments: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace, Workplace], int]
    patience_s: float = 8
    details: str = ""
    is_brief: bool = False
    needs_home: bool = True
    needs_project: bool = False


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


def add_known_as(parser: argparse.ArgumentParser) -> None:
    """Add what tells a server more names of this machine."""
    parser.add_argument(
        "--known-as",
        action="append",
        default=[],
        metavar="NAME",
        help="one more name of this machine, such as a proxy's; no other name is answered to",
    )


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


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add what makes an error of what the key does not know."""
    parser.add_argument(
        "--strict",
        action="store_true",
        help="a stage that touches what its key does not know fails there; else its result is only not kept",
    )


def port(text: str) -> int:
    """Read the number of a port."""
    if not text.isdecimal() or whole(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, got {quote(text)}")
    return whole(text)


def whole(text: str) -> int:
    """Read a whole number that fits into eight bytes, as numbers of libraries and databases do."""
    with suppress(ValueError):
        if text.isascii() and -_PAST_WHOLE <= int(text) < _PAST_WHOLE:
            return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number from -2⁶³ to 2⁶³ - 1, got {quote(text)}")


def filled(what: str, text: str) -> str:
    """Read a text that names something; whether there is such a one is told later."""
    if not text:
        raise argparse.ArgumentTypeError(f"expected {what}, got ''")
    return text


def stage(text: str) -> str:
    """Read the name of a stage."""
    return filled("the name of a stage", text)


def count(text: str) -> int:
    """Read a number of things, one at least."""
    if not text.isdecimal() or whole(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {quote(text)}")
    return whole(text)


def seed(text: str) -> int:
    """Read where draws start."""
    with suppress(argparse.ArgumentTypeError):
        if text.isdecimal():
            return whole(text)
    raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 2⁶³ - 1, got {quote(text)}")


def configured_changes(args: argparse.Namespace) -> list[Tree]:
    """Read the changes that a user asks for, the weaker first."""
    file = [read_file(args.config)] if args.config else []
    return [*file, read_assignments(args.assignments)]


def by_changes(args: argparse.Namespace, make: Callable[[list[Tree]], Made]) -> Made:
    """Make something of the changes that a user asks for.

    Raises:
        UsageError: a change can't be read, or it is the file that can't be what is made.
    """
    file, *others = [{}, *configured_changes(args)][-2:]
    try:
        return make([file, *others])
    except Exception as error:
        if not file or not is_for_users(error):
            raise
        try:
            make(others)
        except Exception:  # noqa: BLE001  (it is not for the file alone)
            raise error from None
        raise UsageError(f"in {args.config}, {error}") from None


class _Output:
    """Where documents go; None: to standard output."""

    stream: TextIO | None = None


@contextmanager
def documents_alone() -> Iterator[None]:
    """Let only documents get to standard output; what else is printed goes to standard error."""
    before, _Output.stream = _Output.stream, sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _Output.stream = before


def print_json(document: Any) -> None:
    """Print one JSON document; figures that JSON does not know (infinity, nan) become null.

    It is spelled in ASCII where standard output has no other characters, or not all.
    """
    known = json.loads(json.dumps(document), parse_constant=lambda _: None)
    stream = _Output.stream or sys.stdout
    knows_all = codecs.lookup(stream.encoding or "utf-8").name == "utf-8"
    stream.write(json.dumps(known, ensure_ascii=not knows_all) + "\n")
    stream.flush()
