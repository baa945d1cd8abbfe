"""Commands that look at earlier runs: `runs`, `show` and `diff`."""

import argparse
from typing import TYPE_CHECKING

from secrecy import in_line
from stagecraft.cli.command import Command, count, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.tables import STAGE, make_table, open_console, styled
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from rich.table import Table

    from stagecraft.runs.history import History

_RUN = "the id of a run or the start of it, or latest, latest~1, …"


def _history(workplace: Workplace) -> "History":
    from stagecraft.mlflow import Tracker
    from stagecraft.runs.history import History

    return History(Tracker(workplace.home))


def _runs(args: argparse.Namespace, workplace: Workplace) -> int:
    runs = _history(workplace).latest(args.limit)
    if args.json:
        print_json([run.model_dump() for run in runs])
        return 0
    table = make_table("run", "started", "what", "status", "seconds", "ran", "cached")
    for column in table.columns[4:]:
        column.justify = "right"
    for run in runs:
        counts = str(run.count("completed")), str(run.count("cached"))
        started = run.started[:19].replace("T", " ")
        table.add_row(run.run_id[:8], started, run.name, run.status, f"{run.seconds:.1f}", *counts)
    none = f"there are no runs yet; start with `{workplace.names.project} run`"
    open_console().print(table if runs else none)
    return 0


def _show(args: argparse.Namespace, workplace: Workplace) -> int:
    run = _history(workplace).find(args.run)
    if args.json:
        print_json(run.model_dump())
        return 0
    console = open_console()
    console.print(
        f"{run.run_id}  {run.name}  {run.status}  {run.started}  {run.seconds:.1f} s\n", highlight=False
    )
    table = make_table(STAGE, "state", "seconds", "computed by", "why")
    table.columns[2].justify = "right"
    table.columns[4].overflow = "fold"
    for stage in run.stages:
        facts = (stage.state, f"{stage.seconds:.1f}", stage.computed_by[:8], stage.reason)
        table.add_row(stage.name, *facts)
    console.print(table)
    console.print("\nmetrics, at the end")
    for stage in run.stages:
        for metric, figure in sorted(stage.metrics.items()):
            console.print(f"  {stage.name}: {metric} = {figure:.6g}", highlight=False)
    console.print("\nparameters")
    for name, value in sorted(run.parameters.items()):
        console.print(f"  {name} = {in_line(value)}", highlight=False, soft_wrap=True)
    return 0


def _diff(args: argparse.Namespace, workplace: Workplace) -> int:
    history = _history(workplace)
    first, second = history.find(args.first), history.find(args.second)
    found = history.diff(first, second)
    if args.json:
        stages = [difference.model_dump() for difference in found]
        print_json({"first": first.run_id, "second": second.run_id, "stages": stages})
        return 0
    console = open_console()
    if not found:
        console.print("no difference in any stage")
    for difference in found:
        console.print(styled((difference.stage, "bold")))
        for cause in difference.causes:
            console.print(f"  {cause}", highlight=False, soft_wrap=True)
        if difference.metrics:
            console.print(_metrics(difference.metrics))
    return 0


def _metrics(metrics: "dict[str, tuple[float | None, float | None]]") -> "Table":
    """Lay out metrics of two runs side by side."""
    table = make_table("  metric", "first", "second", "change")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, (old, new) in metrics.items():
        change = "" if old is None or new is None else f"{new - old:+.4g}"
        table.add_row(f"  {name}", _number(old), _number(new), change)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _runs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=count, default=20, metavar="N", help="how many, the newest first (20)"
    )


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help=_RUN)


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", nargs="?", default="latest~1", metavar="RUN", help=_RUN)
    parser.add_argument("second", nargs="?", default="latest", metavar="RUN", help=_RUN)


def commands(manual: Manual) -> list[Command]:
    """Make these commands for a project."""
    return [
        Command(
            "runs",
            "List the newest runs: when, what, how it ended, how many stages ran.",
            manual.examples["runs"],
            _runs_arguments,
            _runs,
        ),
        Command(
            "show",
            "Show a run: its stages, their metrics, its parameters.",
            manual.examples["show"],
            _show_arguments,
            _show,
        ),
        Command(
            "diff",
            "Compare two runs: code, parameters and inputs, and their metrics.",
            manual.examples["diff"],
            _diff_arguments,
            _diff,
        ),
    ]
