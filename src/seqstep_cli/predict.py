"""Commands that go on from what they are given with registered models: `generate` and `forecast`."""

import argparse
import math
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from secrecy import quote
from seqstep.errors import ModelError, SeriesError
from seqstep.settings.data_sets import series_name
from seqstep.settings.resolving import resolve
from seqstep_cli.readers import find_language_model, notice_what_is_lost
from seqstep_cli.registered import (
    CHOICE,
    FORM,
    choose,
    named,
    open_registry,
    part_of,
    say_who,
    split_name,
)
from stagecraft.cli.changes import read_assignments
from stagecraft.cli.command import Command, add_assignments, print_json, seed, whole
from stagecraft.cli.outputs import check_outside, stream_at, write_data, write_output
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    import pandas as pd

    from seqstep.series.continuation import SeriesFacts
    from seqstep.settings.config import Config
    from stagecraft.mlflow.answering import Answerer


def _generate(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.generation.generate import continue_text

    model, codec, answer = find_language_model(workplace, args.model)
    notice_what_is_lost(codec, [args.prefix])
    text = continue_text(model, codec, args.prefix, args.length, args.temperature, args.top_k, args.seed)
    if args.json:
        print_json({**named(answer), "prefix": args.prefix, "text": text})
    else:
        say_who(answer)
        write_data(f"{text}\n")
    return 0


def _forecast(args: argparse.Namespace, workplace: Workplace) -> int:
    import numpy as np
    import pandas as pd

    from seqstep.models.bundle import load_forecaster
    from seqstep.models.mlp import predictor
    from seqstep.series.forecast import beyond
    from seqstep.series.series_file import read_series
    from seqstep.series.sources import load_series
    from seqstep.sheets import write_table

    check_outside(workplace.home, args.output)
    config = _series_asked(args)
    registry = open_registry(workplace)
    answer = choose(registry, args.model, series_name(config.series) if config else "")
    parts = registry.parts(answer.version)
    model, spec = load_forecaster(parts["weights.safetensors"], parts["model.json"])
    given = load_series(config.series, config.seed).series if config else None
    trained = read_series(registry.tracker.open_input(answer.version.run_id, "series.values"))
    observed = trained if given is None else given
    unseen = 0 if given is None else _values_since(answer, trained, given, spec.series, args)
    with np.errstate(all="ignore"):  # whatever comes of numbers that are too large is looked at
        forecast = beyond(predictor(model, spec.scaling), observed, spec.window, args.horizon)
    if not np.isfinite(forecast).all():
        raise SeriesError(
            f"expected values that {answer.version} can go on from, got some up to"
            f" {observed.abs().max():g}, far beyond those that it was trained on; take another unit, or train"
            " on this series"
        )
    # When it is called as in the user's file, which it can be joined with.
    when = str(observed.index.name or "time")
    table = pd.DataFrame({0: forecast.index, 1: forecast.to_numpy()}).set_axis([when, "forecast"], axis=1)
    if args.output:
        write_output(args.output, write_table(table, [when]), "--output")
    if args.json:
        times, values = table.iloc[:, 0].astype(str).tolist(), forecast.tolist()
        rows = [{"time": time, "forecast": value} for time, value in zip(times, values, strict=True)]
        print_json({**named(answer), "unseen": unseen, "forecast": rows})
        return 0
    say_who(answer)
    if args.output and not stream_at(args.output):
        sys.stdout.write(f"{len(table)} forecasts written to {args.output}\n")
    elif not args.output:
        write_data(write_table(table, [when], "%.6g"))
    return 0


def _values_since(
    answer: "Answerer",
    trained: "pd.Series",
    observed: "pd.Series",
    known: "SeriesFacts | None",
    args: argparse.Namespace,
) -> int | None:
    """Count the values since those that a version was given, and say so.

    Returns:
        None for another series, which the user wants forecast by this version all the same.

    Raises:
        ModelError: it is another series, and the user did not name the version and say so.
    """
    from seqstep.series.continuation import unseen_values

    version = answer.version
    try:
        unseen = unseen_values(trained, observed)
    except SeriesError as error:
        is_wanted = args.anyway and split_name(args.model)[1]
        if not is_wanted:
            raise ModelError(
                f"expected the series that {version} was trained on, grown or not, got another one: {error};"
                f" train on this one, or add `--model {part_of(version.name)}/{version.number} --anyway`"
            ) from None
        ranges = f"; its values go from {observed.min():.4g} to {observed.max():.4g}"
        ranges += f", those that trained it from {known.low:.4g} to {known.high:.4g}" if known else ""
        sys.stderr.write(f"seqstep: note: not the series that {version} was trained on: {error}{ranges}\n")
        return None
    what = f"{unseen:,} value{'' if unseen == 1 else 's'}"
    sys.stderr.write(f"seqstep: {version} has not seen the last {what}\n" if unseen else "")
    return unseen


def _series_asked(args: argparse.Namespace) -> "Config | None":
    """Read which series is to be gone on from; None: the one that the model was trained on."""
    if not args.series:
        return None
    path, column = _parted(args.series)
    if not path:
        raise ModelError(f"expected --series FILE.csv:COLUMN, got {quote(args.series)}")
    return resolve(changes=[read_assignments(args.assignments), {"series": {"path": path, "column": column}}])


def _parted(series: str) -> tuple[str, str]:
    """Part a file from a column, whose name may have colons: at the last one that ends a file's name."""
    ends = [place for place, character in enumerate(series) if character == ":"]
    files = [place for place in ends if Path(series[:place]).expanduser().is_file()]
    end = (files or ends or [0])[-1]
    return series[:end], series[end + 1 :]


def _number(text: str) -> float:
    with suppress(ValueError):
        if math.isfinite(float(text)):
            return float(text)
    raise argparse.ArgumentTypeError(f"expected a number, got {quote(text)}")


def _generate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default="rnn",
        metavar=FORM,
        help=f"rnn (the default), rnn-scratch or held-out-…; {CHOICE}",
    )
    parser.add_argument("--prefix", required=True, metavar="TEXT", help="what to continue")
    parser.add_argument("--length", type=whole, default=50, metavar="N", help="tokens to generate (50)")
    parser.add_argument(
        "--temperature",
        type=_number,
        default=0.0,
        metavar="T",
        help="0 (the default) takes the most likely token, 1 draws as the model says",
    )
    parser.add_argument("--top-k", type=whole, metavar="K", help="draw among the K most likely tokens only")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="where the draws start (0)")


def _forecast_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="mlp", metavar=FORM, help=f"mlp (the default); {CHOICE}")
    parser.add_argument("--horizon", type=whole, default=16, metavar="K", help="steps ahead (16)")
    parser.add_argument(
        "--series",
        metavar="FILE.csv:COLUMN",
        help="what to go on from, with a model of it or the one that is named; else what trained the model",
    )
    add_assignments(parser, "how that file is read, such as series.gaps=interpolate")
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="go on from another series than the one that trained the version, which --model names",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="write the forecasts to a file")


COMMANDS = [
    Command(
        "generate",
        "Continue a text with a registered language model.",
        [
            'seqstep generate --prefix "time traveller"',
            'seqstep generate --prefix "the keeper" --length 200 --temperature 0.8 --top-k 5',
        ],
        _generate_arguments,
        _generate,
    ),
    Command(
        "forecast",
        "Forecast what comes after the end of a series with a registered model.",
        [
            "seqstep forecast --horizon 64",
            "seqstep forecast --series data.csv:load --horizon 24 --output next-day.csv",
        ],
        _forecast_arguments,
        _forecast,
    ),
]
