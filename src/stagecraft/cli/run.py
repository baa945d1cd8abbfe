"""The commands that run the pipeline, or say what a run would do: `run` and `plan`."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from secrecy import redact
from stagecraft.cli.command import (
    Command,
    add_configuration,
    add_flow,
    add_stages,
    add_strict,
    print_json,
    stage,
)
from stagecraft.cli.log_file import LOG_FORMATS, logging_to
from stagecraft.cli.manual import Manual
from stagecraft.cli.outputs import check_outside
from stagecraft.cli.request import ask, check_database, check_results, open_results
from stagecraft.cli.tables import STAGE, make_table, open_console, styled
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import StageFailedError
from stagecraft.progress.notifying import notifying_of_failure
from stagecraft.progress.watching import logger
from stagecraft.runs.guard import IF_BUSY, guarded

if TYPE_CHECKING:
    from stagecraft.cache.results import Results
    from stagecraft.pipeline.plan import Plan
    from stagecraft.progress.outcome import Outcome
    from stagecraft.progress.watching import Watcher
    from stagecraft.runs.request import Request, Summary

_STYLES = {"cached": "blue", "would_run": "yellow", "may_run": "dim"}


def _arguments(parser: argparse.ArgumentParser, manual: Manual) -> None:
    add_configuration(parser, manual)
    add_flow(parser, manual)
    add_stages(parser, "--only", "just these; what they need must be cached")
    parser.add_argument(
        "--from",
        type=stage,
        metavar="STAGE",
        dest="since",
        help="this stage and all that depends on it, anew",
    )
    parser.add_argument("--until", type=stage, metavar="STAGE", help="this stage and all that it depends on")
    add_stages(parser, "--force", "these anew, even if they are cached")
    parser.add_argument("--offline", action="store_true", help="never touch the network")


def _run_arguments(parser: argparse.ArgumentParser, manual: Manual) -> None:
    _arguments(parser, manual)
    parser.add_argument(
        "--if-busy",
        choices=IF_BUSY,
        default="share",
        help="what to do while another run of this profile goes on in this home: share (the default) goes on"
        " beside it, and what both need is computed once; wait until it has ended; skip (exit status 0);"
        " fail (exit status 75)",
    )
    add_strict(parser)
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append log lines to a file")
    parser.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default="text",
        help="lines of that file: text (the default) or json, one document a line",
    )


def _plan(args: argparse.Namespace, workplace: Workplace) -> int:
    request = ask(args, workplace.project)
    check_database(workplace.home)
    plan = request.plan(open_results(workplace.home))
    check_results(workplace.home, plan)
    if args.json:
        stages = [intent.model_dump(exclude={"notices"}) for intent in plan.intents]
        print_json({"run_id": None, **_asked(request), "stages": stages})
        return 0
    table = make_table(STAGE, "state", "seconds", "why")
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"
    for intent in plan.intents:
        seconds = "" if intent.seconds is None or intent.state == "cached" else f"{intent.seconds:.1f}"
        why = "; ".join([text for text in (intent.reason, *intent.notices) if text])
        table.add_row(intent.name, styled((intent.state, _STYLES[intent.state])), seconds, why)
    console = open_console()
    console.print(table)
    for notice in request.notices:
        console.print(f"\nnote: {notice}", highlight=False)
    console.print(f"\n{_forecast(plan)}", highlight=False)
    return 0


def _asked(request: "Request") -> dict[str, object]:
    """Tell in a document what was asked for, and what was decided about it."""
    return {"profile": request.profile, "flow": request.flow, "notices": list(request.notices)}


def _forecast(plan: "Plan") -> str:
    """Say in a sentence what a run would take."""
    if plan.is_done:
        return "nothing to do: every stage is cached"
    known = [intent for intent in plan.intents if intent.state != "cached"]
    seconds = sum(intent.seconds or 0 for intent in known)
    unknown = sum(intent.seconds is None for intent in known)
    text = f"at most {len(known)} of {len(plan.intents)} stages to run, about {seconds:.0f} s of work"
    return f"{text}, and {unknown} that never ran here" if unknown else text


def _run(args: argparse.Namespace, workplace: Workplace) -> int:
    status = 0
    try:
        check_outside(workplace.home, args.log_file)
        with logging_to(args.log_file, args.log_format):
            request = ask(args, workplace.project)
            check_database(workplace.home)
            run_id, outcomes = _guarded(request, args, workplace)
    except StageFailedError as error:
        if args.debug:
            sys.stderr.write(redact("".join(traceback.format_exception(error))))
        status, run_id, outcomes = error.exit_status, error.run_id, error.outcomes
    if args.json:
        hidden = {"figure", "exit_status", "computed_by"}
        stages = [outcome.model_dump(exclude=hidden) for outcome in outcomes]
        print_json({"run_id": run_id or None, **_asked(request), "stages": stages})
    elif run_id:
        from stagecraft.cli.watching import print_summary
        from stagecraft.mlflow import Tracker

        if all(outcome.state == "cached" for outcome in outcomes):
            sys.stdout.write("nothing to do: every stage is cached\n\n")
        print_summary(outcomes, run_id, Tracker(workplace.home))
    return status


def _guarded(
    request: "Request", args: argparse.Namespace, workplace: Workplace
) -> tuple[str, Sequence["Outcome"]]:
    """Run what is asked for, unless another run goes on and that is a reason not to.

    Returns:
        the run in MLflow, and how each stage ended.
    """
    say = partial(_note, workplace.names.project, is_told=not args.log_file or sys.stderr.isatty())
    waiting = partial(say, f"waits for another run of {request.name} to end")
    stages = request.stages
    with guarded(workplace.home, request.name, args.if_busy, waiting) as is_free:
        if not is_free:
            say(f"skipped: another run of {request.name} goes on")
            return "", ()
        for notice in request.notices:
            say(notice)
        summary = _watched(request, args, workplace, stages)
    return summary.run_id, summary.stages


def _watched(
    request: "Request", args: argparse.Namespace, workplace: Workplace, stages: Sequence[str]
) -> "Summary":
    """Run what is asked for, shown on the terminal; tell of it if it fails."""
    from stagecraft.cli.watching import watching

    with (
        watching(stages, args.json, logged=bool(args.log_file)) as watcher,
        notifying_of_failure(request.name, request.notifier),
    ):
        has_server = bool(os.environ.get("PREFECT_API_URL"))
        results = open_results(workplace.home)
        plan = None if has_server and not request.selector.only else request.plan(results)
        if plan:
            check_results(workplace.home, plan)
        summary = None if has_server or not plan else replay_cached(request, plan, results, watcher)
        summary = summary or _conduct(request, workplace, watcher)
        ran = sum(outcome.state == "completed" for outcome in summary.stages)
        count = len(summary.stages)
        logger.info("run %s: %d of %d stages ran, the others were cached", summary.run_id, ran, count)
    return summary


def replay_cached(
    request: "Request", plan: "Plan", results: "Results", watcher: "Watcher"
) -> "Summary | None":
    """Record a run without Prefect if every stage is cached, and none is damaged or freed meanwhile."""
    if not plan.is_done:
        return None
    from stagecraft.cache.sessions import session
    from stagecraft.mlflow import Tracker
    from stagecraft.runs.replaying import all_there, replaying
    from stagecraft.runs.run import run

    with session(results.home) as counting_on:
        if not all_there(results, counting_on, plan):
            return None
        return run(request, Tracker(results.home), results, watcher, replaying, plan.results)


def _conduct(request: "Request", workplace: Workplace, watcher: "Watcher") -> "Summary":
    """Run the Prefect flow.

    Raises:
        ServerError: Prefect's server does not answer, or fails.
        StageFailedError: a stage failed.
    """
    if "PREFECT_API_URL" not in os.environ:
        logger.info("starting Prefect and MLflow; the first time in a home takes longest")
    from stagecraft.prefect import answering, reaching_prefect

    with reaching_prefect(workplace.home), answering():
        return workplace.project.start(request, watcher)


def _note(program: str, text: str, is_told: bool) -> None:
    """Say something that is no error, in the log and to who watches, if somebody does."""
    if is_told:
        sys.stderr.write(f"{program}: {text}\n")
    logger.info(text)


def commands(manual: Manual) -> list[Command]:
    """Make these commands for a project."""
    return [
        Command(
            "run",
            "Run the whole pipeline, or part of it; what is cached is not run again.",
            manual.examples["run"],
            partial(_run_arguments, manual=manual),
            _run,
            needs_project=True,
        ),
        Command(
            "plan",
            "Say what a run would do and why, without running anything.",
            manual.examples["plan"],
            partial(_arguments, manual=manual),
            _plan,
            is_brief=True,
            needs_project=True,
        ),
    ]
