"""A stage or a run in a few lines of Markdown, with links to what it recorded."""

from collections.abc import Iterable, Sequence

from stagecraft.cache.result import Kept
from stagecraft.files.identity import here
from stagecraft.mlflow import Tracker, command_for_pages, page_of
from stagecraft.progress.outcome import Outcome


def of_stage(tracker: Tracker, description: str, outcome: Outcome, files: Iterable[Kept]) -> str:
    """Say how a stage ended and where its record and its files are."""
    lines = [f"**{outcome.state}** in {outcome.seconds:.1f} s{_detail(outcome.figure)}", description]
    facts = [f"MLflow run: {_run(tracker, outcome.run_id)}"] if outcome.run_id else []
    if outcome.state == "cached" and outcome.computed_by:
        facts.append(f"cached, computed by run {_run(tracker, outcome.computed_by)}, where its files are")
    if outcome.reason:
        facts.append(f"{'why' if outcome.state == 'failed' else 'ran because'}: {_plain(outcome.reason)}")
    facts += [_file(tracker, file) for file in files if file.uri.startswith("runs:")]
    return "\n\n".join([*lines, "\n".join(f"- {fact}" for fact in facts), *_hint(tracker)])


def of_run(tracker: Tracker, run_id: str, outcomes: Sequence[Outcome], files: Iterable[Kept]) -> str:
    """List how each stage of a run ended, and where the run's record and files are."""
    facts = [f"MLflow run: {_run(tracker, run_id)}", *(_file(tracker, file) for file in files)]
    rows = [
        f"| {outcome.name} | {outcome.state} | {outcome.seconds:.1f} | {_plain(outcome.detail)} |"
        for outcome in outcomes
    ]
    table = ["| stage | state | seconds | main figure |", "|---|---|---:|---|", *rows]
    return "\n\n".join(["\n".join(f"- {fact}" for fact in facts), "\n".join(table), *_hint(tracker)])


def _run(tracker: Tracker, run_id: str) -> str:
    """Link to a run's page, or name the run where no server shows it."""
    page = page_of(tracker, run_id)
    return f"[{run_id[:8]}]({page})" if page else f"`{run_id}`"


def _file(tracker: Tracker, file: Kept) -> str:
    """Link to a file's page, or tell where it lies."""
    run_id, _, path = file.uri.removeprefix("runs:").strip("/").partition("/")
    page = page_of(tracker, run_id, path)
    return f"[{path}]({page})" if page else f"{path}: `{here(tracker.home, file.place)}`"


def _hint(tracker: Tracker) -> list[str]:
    """Tell how the runs can be looked at where no server shows them."""
    if page_of(tracker, "-"):
        return []
    return [f"To open the runs: `{command_for_pages(tracker)}`"]


def _detail(text: str) -> str:
    return f": {_plain(text)}" if text else ""


def _plain(text: str) -> str:
    """Keep a text from being taken for Markdown."""
    line = " ".join(text.split())
    return "".join(f"\\{mark}" if mark in "\\`*_[]<>|#" else mark for mark in line)
