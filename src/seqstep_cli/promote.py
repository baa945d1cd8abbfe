"""The command that chooses the champion of a registered model: `promote`."""

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from secrecy import quote
from seqstep_cli.registered import open_registry, part_of, split_name, training_of
from stagecraft.cli.command import Command, print_json
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from stagecraft.mlflow import Registry, Version
    from stagecraft.mlflow.promotion import Comparison


class _Asked(NamedTuple):
    """What is compared.

    Attributes:
        data: what the data set is called; empty for a version from before data sets had names.
        newest: the run of the training's stage that was given the newest data.
    """

    candidate: "Version"
    champion: "Version | None"
    data: str
    newest: str


def _promote(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.evaluation.fingerprints import unseen_measures
    from seqstep_cli.judging import NewestData
    from stagecraft.mlflow.promotion import VersionComparer, promote
    from stagecraft.mlflow.promotions import promoting

    registry = open_registry(workplace)
    name, wanted = split_name(args.model)
    with promoting(registry.tracker.home):
        asked = _ask(registry, name, wanted, args.metric)
        candidate, data = asked.candidate, asked.data
        of_data = f" of {data}" if data else ""
        if candidate == asked.champion:
            registry.folder(candidate)  # is there, or is refused
            _tell(args, candidate, data, f"{candidate} is the champion{of_data} already")
            return 0
        judge = NewestData(registry, name, asked.newest, args.metric).judge
        comparison = VersionComparer(registry, judge, unseen_measures).compare(
            candidate, asked.champion, args.metric, args.min_gain
        )
        if comparison.is_won and not args.dry_run:
            promote(registry, candidate, comparison, data)
    outcome = "would be" if args.dry_run else "is now"
    verdict = f"{candidate} {outcome if comparison.is_won else 'does not become'} the champion{of_data}"
    said = f"{verdict}: {comparison.reason}; {comparison.measured_on}"
    _tell(args, candidate, data, said, comparison)
    return 0 if comparison.is_won else 1


def _ask(registry: "Registry", name: str, wanted: str, metric: str) -> _Asked:
    """Find out which version is compared with which champion, by the rule of who answers.

    Without a version named the candidate is the one of the latest run on the data set; while that has no
    champion, the best of those that were evaluated as that one was.

    Raises:
        ArtifactError: there is no such model or version, or no run tells which data set is meant.
    """
    from seqstep.evaluation.fingerprints import unseen_measures
    from stagecraft.mlflow.answering import asked_data_of, find_candidate, find_champion
    from stagecraft.mlflow.data_sets import TrainingRuns
    from stagecraft.mlflow.first_champion import best_evaluated_alike

    stage = training_of(name)
    runs = TrainingRuns(registry, stage)
    if wanted:
        candidate = registry.find(name, wanted)
        data = asked_data_of(registry, name, stage, candidate)
    else:
        candidate, data = find_candidate(registry, name, stage)
    known = [*runs.versions(name, data, is_by_user=False)] if data else []
    champion = find_champion(registry, name, stage, data)
    if not wanted and champion is None:
        versions = [candidate, *(version for version, _ in known)]
        candidate = best_evaluated_alike(registry, part_of(name), unseen_measures, versions, metric)
    newest = known[0][1].info.run_id if known else candidate.run_id
    return _Asked(candidate, champion, data, newest)


def _tell(
    args: argparse.Namespace,
    candidate: "Version",
    data: str,
    said: str,
    comparison: "Comparison | None" = None,
) -> None:
    """Print what was decided; without a comparison the candidate was the champion already."""
    if not args.json:
        sys.stdout.write(f"{said}\n")
        return
    known = comparison.model_dump() | {"gain": comparison.gain} if comparison else {"model": candidate.name}
    promoted = comparison is not None and comparison.is_won and not args.dry_run
    document = {**known, "version": int(candidate.number), "of": data, "promoted": promoted, "reason": said}
    print_json(document)


def _share(text: str) -> float:
    """Read a share, such as 0.01 or 1%."""
    with suppress(ValueError):
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if 0 <= number < 1:
            return number
    raise argparse.ArgumentTypeError(f"expected a share below 1, such as 0.01 or 1%, got {quote(text)}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        nargs="?",
        default="rnn",
        metavar="MODEL[/VERSION]",
        help="rnn (the default), rnn-scratch, held-out-… or mlp; the version of the latest run on the data"
        " set unless one is given",
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
        "Make a version the champion if it is better than the present one on data that trained neither.",
        [
            "seqstep promote",
            "seqstep promote rnn/3 --min-gain 1%",
            "seqstep promote mlp --metric rmse_valid_k064 --dry-run",
        ],
        _arguments,
        _promote,
        details="Exit status: 0 it is the champion now, or was before; 1 it is not better by enough;\n"
        "2 nothing can be compared: no such version, or nothing that trained neither of them.",
    )
]
