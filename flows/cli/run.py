"""The commands that run the pipeline, or say what a run would do: `run` and `plan`."""

import argparse
import json
import os
import shlex
import sys
import traceback
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.command import Command, add_configuration, configured_changes, print_json
from flows.cli.console import print_summary, watching
from seqstep.config import Config
from seqstep.settings import flatten, resolve
from stagecraft.errors import StageFailedError
from stagecraft.home import open_home
from stagecraft.plan import Plan, make_plan
from stagecraft.progress import logger
from stagecraft.results import Results
from stagecraft.selection import Selection, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stagecraft.progress import Outcome
    from stagecraft.result import Kept

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
        self.results = Results(open_home(), _fetch)
        file = ["--config", str(args.config)] if args.config else []
        changes = ["--set", *args.assignments] if args.assignments else []
        self.command = shlex.join(["seqstep", "run", args.profile, *file, *changes])

    def plan(self) -> Plan:
        """Find out what a run would do."""
        return make_plan(self.walk, self.results, self.selection, self.command)


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
    request = _Request(args)
    has_server = bool(os.environ.get("PREFECT_API_URL"))
    plan = None if has_server and not request.wish.only else request.plan()
    outcomes: Sequence[Outcome]
    with watching([name for name in _order(request) if name in request.selection.selected], args.json):
        done = None if has_server or not plan else _replay(request, plan)
        outcomes, run_id, status = done or _conduct(request, args.debug)
    if args.json:
        hidden = {"figure", "exit_status", "computed_by"}
        stages = [outcome.model_dump(exclude=hidden) for outcome in outcomes]
        print_json({"run_id": run_id, "profile": args.profile, "stages": stages})
    else:
        from stagecraft.tracking import Tracker

        if all(outcome.state == "cached" for outcome in outcomes):
            sys.stdout.write("nothing to do: every stage is cached\n\n")
        print_summary(outcomes, run_id, Tracker(open_home()))
    return status


def _order(request: _Request) -> list[str]:
    from flows.walk import graph

    return list(graph(request.config).nodes)


def _replay(request: _Request, plan: Plan) -> "tuple[Sequence[Outcome], str, int] | None":
    """Record a run without Prefect if every stage is cached."""
    if not plan.is_done:
        return None
    from flows.page import RunPage
    from stagecraft.pipeline_run import replay_all
    from stagecraft.tracking import Tracker

    params = {"profile": request.profile, **flatten(request.config)}
    tracker, results, name = Tracker(open_home()), request.results, f"pipeline {request.profile}"
    page = RunPage(tracker, results, "pipeline", request.profile, request.config, plan.results)
    done = replay_all(tracker, results, plan, name, params, page.title, page.finish)
    return (done[1], done[0], 0) if done else None


def _conduct(request: _Request, debug: bool) -> "tuple[Sequence[Outcome], str, int]":
    """Run the Prefect flow."""
    logger.info("starting Prefect and MLflow; the first time in a home takes longest")
    from flows.pipeline import pipeline
    from stagecraft.orchestration import start_temporary_server

    start_temporary_server()
    wish = request.wish
    state = pipeline(
        request.profile,
        json.loads(request.config.model_dump_json()),
        list(wish.only),
        wish.since,
        wish.until,
        list(wish.force),
        request.offline,
        return_state=True,
    )
    result = state.result(raise_on_failure=False)
    if isinstance(result, StageFailedError):
        if debug:
            traceback.print_exception(result)
        return result.outcomes, result.run_id, result.exit_status
    if isinstance(result, BaseException):
        raise result
    return result.stages, result.run_id, 0


def _fetch(artifact: "Kept") -> "Path":
    """Bring an artifact from a server; only then is MLflow needed."""
    from stagecraft.tracking import Tracker

    return Tracker(open_home()).fetch(artifact)


COMMANDS = [
    Command(
        "run",
        "Run the whole pipeline, or part of it; what is cached is not run again.",
        [
            "seqstep run",
            "seqstep run notes --until ngrams",
            "seqstep run --only train_rnn --force train_rnn",
            "seqstep run --from evaluate_language",
            "seqstep run --set corpus.path=my.txt rnn.epochs=200",
            "seqstep run --set series.path=data.csv series.column=load --until evaluate_forecasts",
        ],
        _arguments,
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
