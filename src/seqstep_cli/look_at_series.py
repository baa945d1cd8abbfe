"""What `look` shows of a series."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from secrecy import quote
from seqstep.errors import SeriesError
from seqstep.settings.local_files import local_file
from seqstep.settings.resolving import resolve
from stagecraft.cli.changes import read_assignments
from stagecraft.cli.command import print_json
from stagecraft.cli.tables import make_table, open_console, styled

if TYPE_CHECKING:
    from seqstep.series.looking import LookedAtSeries


def show_series(args: argparse.Namespace) -> int:
    """Show what a run would read of a table.

    Raises:
        SeriesError: it would refuse it.
    """
    from seqstep.series.looking import look_at_series

    config = resolve(changes=[read_assignments(args.assignments), {"series": {"path": args.file}}])
    path = local_file(config.series.path)
    if path is None:
        raise SeriesError(f"expected a file to look at, got {quote(args.file)}")
    found = look_at_series(path, config)
    given = dict(assignment.split("=", 1) for assignment in args.assignments)
    found = found._replace(fitting={**found.fitting, **given})
    command = _command(args.file, found.fitting)
    if args.json:
        print_json({"file": args.file, "as": "series", **found._asdict(), "command": command})
    else:
        _print(found, command)
    return 0


def _command(file: str, settings: Mapping[str, str]) -> str:
    """Write the command that runs a series with some settings."""
    changes = [f"series.path={file}", *(f"{name}={value}" for name, value in settings.items())]
    return shlex.join(["seqstep", "run", "--flow", "series", "--set", *changes])


def _print(found: "LookedAtSeries", command: str) -> None:
    table = make_table("what", "found")
    table.columns[1].overflow = "fold"
    rows = {
        "columns": ", ".join(map(quote, found.columns)),
        "read as values": quote(found.column),
        "dates": found.dates or "none, rows are counted",
        "step": found.step,
        "time zone": found.zone,
        "from, to": f"{found.first}, {found.last}",
        "values": f"{found.values:,}, {found.gaps:,} of them missing" if found.gaps else f"{found.values:,}",
        "least, mean, most": f"{found.low:.6g}, {found.mean:.6g}, {found.high:.6g}",
        "season": found.season,
        "sketch": found.sketch,
        "a run would": "; ".join(found.would),
        "settings that fit": " ".join(f"{name}={value}" for name, value in found.fitting.items()),
    }
    for name, value in rows.items():
        table.add_row(name, value or "none")
    console = open_console()
    console.print(table)
    console.print(styled("\n", (command, "bold")), soft_wrap=True)
    sys.stdout.flush()
