"""How `look` tells what it found, of a text or of a series, with the command that fits."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stagecraft.cli.command import print_json
from stagecraft.cli.tables import make_table, open_console, styled

if TYPE_CHECKING:
    from seqstep.series.looking import LookedAtSeries
    from seqstep.text.looking import LookedAt

_PATHS = {"text": "corpus.path", "series": "series.path"}


def given(args: argparse.Namespace) -> dict[str, str]:
    """List the settings that the user gave, by name."""
    return dict(assignment.split("=", 1) for assignment in args.assignments)


def present(
    args: argparse.Namespace, kind: str, found: "LookedAt | LookedAtSeries", rows: Mapping[str, str]
) -> None:
    """Print a document, or a table, with the command that runs the file with the settings that fit.

    Args:
        kind: the flow that runs such a file.
        rows: of the table.
    """
    changes = [f"{name}={value}" for name, value in {_PATHS[kind]: args.file, **found.fitting}.items()]
    command = shlex.join(["seqstep", "run", "--flow", kind, "--set", *changes])
    if args.json:
        print_json({"file": args.file, "as": kind, **found._asdict(), "command": command})
        return
    table = make_table("what", "found")
    table.columns[1].overflow = "fold"
    for name, value in rows.items():
        table.add_row(name, value or "none")
    console = open_console()
    console.print(table)
    console.print(styled("\n", (command, "bold")), soft_wrap=True)
    sys.stdout.flush()


def write_settings(settings: Mapping[str, str]) -> str:
    """Write settings as `--set` takes them."""
    return " ".join(f"{name}={value}" for name, value in settings.items())
