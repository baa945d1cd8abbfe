"""Commands that keep a home in order: `doctor` and `gc`."""

import argparse
import re
import sys
import time
from typing import TYPE_CHECKING

from stagecraft.cli.command import Command, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.tables import escape, make_table, open_console, write_size
from stagecraft.cli.workplace import Workplace
from stagecraft.names import Names

if TYPE_CHECKING:
    from stagecraft.upkeep import Collection, Finding

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{name}{end}": 1000**power for power, name in enumerate("kmgt", 1) for end in ("", "b")}
_UNITS |= {f"{name}ib": 1024**power for power, name in enumerate("kmgt", 1)}
# Keys and ids stay whole, to be copied; the terminal breaks lines that are too long for it.
_WIDE = 400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)", re.ASCII)


def _doctor(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.mlflow import Tracker
    from stagecraft.upkeep import examine

    findings = examine(Tracker(workplace.home))
    failures = [finding.repair() for finding in findings] if args.fix else None
    if args.json:
        print_json({"findings": _documents(findings, failures)})
    elif findings:
        _print_findings(findings, failures, workplace.names)
    else:
        sys.stdout.write("nothing found\n")
    return 0 if not findings or (failures is not None and not any(failures)) else 1


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
        done = "to do" if failures is None else "[red]not done[/]" if failure else "[green]done[/]"
        more = f" ({failure})" if failure else ""
        console.print(f"[bold]{finding.kind}[/]: {escape(finding.what)}", highlight=False, soft_wrap=True)
        console.print(f"    {done}: {escape(finding.remedy + more)}", highlight=False, soft_wrap=True)
    if failures is None:
        fix = f"`{names.project} doctor --fix`"
        console.print(f"\n{len(findings)} found; {fix} repairs that", highlight=False)
    else:
        repaired = failures.count("")
        console.print(f"\nrepaired {repaired} of {len(findings)}", highlight=False)


def _gc(args: argparse.Namespace, workplace: Workplace) -> int:
    from stagecraft.mlflow import Tracker
    from stagecraft.upkeep import Limits, collect

    since = None if args.older_than is None else time.time() - args.older_than
    collection = collect(Tracker(workplace.home), Limits(args.max_bytes, since), args.dry_run)
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


def _print_collection(collection: "Collection", dry_run: bool) -> None:
    console = open_console(width=_WIDE)
    if collection.freed:
        table = make_table("would go" if dry_run else "freed", "what", "size", "why")
        table.columns[2].justify = "right"
        for item in collection.freed:
            table.add_row(item.kind, escape(item.what), write_size(item.bytes), escape(item.why))
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
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return float(match[1]) * units[match[2]]


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="repair what is found")


def _gc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
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
