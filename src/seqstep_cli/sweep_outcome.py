"""What came out of a sweep: as a document, or as tables and lines for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from secrecy import in_line
from seqstep.sweep.table import Ended, Seeds, best_of, group_by_seeds, ranked
from seqstep_cli.sweep_request import SweepRequest
from stagecraft.cli.tables import make_table, open_console, styled

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker

_STYLES = {"completed": "green", "failed": "red"}


def document_of(sweep: SweepRequest, run_id: str, ended: Sequence[Ended]) -> dict[str, Any]:
    """Tell in a document what came out."""
    groups = group_by_seeds(ended, sweep.args.maximize)
    best = _best_over_seeds(sweep, groups) if groups else _best_point(sweep, ended)
    return {
        "run_id": run_id,
        "profile": sweep.args.profile,
        "flow": sweep.request.flow,
        "notices": list(sweep.notices),
        "metric": sweep.metric,
        "goal": "maximize" if sweep.args.maximize else "minimize",
        "points": [_shown(point) for point in ended],
        "over_seeds": [_shown_seeds(group) for group in groups],
        "best": best,
    }


def _best_point(sweep: SweepRequest, ended: Sequence[Ended]) -> dict[str, Any] | None:
    best = best_of(ended, sweep.args.maximize)
    return best and {**_shown(best), "command": sweep.command(best.assignments)}


def _best_over_seeds(sweep: SweepRequest, groups: Sequence[Seeds]) -> dict[str, Any] | None:
    """Tell the settings with the best mean; none where only seeds differ, or without any mean."""
    first = groups[0]
    if not first.settings or first.mean is None:
        return None
    return {**_shown_seeds(first), "command": sweep.command(first.assignments)}


def _shown_seeds(group: Seeds) -> dict[str, Any]:
    shown = {"settings": group.settings, "mean": group.mean, "spread": group.spread}
    return {**shown, "seeds": len(group.points)}


def _shown(point: Ended) -> dict[str, Any]:
    return {name: value for name, value in point._asdict().items() if name != "assignments"}


def print_outcome(sweep: SweepRequest, tracker: "Tracker", run_id: str, ended: Sequence[Ended]) -> None:
    """Print the points, the best first, and how to look at what came out."""
    from stagecraft.mlflow import command_for_pages, page_of

    table = make_table(*sweep.names, sweep.metric, "seconds", "state", "run", "why")
    for column in table.columns[: len(sweep.names) + 2]:
        column.justify, column.overflow = "right", "fold"
    table.columns[-1].overflow = "fold"
    for point in ranked(ended, sweep.args.maximize):
        values = [_number(value) for value in point.settings.values()]
        figure = "–" if point.figure is None else f"{point.figure:.6g}"
        state = styled((point.state, _STYLES[point.state]))
        table.add_row(*values, figure, f"{point.seconds:.1f}", state, point.run_id[:8], point.reason)
    console = open_console()
    console.print(table)
    console.print()
    lines = [("sweep", run_id), ("MLflow", page_of(tracker, run_id) or command_for_pages(tracker))]
    for name, value in [*lines, *_what_is_best(sweep, tracker, run_id, ended)]:
        console.print(f"{name:<11}{in_line(value)}", highlight=False, soft_wrap=True)


def _what_is_best(
    sweep: SweepRequest, tracker: "Tracker", run_id: str, ended: Sequence[Ended]
) -> Iterator[tuple[str, str]]:
    """List, in lines with a heading each, what was recorded and what came out as the best."""
    if not (best := best_of(ended, sweep.args.maximize)):
        return
    yield "table", str(tracker.open_held(run_id, "sweep.csv"))
    yield "picture", str(tracker.open_held(run_id, "plots/sweep.png"))
    groups = group_by_seeds(ended, sweep.args.maximize)
    if not groups:
        yield "best", words_of(best)
        yield "again", sweep.command(best.assignments)
    for place, group in enumerate(groups):
        yield "" if place else "over seeds", _told_seeds(group)
    if groups and (again := _best_over_seeds(sweep, groups)):
        yield "again", again["command"]


def words_of(point: Ended) -> str:
    """Say in a line how a point ended."""
    settings = ", ".join(f"{name}={_number(value)}" for name, value in point.settings.items())
    if point.state == "failed":
        return f"{settings}: failed: {point.reason}"
    return f"{settings}: {point.figure:.6g} in {point.seconds:.1f} s of work"


def _told_seeds(group: Seeds) -> str:
    """Say in a line what points came to that differ in the seed alone."""
    settings = ", ".join(f"{name}={_number(value)}" for name, value in group.settings.items())
    start, seeds = f"{settings}: " if settings else "", f"{len(group.points)} seeds"
    if group.mean is None:
        return f"{start}no mean of {seeds}, for one failed or is not finite"
    spread = "" if group.spread is None else f" ± {group.spread:.2g}"
    return f"{start}{group.mean:.6g}{spread} (mean and standard deviation of {seeds})"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
