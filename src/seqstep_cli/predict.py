"""Commands that use the registered models: `generate`, `score` and `forecast`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seqstep.errors import ModelError, TextError
from seqstep.settings.resolving import resolve
from seqstep_cli.registered import CHOICE, FORM, find_language_model, open_registry, split_name
from stagecraft.cli.changes import read_assignments
from stagecraft.cli.command import Command, add_assignments, print_json
from stagecraft.cli.tables import escape, make_table, open_console
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import UsageError

if TYPE_CHECKING:
    from seqstep.text.codec import Codec


def _generate(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.generation.generate import continue_text

    model, codec, version = find_language_model(workplace, args.model)
    _notice_unknown(codec, args.prefix)
    text = continue_text(model, codec, args.prefix, args.length, args.temperature, args.top_k, args.seed)
    if args.json:
        print_json({"model": str(version), "prefix": args.prefix, "text": text})
    else:
        sys.stdout.write(text + "\n")
    return 0


def _score(args: argparse.Namespace, workplace: Workplace) -> int:
    import numpy as np

    from seqstep.metrics import mean_loss, perplexity
    from seqstep.models.scoring import log_probabilities

    model, codec, version = find_language_model(workplace, args.model)
    results = []
    for text in args.texts:
        _notice_unknown(codec, text)
        ids = np.array(codec.encode(text))
        if len(ids) < 2:
            raise TextError(f"expected a text of at least 2 {codec.kind}s to score, got {text!r}")
        scores = log_probabilities(model, ids)
        results.append(
            {
                "text": text,
                "tokens_scored": len(scores),
                "log_probability": float(scores.sum()),
                "perplexity": perplexity(mean_loss(scores)),
            }
        )
    if args.json:
        print_json({"model": str(version), "scores": results})
        return 0
    table = make_table("text", "tokens", "log-probability", "perplexity")
    for result in results:
        table.add_row(
            escape(result["text"]),
            str(result["tokens_scored"]),
            f"{result['log_probability']:.2f}",
            f"{result['perplexity']:.4g}",
        )
    open_console().print(table)
    open_console().print(
        f"[dim]{version}; natural logarithm, each token after the first, given those before it"
    )
    return 0


def _forecast(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.models.bundle import load_forecaster
    from seqstep.models.mlp import predictor
    from seqstep.series.csv_column import read_series
    from seqstep.series.forecast import beyond
    from seqstep.series.sources import load_series

    registry = open_registry(workplace)
    version = registry.find(*split_name(args.model))
    parts = registry.parts(version)
    model, spec = load_forecaster(parts["weights.safetensors"], parts["model.json"])
    if args.series:
        path, _, column = args.series.rpartition(":")
        if not path:
            raise ModelError(f"expected --series FILE.csv:COLUMN, got {args.series!r}")
        chosen = {"series": {"path": path, "column": column}}
        config = resolve(changes=[read_assignments(args.assignments), chosen])
        observed = load_series(config.series, config.seed)
    else:
        tracker = registry.tracker
        observed = read_series(tracker.open_uri(tracker.input_of(version.run_id, "series.values")))
    forecast = beyond(predictor(model, spec.scaling), observed, spec.window, args.horizon)
    table = forecast.rename_axis(str(observed.index.name or "time")).reset_index()
    if args.output:
        _write(args.output, table.to_csv(index=False))
    if args.json:
        times, values = table.iloc[:, 0].astype(str).tolist(), forecast.tolist()
        rows = [{"time": time, "forecast": value} for time, value in zip(times, values, strict=True)]
        print_json({"model": str(version), "forecast": rows})
    elif args.output:
        sys.stdout.write(f"{len(table)} forecasts written to {args.output}\n")
    else:
        sys.stdout.write(table.to_csv(index=False, float_format="%.6g"))
    return 0


def _write(path: Path, text: str) -> None:
    from seqstep.whole_files import write_whole

    try:
        write_whole(path, text)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(
            f"expected a file that can be written at {path}, got: {error.strerror}; set --output to another"
        ) from None


def _notice_unknown(codec: "Codec", text: str) -> None:
    unknown = codec.unknown(text)
    if unknown:
        shown = " ".join(map(repr, unknown))
        sys.stderr.write(f"seqstep: note: the model does not know {shown}; read as <unk>\n")


def _language_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default="rnn",
        metavar=FORM,
        help=f"rnn (the default), rnn-scratch or held-out-…; {CHOICE}",
    )


def _generate_arguments(parser: argparse.ArgumentParser) -> None:
    _language_arguments(parser)
    parser.add_argument("--prefix", required=True, metavar="TEXT", help="what to continue")
    parser.add_argument("--length", type=int, default=50, metavar="N", help="tokens to generate (50)")
    parser.add_argument(
        "--temperature",
        type=float,
        default=0.0,
        metavar="T",
        help="0 (the default) takes the most likely token, 1 draws as the model says",
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="draw among the K most likely tokens only")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="where the draws start (0)")


def _score_arguments(parser: argparse.ArgumentParser) -> None:
    _language_arguments(parser)
    parser.add_argument("texts", nargs="+", metavar="TEXT", help="texts to score")


def _forecast_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="mlp", metavar=FORM, help=f"mlp (the default); {CHOICE}")
    parser.add_argument("--horizon", type=int, default=16, metavar="K", help="steps ahead (16)")
    parser.add_argument(
        "--series", metavar="FILE.csv:COLUMN", help="what to go on from; else what the model was trained on"
    )
    add_assignments(parser, "how that file is read, such as series.gaps=interpolate")
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
        "score",
        "Log-probability and perplexity of texts under a registered language model.",
        ['seqstep score "it is raining outside" "it is raining banana tree"'],
        _score_arguments,
        _score,
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
