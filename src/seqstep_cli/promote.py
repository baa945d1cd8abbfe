"""The command that chooses the champion of a registered model: `promote`."""

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from seqstep_cli.registered import PREFIX, open_registry, split_name
from stagecraft.cli.command import Command, print_json
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from stagecraft.mlflow import Version
    from stagecraft.mlflow.promotion import Comparison


def _promote(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.evaluation.fingerprints import unseen_measures
    from stagecraft.mlflow import LATEST
    from stagecraft.mlflow.promotion import Judge, promote, promoting

    registry = open_registry(workplace)
    name, wanted = split_name(args.model)
    with promoting(registry.tracker.home):
        candidate, champion = registry.find(name, wanted or LATEST), registry.champion(name)
        if candidate == champion:
            registry.folder(candidate)  # is there, or is refused
            _tell(args, candidate, f"{candidate} is the champion already")
            return 0
        part = name.removeprefix(PREFIX).replace("-", "_")
        comparison = Judge(registry, part, unseen_measures).compare(
            candidate, champion, args.metric, args.min_gain
        )
        if comparison.is_won and not args.dry_run:
            promote(registry, candidate, comparison)
    outcome = "would be" if args.dry_run else "is now"
    verdict = f"{candidate} {outcome if comparison.is_won else 'does not become'} the champion"
    _tell(args, candidate, f"{verdict}: {comparison.reason}", comparison)
    return 0 if comparison.is_won else 1


def _tell(
    args: argparse.Namespace, candidate: "Version", said: str, comparison: "Comparison | None" = None
) -> None:
    """Print what was decided; without a comparison the candidate was the champion already."""
    if not args.json:
        sys.stdout.write(f"{said}\n")
        return
    known = comparison.model_dump() | {"gain": comparison.gain} if comparison else {"model": candidate.name}
    promoted = comparison is not None and comparison.is_won and not args.dry_run
    print_json({**known, "version": int(candidate.number), "promoted": promoted, "reason": said})


def _share(text: str) -> float:
    """Read a share, such as 0.01 or 1%."""
    with suppress(ValueError):
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if 0 <= number < 1:
            return number
    raise argparse.ArgumentTypeError(f"expected a share below 1, such as 0.01 or 1%, got {text!r}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        nargs="?",
        default="rnn",
        metavar="MODEL[/VERSION]",
        help="rnn (the default), rnn-scratch, held-out-… or mlp; its latest version unless one is given",
    )
    parser.add_argument(
        "--metric",
        default="",
        metavar="NAME",
        help="a figure on unseen data: test_perplexity (the default for language models) or"
        " test_bits_per_char; rmse_valid_k016 (the default for forecasts) or another rmse_valid_…",
    )
    parser.add_argument(
        "--min-gain",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="what the figure must be lower by, as a share of the champion's: 0.01 or 1%%; whatever is given,"
        " an equal one is refused, but for the champion's own weights with newer code",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be decided")


COMMANDS = [
    Command(
        "promote",
        "Make a version the champion if it is better than the present one on the same evaluation data.",
        [
            "seqstep promote",
            "seqstep promote rnn/3 --min-gain 1%",
            "seqstep promote mlp --metric rmse_valid_k064 --dry-run",
        ],
        _arguments,
        _promote,
        details="Exit status: 0 it is the champion now, or was before; 1 it is not better by enough;\n"
        "2 nothing can be compared: no such version, no evaluation, or one on other data.",
    )
]
