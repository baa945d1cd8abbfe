"""The commands that run the pipeline, or say what a run would do: `run` and `plan`."""

import argparse
import json
import os
import shlex
import sys
import traceback
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.command import Command, add_configuration, configured_changes, print_json
from flows.cli.console import print_summary, watching
from flows.cli.log_file import LOG_FORMATS, logging_to
from flows.failure import Herald, handed_over, heralded
from secrecy import redact
from seqstep.config import Config
from seqstep.settings import flatten, resolve
from stagecraft.errors import StageFailedError
from stagecraft.guard import IF_BUSY, guarded
from stagecraft.home import open_home
from stagecraft.plan import Plan, make_plan
from stagecraft.progress import logger
from stagecraft.results import Results
from stagecraft.selection import Selection, Wish
from stagecraft.up import addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stagecraft.progress import Outcome
    from stagecraft.result import Kept
    from stagecraft.tracking import SharedRecords

    _Ended = tuple[str, Sequence[Outcome]]

_MARKS = {"cached": "[blue]", "would_run": "[yellow]", "may_run": "[dim]"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_configuration(parser)
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="STAGE", help="just these; what they need must be cached"
    )
    parser.add_argument(
        "--from",
        default="",
        metavar="STAGE",
        dest="since",
        help="this stage and all that depends on it, anew",
    )
    parser.add_argument("--until", default="", metavar="STAGE", help="this stage and all that it depends on")
    parser.add_argument(
        "--force", nargs="+", default=[], metavar="STAGE", help="these anew, even if they are cached"
    )
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


class _Request:
    """What a command line asks for: a configuration, and a part of the pipeline."""

    def __init__(self, args: argparse.Namespace) -> None:
        from flows.walk import bound, choose

        self.profile: str = args.profile
        self.config: Config = resolve(args.profile, configured_changes(args))
        self.wish = Wish(only=args.only, since=args.since, until=args.until, force=args.force)
        self.selection: Selection = choose(self.config, self.wish)
        self.offline: bool = args.offline
        self.walk = bound(self.profile, self.config, self.offline)
        self.results = Results(open_home(), _fetch, _Shared())
        file = ["--config", str(args.config)] if args.config else []
        shown = _shown(args.assignments)
        changes = ["--set", *shown] if shown else []
        self.command = shlex.join(["seqstep", "run", args.profile, *file, *changes])
        self.name = f"pipeline {self.profile}"

    def plan(self) -> Plan:
        """Find out what a run would do."""
        return make_plan(self.walk, self.results, self.selection, self.command)


def _shown(assignments: "Sequence[str]") -> list[str]:
    """Repeat assignments without secrets; who is told of failures matters to no message."""
    return [redact(text) for text in assignments if not text.strip().startswith("notify.")]


def _plan(args: argparse.Namespace) -> int:
    plan = _Request(args).plan()
    if args.json:
        stages = [intent.model_dump(exclude={"notices"}) for intent in plan.intents]
        print_json({"run_id": None, "profile": args.profile, "stages": stages})
        return 0
    table = Table("stage", "state", "seconds", "why", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    table.columns[3].overflow = "fold"
    for intent in plan.intents:
        seconds = "" if intent.seconds is None or intent.state == "cached" else f"{intent.seconds:.1f}"
        why = escape("; ".join([text for text in (intent.reason, *intent.notices) if text]))
        table.add_row(intent.name, f"{_MARKS[intent.state]}{intent.state}", seconds, why)
    console = Console()
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
            run_id, outcomes = _guarded(_Request(args), args)
    except StageFailedError as error:
        if args.debug:
            sys.stderr.write(redact("".join(traceback.format_exception(error))))
        status, run_id, outcomes = error.exit_status, error.run_id, error.outcomes
    if args.json:
        hidden = {"figure", "exit_status", "computed_by"}
        stages = [outcome.model_dump(exclude=hidden) for outcome in outcomes]
        print_json({"run_id": run_id or None, "profile": args.profile, "stages": stages})
    elif run_id:
        from stagecraft.tracking import Tracker

        if all(outcome.state == "cached" for outcome in outcomes):
            sys.stdout.write("nothing to do: every stage is cached\n\n")
        print_summary(outcomes, run_id, Tracker(open_home()))
    return status


def _guarded(request: _Request, args: argparse.Namespace) -> "_Ended":
    """Run what is asked for, unless another run goes on and that is a reason not to."""
    is_told = not args.log_file or sys.stderr.isatty()
    waiting = partial(_note, f"waits for another run of {request.name} to end", is_told)
    with guarded(open_home(), request.name, args.if_busy, waiting) as is_free:
        if is_free:
            return _watched(request, args)
        _note(f"skipped: another run of {request.name} goes on", is_told)
        return "", ()


def _watched(request: _Request, args: argparse.Namespace) -> "_Ended":
    """Run what is asked for, shown on the terminal; tell of it if it fails."""
    names = [name for name in _order(request) if name in request.selection.selected]
    with watching(names, args.json, logged=bool(args.log_file)), heralded(request.name) as herald:
        herald.config = request.config.notify
        has_server = bool(os.environ.get("PREFECT_API_URL"))
        plan = None if has_server and not request.wish.only else request.plan()
        ended = (None if has_server or not plan else _replay(request, plan, herald)) or _conduct(request)
        ran = sum(outcome.state == "completed" for outcome in ended[1])
        logger.info("run %s: %d of %d stages ran, the others were cached", ended[0], ran, len(ended[1]))
    return ended


def _note(text: str, is_told: bool) -> None:
    """Say something that is no error, in the log and to who watches, if somebody does."""
    if is_told:
        sys.stderr.write(f"seqstep: {text}\n")
    logger.info(text)


def _order(request: _Request) -> list[str]:
    from flows.walk import graph

    return list(graph(request.config).nodes)


def _replay(request: _Request, plan: Plan, herald: Herald) -> "_Ended | None":
    """Record a run without Prefect if every stage is cached."""
    if not plan.is_done:
        return None
    from flows.page import RunPage
    from stagecraft.pipeline_run import replay_all
    from stagecraft.tracking import Tracker

    params = {"profile": request.profile, **flatten(request.config)}
    tracker, results = Tracker(open_home()), request.results
    page = RunPage(tracker, results, "pipeline", request.profile, request.config, plan.results)
    told = herald.tell_of_death
    return replay_all(tracker, results, plan, request.name, params, told, page.title, page.finish)


def _conduct(request: _Request) -> "_Ended":
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


def _fetch(artifact: "Kept") -> "Path":
    """Bring an artifact from a server; only then is MLflow needed."""
    from stagecraft.tracking import Tracker

    return Tracker(open_home()).fetch(artifact)


class _Shared:
    """The records in the store that machines share; MLflow is needed only to look something up."""

    @cached_property
    def _records(self) -> "SharedRecords":
        from stagecraft.tracking import SharedRecords, Tracker

        return SharedRecords(Tracker(open_home()))

    def find(self, start: str) -> bytes | None:
        """Look up a record; the servers of this home have none that is not here."""
        uri = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not uri.startswith("http") or uri == addresses(open_home()).get("MLFLOW_TRACKING_URI"):
            return None
        return self._records.find(start)

    def share(self, key: str, run_id: str, record: "Path") -> None:
        """Put a record there."""
        self._records.share(key, run_id, record)


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
    ),
]
