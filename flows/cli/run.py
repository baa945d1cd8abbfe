"""The command that runs the pipeline."""

import argparse
import json
import traceback

from flows.cli.command import Command, add_configuration, configured_changes, print_json
from flows.cli.console import print_summary, watching
from seqstep.settings import resolve
from stagecraft.errors import StageFailedError
from stagecraft.home import open_home


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_configuration(parser)
    parser.add_argument("--until", metavar="STAGE", help="run this stage and all that it depends on")
    parser.add_argument("--offline", action="store_true", help="never touch the network")


def _run(args: argparse.Namespace) -> int:
    changes = configured_changes(args)
    config = resolve(args.profile, changes)

    from flows.pipeline import pipeline, select
    from stagecraft.tracking import Tracker

    names = list(select(config, until=args.until))
    settings = json.loads(config.model_dump_json())
    with watching(names, args.json):
        state = pipeline(args.profile, settings, args.until, args.offline, return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, StageFailedError):
        outcomes, status = result.outcomes, result.exit_status
        if args.debug:
            traceback.print_exception(result)
    elif isinstance(result, BaseException):
        raise result
    else:
        outcomes, status = result.stages, 0
    if args.json:
        stages = [outcome.model_dump(exclude={"figure", "exit_status"}) for outcome in outcomes]
        print_json({"run_id": result.run_id, "profile": args.profile, "stages": stages})
    else:
        print_summary(outcomes, result.run_id, Tracker(open_home()))
    return status


COMMANDS = [
    Command(
        "run",
        "Run the whole pipeline, or part of it.",
        [
            "seqstep run",
            "seqstep run notes --until ngrams",
            "seqstep run --set corpus.path=my.txt rnn.epochs=200",
            "seqstep run --set series.path=data.csv series.column=load --until evaluate_forecasts",
        ],
        _arguments,
        _run,
    )
]
