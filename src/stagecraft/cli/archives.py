"""Commands that carry a home elsewhere: `backup` and `restore`."""

import argparse
import sys
from pathlib import Path

from stagecraft.cli.command import Command, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.outputs import check_outside, whole_output
from stagecraft.cli.request import check_database, open_results
from stagecraft.cli.tables import write_size
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import UsageError
from stagecraft.files.opening import open_soon, why_not


def _backup(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.upkeep import back_up

    target: Path = args.file
    check_outside(workplace.home, target)
    check_database(workplace.home, is_thorough=True)
    with whole_output(target) as file:
        count, size = back_up(workplace.home, open_results(workplace.home), file)
    if args.json:
        print_json({"file": str(target), "files": count, "bytes": size})
    else:
        sys.stdout.write(f"{count} files, {write_size(size)}, of {workplace.home.root} in {target}\n")
    return 0


def _restore(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.upkeep import restore

    try:
        file = open(args.file, "rb", opener=open_soon)  # noqa: SIM115  (closed below)
    except OSError as error:
        raise UsageError(
            f"expected an archive at {args.file}, got: {why_not(error, args.file, 'writes')}"
        ) from None
    with file:
        count = restore(workplace.home, file)
    if args.json:
        print_json({"home": str(workplace.home.root), "files": count})
    else:
        sys.stdout.write(f"{count} files of {args.file} in {workplace.home.root}\n")
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the archive, a tar file")


def commands(manual: Manual) -> list[Command]:
    """Make these commands for a project."""
    return [
        Command(
            "backup",
            "Write all that the home keeps into one file, also while runs go on.",
            manual.examples["backup"],
            _arguments,
            _backup,
            details="Files of your own that lie elsewhere, such as a text or a series, are not in it.",
        ),
        Command(
            "restore",
            "Make a home of a backup, wherever the one was that it was made of.",
            manual.examples["restore"],
            _arguments,
            _restore,
            details="Each file is held against the digests in the backup first.",
        ),
    ]
