"""What a run looks like on the terminal: bars while it runs where someone watches, else log lines."""

import logging
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar
from rich.text import Text

from secrecy import link_url
from stagecraft.cache.result import Kept
from stagecraft.cli.console import Above, PlainConsole
from stagecraft.cli.tables import STAGE, make_table, open_console, styled
from stagecraft.progress.outcome import Outcome
from stagecraft.progress.watching import LogWatcher, Together, Watcher, logged_by, logger

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker

_MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▸", "cyan"),
    "completed": ("✓", "green"),
    "cached": ("✓", "blue"),
    "failed": ("✗", "red"),
    "skipped": ("–", "yellow"),
}
_SHORT = {"tokens_per_s": "tokens/s"}


class _Bar(BarColumn):
    """A bar that is empty until its stage starts."""

    def render(self, task: Task) -> ProgressBar:
        return super().render(task) if task.started else ProgressBar(total=1, width=self.bar_width)


class _Mark(ProgressColumn):
    """How far a stage is, as a sign."""

    def render(self, task: Task) -> Text:
        return styled(_MARKS[task.fields["state"]])


class Bars(Watcher):
    """Shows the list of stages as it fills, with a bar for each that tells how far it is."""

    def __init__(self, progress: Progress, names: Sequence[str]) -> None:
        self.progress = progress
        self.bars: dict[str, TaskID] = {
            name: progress.add_task(name, start=False, total=None, state="waiting", figures="", visible=True)
            for name in names
        }

    def started(self, stage: str) -> None:
        """Start the stage's clock."""
        self.progress.start_task(self.bars[stage])
        self.progress.update(self.bars[stage], state="running")

    def progressed(self, stage: str, done: int, total: int | None, figures: Mapping[str, float]) -> None:
        """Move the stage's bar."""
        count = f"{done:,} of {total:,}" if total else f"{done:,}"
        text = "  ".join([count, *(f"{_short(name)} {_number(value)}" for name, value in figures.items())])
        self.progress.update(self.bars[stage], completed=done, total=total, figures=text)

    def noticed(self, stage: str, text: str) -> None:
        """Print the notice above the bars."""
        self.progress.console.print(styled(("note", "yellow"), f" {stage}: {text}"), highlight=False)

    def finished(self, outcome: Outcome, files: Sequence[Kept] = ()) -> None:
        """Fill the stage's bar."""
        done = 1 if outcome.state in ("completed", "cached") else 0
        self.progress.update(
            self.bars[outcome.name],
            state=outcome.state,
            total=1,
            completed=done,
            figures=outcome.detail,
        )
        self.progress.stop_task(self.bars[outcome.name])


@contextmanager
def watching(names: Sequence[str], quiet: bool, logged: bool = False) -> Iterator[Watcher]:
    """Show a run: bars if standard error is a terminal and not `quiet`, else log lines with times.

    Args:
        logged: a log file has the lines; nobody at a terminal is told warnings and errors only.
    """
    console = PlainConsole(sys.stderr)
    if quiet or not console.is_terminal:
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(logging.WARNING if logged and not console.is_terminal else logging.INFO)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        with logged_by(handler):
            yield LogWatcher()
        return
    columns = (
        _Mark(),
        TextColumn("{task.description}", markup=False),
        _Bar(bar_width=20),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    above = Above(console)
    with (
        Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress,
        closing(above),
        redirect_stdout(cast(TextIO, above)),
        redirect_stderr(cast(TextIO, above)),
    ):
        bars = Bars(progress, names)
        # Warnings that concern no stage, which has its bar, go above the bars.
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(logging.WARNING)
        handler.addFilter(lambda record: not hasattr(record, "stage"))
        handler.setFormatter(logging.Formatter("%(name)s: warning: %(message)s"))
        logger.addHandler(handler)
        try:
            yield Together(bars, LogWatcher()) if logged else bars
        finally:
            logger.removeHandler(handler)


def print_summary(outcomes: Sequence[Outcome], run_id: str, tracker: "Tracker") -> None:
    """Print how each stage ended, and how to look at what came out."""
    table = make_table(STAGE, "state", "seconds", "main figure")
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"  # an error's address stays whole
    for outcome in outcomes:
        state = styled((outcome.state, _MARKS[outcome.state][1]))
        table.add_row(outcome.name, state, f"{outcome.seconds:.1f}", outcome.detail)
    console = open_console()
    console.print(table)
    local = tracker.uri == tracker.home.store
    program = Path(sys.executable).with_name("mlflow")
    server = "http://127.0.0.1:5000" if local else link_url(tracker.uri)
    lines = {"run": run_id}
    if local:
        lines["MLflow"] = shlex.join([str(program), "ui", "--backend-store-uri", tracker.uri])
    lines["pages"] = f"{server}/#/experiments/{tracker.experiment_id}/runs?workflowType=machine_learning"
    lines |= {Path(name).stem: str(tracker.open_held(run_id, name)) for name in tracker.held(run_id)}
    console.print()
    for name, value in lines.items():
        console.print(f"{name:<8}{value}", highlight=False, soft_wrap=True)


def _short(name: str) -> str:
    """Take the last part of a metric's name."""
    last = name.rsplit("/", 1)[-1]
    return _SHORT.get(last, last)


def _number(value: float) -> str:
    """Write a figure with four digits that count, large ones without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
