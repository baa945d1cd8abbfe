"""Commands that keep a home in order: `doctor` and `gc`."""

import argparse
import re
import sqlite3
import sys
import time
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING

from secrecy import quote
from stagecraft.cli.command import Command, filled, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.request import check_database, has_own_store
from stagecraft.cli.tables import make_table, open_console, styled, write_size
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import UsageError
from stagecraft.files.home import Home
from stagecraft.files.identity import database_files, open_existing
from stagecraft.names import Names

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker
    from stagecraft.upkeep import Collection, Finding

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{name}{end}": 1000**power for power, name in enumerate("kmgt", 1) for end in ("", "b")}
_UNITS |= {f"{name}ib": 1024**power for power, name in enumerate("kmgt", 1)}
# Keys and ids stay whole, to be copied; the terminal breaks lines that are too long for it.
_WIDE = 400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)", re.ASCII)


def _doctor(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.upkeep import all_set_aside, examine, find_lost, not_kept

    if args.new_database:
        _build_database(args, workplace)
    check_database(workplace.home, is_thorough=True)
    tracker = _tracker(workplace.home)
    if args.put_back:
        return _put_back(tracker, args)
    if not tracker.home.artifacts.exists() and tracker.artifact_folder() == tracker.home.artifacts:
        sys.stderr.write(
            f"{workplace.names.project}: note: {tracker.home.artifacts} is not there; if it was moved, put it"
            " back before anything is repaired\n"
        )
    unkeyed = not_kept(tracker)
    findings = find_lost(tracker)
    failures = [finding.repair() for finding in findings] if args.fix else None
    if not findings or (failures is not None and not any(failures)):
        rest = examine(tracker)
        findings += rest
        failures = None if failures is None else failures + [finding.repair() for finding in rest]
    if args.json:
        stages = [{"stage": stage, "run_id": run, "what": what} for stage, (run, what) in unkeyed.items()]
        more: dict[str, object] = {"not_kept": stages} if stages else {}
        if waiting := {each.name: each.bytes for each in all_set_aside(workplace.home)}:
            more["set_aside"] = waiting
        print_json({"findings": _documents(findings, failures), **more})
    elif findings:
        _print_findings(findings, failures, workplace.names)
    else:
        sys.stdout.write("nothing found\n")
    if not args.json:
        _print_set_aside(workplace)
    for stage, (run, what) in unkeyed.items() if not args.json else ():
        sys.stdout.write(
            f"note: the result of {stage} is not kept: it {what}, which its key does not know"
            f" (run {run[:8]}); declare that in the stage's `depends`\n"
        )
    return 0 if not findings or (failures is not None and not any(failures)) else 1


def _tracker(home: Home) -> "Tracker":
    """Open the store; the home's own database itself, for its server does not tell or take all."""
    from stagecraft.mlflow import Tracker

    return Tracker(home, home.store if has_own_store(home) else "")


def _build_database(args: argparse.Namespace, workplace: Workplace) -> None:
    """Build MLflow's database of what the home has recorded; the one that is there is set aside.

    Raises:
        UsageError: it is no repair that was asked for, or somebody uses the home.
    """
    from stagecraft.cache.sessions import living
    from stagecraft.mlflow.rebuilding import rebuild
    from stagecraft.servers.announcement import addresses
    from stagecraft.upkeep import SetAside

    home, program = workplace.home, workplace.names.project
    if not args.fix:
        raise UsageError(f"expected `{program} doctor --fix --new-database`, got --new-database alone")
    if addresses(home) or living(home):
        raise UsageError(f"expected {home.root} at rest, got one with servers or runs; stop them first")
    _check_unheld(home)
    for file in database_files(home.database):
        SetAside(home).take(file)
    built = rebuild(home, home.database)
    home.restoring.unlink(missing_ok=True)  # the home is what was restored of it
    for lost in built.lost:
        sys.stderr.write(f"{program}: not brought back: {lost}\n")
    sys.stderr.write(
        f"{program}: built {home.database} of {len(built.accounts)} runs and {len(built.models)} models\n"
    )


def _check_unheld(home: Home) -> None:
    """See that no other program changes the database just now.

    Raises:
        UsageError: one does.
    """
    with suppress(sqlite3.DatabaseError), closing(open_existing(home.database)) as connection:
        connection.execute("PRAGMA busy_timeout = 2000")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(f"another program holds {home.database}; end that first") from None


def _put_back(tracker: "Tracker", args: argparse.Namespace) -> int:
    from stagecraft.upkeep import put_back

    left = put_back(tracker, args.put_back)
    if args.json:
        print_json({"put_back": args.put_back, "left": left})
    else:
        sys.stdout.write(
            "".join(f"{line}\n" for line in left) or f"put back what {args.put_back} set aside\n"
        )
    return 1 if left else 0


def _print_set_aside(workplace: Workplace) -> None:
    """Say what repairs set aside, and what can become of it."""
    from stagecraft.upkeep import all_set_aside

    program = workplace.names.project
    for each in all_set_aside(workplace.home):
        sys.stdout.write(
            f"set aside: {each.name}, {_bytes(each.bytes)}; `{program} doctor --put-back {each.name}` undoes"
            f" it, `{program} gc --set-aside` frees it\n"
        )
        sys.stdout.write("".join(f"    {flaw}\n" for flaw in each.flaws))


def _documents(findings: "list[Finding]", failures: list[str] | None) -> list[dict[str, object]]:
    """Describe what was found as JSON has it."""
    fixed = [None] * len(findings) if failures is None else [not failure for failure in failures]
    return [
        {"kind": finding.kind, "what": finding.what, "fixed": done}
        for finding, done in zip(findings, fixed, strict=True)
    ]


def _print_findings(findings: "list[Finding]", failures: list[str] | None, names: Names) -> None:
    """Print each with what is to do, or what was done."""
    console = open_console()
    for finding, failure in zip(findings, failures or [""] * len(findings), strict=True):
        done = "to do" if failures is None else ("not done", "red") if failure else ("done", "green")
        more = f" ({failure})" if failure else ""
        console.print(styled((finding.kind, "bold"), f": {finding.what}"), highlight=False, soft_wrap=True)
        console.print(styled("    ", done, f": {finding.remedy}{more}"), highlight=False, soft_wrap=True)
    if failures is None:
        fix = f"`{names.project} doctor --fix`"
        console.print(f"\n{len(findings)} found; {fix} repairs that", highlight=False)
    else:
        repaired = failures.count("")
        console.print(f"\nrepaired {repaired} of {len(findings)}", highlight=False)


def _gc(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.upkeep import Limits, collect, find_lost

    check_database(workplace.home, is_thorough=True)
    if args.set_aside is not None:
        return _free_set_aside(args, workplace)
    since = None if args.older_than is None else time.time() - args.older_than
    tracker = _tracker(workplace.home)
    if lost := find_lost(tracker):
        raise UsageError(
            f"expected MLflow to know what the home has files of, got {len(lost)} that it does not, such as"
            f" {lost[0].what}; `{workplace.names.project} doctor --fix` brings them back"
        )
    collection = collect(tracker, Limits(args.max_bytes, since), args.dry_run)
    if args.json:
        print_json(collection.model_dump())
    else:
        _print_collection(collection, args.dry_run)
    if args.max_bytes is not None and collection.kept_bytes > args.max_bytes:
        held, wanted = _bytes(collection.kept_bytes), _bytes(args.max_bytes)
        reason = "runs in progress, aliases, pinned runs and what they need hold the rest"
        program = workplace.names.project
        sys.stderr.write(f"{program}: note: expected to keep at most {wanted}, keeps {held}: {reason}\n")
    return 0


def _free_set_aside(args: argparse.Namespace, workplace: Workplace) -> int:
    """Free what repairs set aside, and nothing else."""
    from stagecraft.upkeep import all_set_aside

    old = [each for each in all_set_aside(workplace.home) if each.age_s >= args.set_aside]
    freed = {each.name: each.bytes for each in old}
    for each in [] if args.dry_run else old:
        each.free()
    if args.json:
        print_json({"set_aside": freed})
    else:
        does = "would free" if args.dry_run else "freed"
        sys.stdout.write(f"{does} {_bytes(sum(freed.values()))} that {len(freed)} repairs set aside\n")
    return 0


def _print_collection(collection: "Collection", dry_run: bool) -> None:
    console = open_console(width=_WIDE)
    if collection.freed:
        table = make_table("would go" if dry_run else "freed", "what", "size", "why")
        table.columns[2].justify = "right"
        for item in collection.freed:
            table.add_row(item.kind, item.what, write_size(item.bytes), item.why)
        console.print(table)
        console.print()
    freed, kept = _bytes(collection.freed_bytes), _bytes(collection.kept_bytes)
    text = f"would free {freed} and keep {kept}" if dry_run else f"freed {freed}, kept {kept}"
    console.print(text, highlight=False)


def _bytes(size: int) -> str:
    """Write a size so that it can be read, and exactly."""
    return f"{size:,} bytes" if size < 1000 else f"{write_size(size)} ({size:,} bytes)"


def _size(text: str) -> int:
    """Read a number of bytes, such as 500MB."""
    return int(_amount(text, _UNITS, "a size such as 500MB, 2GB or 1GiB"))


def _age(text: str) -> float:
    """Read a time, such as 30d, in seconds."""
    return _amount(text, _SECONDS, "an age such as 30d, 12h, 45m or 90s")


def _amount(text: str, units: dict[str, int], expected: str) -> float:
    match = _AMOUNT.fullmatch(text.strip().lower())
    if not match or match[2] not in units:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {quote(text)}")
    return float(match[1]) * units[match[2]]


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--new-database",
        action="store_true",
        help="with --fix: build mlflow.db of what the results recorded; the one that is there is set aside",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--fix", action="store_true", help="repair what is found; what stands in the way is set aside"
    )
    either.add_argument("--dry-run", action="store_true", help="only say what is to do, as without options")
    either.add_argument(
        "--put-back",
        type=partial(filled, "the time of a repair"),
        metavar="TIME",
        help="undo what a repair set aside",
    )


def _gc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument(
        "--set-aside",
        nargs="?",
        const=0.0,
        type=_age,
        metavar="AGE",
        help="free what `doctor --fix` set aside, so long ago at least, and nothing else",
    )
    parser.add_argument(
        "--max-bytes",
        type=_size,
        metavar="N",
        help="free what was not used for longest until so much is left, such as 500MB",
    )
    parser.add_argument(
        "--older-than",
        type=_age,
        metavar="AGE",
        help="free results and checkpoints that were not used for so long, such as 30d or 12h",
    )


def commands(manual: Manual) -> list[Command]:
    """Make these commands for a project."""
    pinned = manual.names.tag("pinned")
    return [
        Command(
            "doctor",
            "Find what does not fit together in the home, such as results without files, and repair it.",
            manual.examples["doctor"],
            _doctor_arguments,
            _doctor,
        ),
        Command(
            "gc",
            f"Free space, but nothing that a run in progress, an alias or a run tagged `{pinned}` needs.",
            manual.examples["gc"],
            _gc_arguments,
            _gc,
        ),
    ]
