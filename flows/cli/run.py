"""The commands that run the pipeline, or say what a run would do: `run` and `plan`."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from flows.cli.command import Command, add_configuration, add_stages, print_json
from flows.cli.log_file import LOG_FORMATS, logging_to
from flows.cli.request import Done, Request, replayed
from flows.cli.tables import escape, make_table, open_console
from flows.failure import handed_over, heralded
from secrecy import redact
from stagecraft.errors import StageFailedError
from stagecraft.guard import IF_BUSY, guarded
from stagecraft.home import open_home
from stagecraft.plan import Plan
from stagecraft.progress import logger

_MARKS = {"cached": "[blue]", "would_run": "[yellow]", "may_run": "[dim]"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_configuration(parser)
    add_stages(parser, "--only", "just these; what they need must be cached")
    parser.add_argument(
        "--from",
        default="",
        metavar="STAGE",
        dest="since",
        help="this stage and all that depends on it, anew",
    )
    parser.add_argument("--until", default="", metavar="STAGE", help="this stage and all that it depends on")
    add_stages(parser, "--force", "these anew, even if they are cached")
    parser.add_argument("--offline", action="store_true", help="never touch the network")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument(
        "--if-busy",
        choices=IF_BUSY,
        default="share",
        help="what to do while another run of this profile goes on in this home: share (the default) goes on"
        " beside it, and what both need is computed once; wait until it has ended; skip (exit status 0);"
        " fail (exit status 75)",
    )
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="append log lines to a file")
    parser.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default="text",
        help="lines of that file: text (the default) or json, one document a line",
    )


def _plan(args: argparse.Namespace) -> int:
    plan = Request(args).plan()
    if args.json:
        stages = [intent.model_dump(exclude={"notices"}) for intent in plan.intents]
        print_json({"run_id": None, "profile": args.profile, "stages": stages})
        return 0
    table = make_table("stage", "state", "seconds", "why")
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"
    for intent in plan.intents:
        seconds = "" if intent.seconds is None or intent.state == "cached" else f"{intent.seconds:.1f}"
        why = escape("; ".join([text for text in (intent.reason, *intent.notices) if text]))
        table.add_row(intent.name, f"{_MARKS[intent.state]}{intent.state}", seconds, why)
    console = open_console()
    console.print(table)
    console.print(f"\n{_forecast(plan)}", highlight=False)
    return 0


def _forecast(plan: Plan) -> str:
    """Say in a sentence what a run would take."""
    if plan.is_done:
        return "nothing to do: every stage is cached"
    known = [intent for intent in plan.intents if intent.state != "cached"]
    seconds = sum(intent.seconds or 0 for intent in known)
    unknown = sum(intent.seconds is None for intent in known)
    text = f"at most {len(known)} of {len(plan.intents)} stages to run, about {seconds:.0f} s of work"
    return f"{text}, and {unknown} that never ran here" if unknown else text


def _run(args: argparse.Namespace) -> int:
    status = 0
    try:
        with logging_to(args.log_file, args.log_format):
            run_id, outcomes = _guarded(Request(args), args)
    except StageFailedError as error:
        if args.debug:
            sys.stderr.write(redact("".join(traceback.format_exception(error))))
        status, run_id, outcomes = error.exit_status, error.run_id, error.outcomes
    if args.json:
        hidden = {"figure", "exit_status", "computed_by"}
        stages = [outcome.model_dump(exclude=hidden) for outcome in outcomes]
        print_json({"run_id": run_id or None, "profile": args.profile, "stages": stages})
    elif run_id:
        from flows.cli.watching import print_summary
        from stagecraft.tracking import Tracker

        if all(outcome.state == "cached" for outcome in outcomes):
            sys.stdout.write("nothing to do: every stage is cached\n\n")
        print_summary(outcomes, run_id, Tracker(open_home()))
    return status


def _guarded(request: Request, args: argparse.Namespace) -> Done:
    """Run what is asked for, unless another run goes on and that is a reason not to."""
    is_told = not args.log_file or sys.stderr.isatty()
    names = [name for name in _order(request) if name in request.selection.selected]
    waiting = partial(_note, f"waits for another run of {request.name} to end", is_told)
    with guarded(open_home(), request.name, args.if_busy, waiting) as is_free:
        if is_free:
            return _watched(request, args, names)
        _note(f"skipped: another run of {request.name} goes on", is_told)
        return "", ()


def _watched(request: Request, args: argparse.Namespace, names: Sequence[str]) -> Done:
    """Run what is asked for, shown on the terminal; tell of it if it fails."""
    from flows.cli.watching import watching

    with watching(names, args.json, logged=bool(args.log_file)), heralded(request.name) as herald:
        herald.config = request.config.notify
        has_server = bool(os.environ.get("PREFECT_API_URL"))
        plan = None if has_server and not request.wish.only else request.plan()
        ended = (None if has_server or not plan else replayed(request, plan, herald)) or _conduct(request)
        ran = sum(outcome.state == "completed" for outcome in ended[1])
        logger.info("run %s: %d of %d stages ran, the others were cached", ended[0], ran, len(ended[1]))
    return ended


def _note(text: str, is_told: bool) -> None:
    """Say something that is no error, in the log and to who watches, if somebody does."""
    if is_told:
        sys.stderr.write(f"seqstep: {text}\n")
    logger.info(text)


def _order(request: Request) -> list[str]:
    from flows.walk import graph

    return list(graph(request.config).nodes)


def _conduct(request: Request) -> Done:
    """Run the Prefect flow.

    Raises:
        ServerError: Prefect's server does not answer.
        StageFailedError: a stage failed.
    """
    logger.info("starting Prefect and MLflow; the first time in a home takes longest")
    from flows.pipeline import pipeline
    from stagecraft.orchestration import check_server, temporary_server

    check_server()
    wish = request.wish
    token = handed_over.set(request.config)
    try:
        with temporary_server(open_home()):
            state = pipeline(
                profile=request.profile,
                settings=json.loads(request.config.model_dump_json()),
                only=list(wish.only),
                from_stage=wish.since or None,
                until=wish.until or None,
                force=list(wish.force),
                offline=request.offline,
                return_state=True,
            )
    finally:
        handed_over.reset(token)
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result.run_id, result.stages


COMMANDS = [
    Command(
        "run",
        "Run the whole pipeline, or part of it; what is cached is not run again.",
        [
            "seqstep run",
            "seqstep run notes --until ngrams",
            "seqstep run compare --until backtest",
            "seqstep run --only train_rnn --force train_rnn",
            "seqstep run --from evaluate_language",
            "seqstep run --set corpus.path=my.txt rnn.epochs=200",
            "seqstep run --set series.path=data.csv series.column=load --until evaluate_forecasts",
            "seqstep run notes --if-busy skip --log-file seqstep.log --log-format json",
        ],
        _run_arguments,
        _run,
    ),
    Command(
        "plan",
        "Say what a run would do and why, without running anything.",
        ["seqstep plan", "seqstep plan notes", "seqstep plan --set rnn.epochs=200 --until train_rnn"],
        _arguments,
        _plan,
        is_brief=True,
    ),
]
