"""The command `sweep`: the pipeline over several configurations, side by side below one run in MLflow."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqstep.sweep.table import Ended, best_of, group_by_seeds, seeds_table, table_of
from seqstep_cli.manual import MANUAL
from seqstep_cli.sweep_outcome import document_of, print_outcome, words_of
from seqstep_cli.sweep_request import METRIC, SweepRequest
from stagecraft.cli.command import (
    Command,
    add_configuration,
    add_flow,
    add_stages,
    add_strict,
    count,
    print_json,
    stage,
)
from stagecraft.cli.request import check_database, open_results
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import StagecraftError
from stagecraft.progress.watching import logger

if TYPE_CHECKING:
    from stagecraft.mlflow import Tracker


class _PointsFailedError(StagecraftError):
    """Points of a sweep failed; the others ran."""

    def __init__(self, message: str, run_id: str, ended: Sequence[Ended]) -> None:
        super().__init__(message)
        self.run_id, self.ended = run_id, ended


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_configuration(parser, MANUAL)
    parser.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=V1,V2",
        help="settings and the values of each: all combinations are run; ; parts values that hold commas",
    )
    parser.add_argument(
        "--search",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=LOW..HIGH",
        help="settings and the range of each, with :log where ratios count, or KEY=A,B for choices",
    )
    parser.add_argument("--trials", type=count, metavar="N", help="points that a search tries, with Optuna")
    parser.add_argument(
        "--metric",
        default="",
        metavar="NAME",
        help=f"what the best point is the best in: NAME or STAGE:NAME ({METRIC})",
    )
    parser.add_argument("--maximize", action="store_true", help="the highest is the best; else the lowest is")
    parser.add_argument(
        "--jobs", type=count, metavar="N", help="points that run at a time (processors over `threads`)"
    )
    add_flow(parser, MANUAL)
    add_stages(parser, "--only", "just these; what they need must be cached")
    parser.add_argument("--until", type=stage, metavar="STAGE", help="this stage and all that it depends on")
    parser.add_argument("--offline", action="store_true", help="never touch the network")
    add_strict(parser)


def _sweep(args: argparse.Namespace, workplace: Workplace) -> int:
    sweep = SweepRequest(args, workplace)
    check_database(workplace.home)
    from stagecraft.cli.watching import watching
    from stagecraft.mlflow import Tracker

    for notice in sweep.notices:
        sys.stderr.write(f"seqstep: {notice}\n")
    tracker, status = Tracker(workplace.home), 0
    try:
        with watching([], quiet=True):
            run_id, ended = _run(sweep, tracker)
    except _PointsFailedError as error:
        sys.stderr.write(f"seqstep: {error}\n")
        status, run_id, ended = error.exit_status, error.run_id, error.ended
    if args.json:
        print_json(document_of(sweep, run_id, ended))
    else:
        print_outcome(sweep, tracker, run_id, ended)
    return status


def _run(sweep: SweepRequest, tracker: "Tracker") -> tuple[str, Sequence[Ended]]:
    """Run the points below one run, and record them side by side.

    Raises:
        _PointsFailedError: some failed.
    """
    from seqstep_cli.sweep_points import Points
    from stagecraft.runs.sweep_run import sweep_run

    request, results = sweep.request, open_results(tracker.home)
    ended: list[Ended] = []
    told = request.notifier.tell_of_dead_run
    with sweep_run(tracker, sweep.identity, sweep.title(), sweep.params(), request.patience, told) as parent:
        logger.info("sweep %s: %d points, %d at a time", parent.run_id, sweep.count, sweep.jobs)
        study = sweep.study(results)
        points = Points(sweep.args, tracker, results, parent, sweep.names, sweep.metric, sweep.jobs)
        for point in points.run(sweep.trials(study)):
            ended.append(point)
            logger.info("point %d of %d: %s", len(ended), sweep.count, words_of(point))
            if study:
                study.tell(point.number, point.figure)
        ended.sort(key=lambda point: point.number)
        _record(sweep, tracker, parent.run_id, ended)
        if failed := [point for point in ended if point.state == "failed"]:
            text = f"{len(failed)} of {len(ended)} points failed; {words_of(failed[0])}"
            raise _PointsFailedError(text, parent.run_id, ended)
    return parent.run_id, ended


def _record(sweep: SweepRequest, tracker: "Tracker", run_id: str, ended: Sequence[Ended]) -> None:
    """Record the points at the run of the sweep: their table, their picture, the best one."""
    from seqstep.plots.sweep import plot_parallel
    from seqstep.sheets import write_table
    from stagecraft.mlflow import Record

    record = Record(tracker, run_id)
    table = table_of(ended, sweep.metric, sweep.args.maximize)
    record.log_text("sweep.csv", write_table(table), "text/csv")
    failed = sum(point.state == "failed" for point in ended)
    record.log_metrics({"sweep/points": len(ended), "sweep/failed": failed})
    groups, name = group_by_seeds(ended, sweep.args.maximize), sweep.metric.rpartition(":")[2].strip()
    if (best := best_of(ended, sweep.args.maximize)) and best.figure is not None:
        record.log_figure("plots/sweep.png", plot_parallel(table, sweep.names, sweep.metric))
        if not groups:
            record.log_metrics({name: best.figure})
            record.tag({"seqstep.best": best.run_id})
    if groups:
        record.log_text("seeds.csv", write_table(seeds_table(groups, sweep.metric)), "text/csv")
        found = {name: groups[0].mean, "sweep/spread": groups[0].spread}
        record.log_metrics({metric: value for metric, value in found.items() if value is not None})
    record.hold()


COMMANDS = [
    Command(
        "sweep",
        "Run the pipeline over several configurations, side by side below one run in MLflow.",
        [
            "seqstep sweep --grid rnn.hidden=128,256,512 --grid seed=0,1,2",
            "seqstep sweep notes --grid rnn_layer.cell=rnn,gru,lstm --set rnn.epochs=200 --jobs 2",
            "seqstep sweep --grid mlp.hidden=8,32 --until evaluate_forecasts"
            " --metric forecast/mlp/rmse_valid_k016",
            "seqstep sweep --trials 20 --search rnn.learning_rate=0.05..1.0:log rnn.hidden=32..512",
            "seqstep sweep --grid 'forecast.horizons=1,4;1,16' --metric forecast/mlp/rmse_k001",
            "seqstep sweep --grid rnn.clip=0.5,1,2 --until train_rnn --metric train_rnn:train/perplexity",
        ],
        _arguments,
        _sweep,
        patience_s=12,
        needs_project=True,
        details="Stages that points have in common are computed once. After an interruption or a failure\n"
        "the same command goes on where it stopped: what is cached is not computed again, and a search\n"
        "knows its earlier trials, which a larger --trials goes on with too. The table and a picture of\n"
        "all points are logged to the run of the sweep.",
    ),
]
