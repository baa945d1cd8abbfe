"""`--set corpus.path=-`: the text that is piped in, kept before a command asks for it more than once."""

import argparse
import sys

from seqstep.errors import CorpusError
from seqstep.settings.local_files import STANDARD_INPUT
from stagecraft.cli.command import configured_changes
from stagecraft.cli.workplace import Workplace

_SETTING = "corpus.path"


def take_standard_input(args: argparse.Namespace, workplace: Workplace) -> None:
    """Put the file that standard input was written to in the place of `-`.

    Raises:
        CorpusError: it is a terminal, empty, or larger than `corpus.max_bytes`.
    """
    assignments: list[str] = getattr(args, "assignments", [])
    if not any(map(_names_it, assignments)):
        return
    from seqstep.corpus.piping import keep
    from seqstep.settings.resolving import resolve

    if sys.stdin is None or sys.stdin.isatty():
        raise CorpusError(
            f"expected a text on standard input for {_SETTING}={STANDARD_INPUT}, got a terminal;"
            f" pipe it in, as in `zcat books/*.gz | seqstep run --set {_SETTING}={STANDARD_INPUT}`"
        )
    limit = resolve(changes=configured_changes(args)).corpus.max_bytes
    path = keep(sys.stdin.buffer, workplace.home.downloads, limit)
    args.assignments = [f"{_SETTING}={path}" if _names_it(text) else text for text in assignments]


def _names_it(assignment: str) -> bool:
    name, _, value = assignment.partition("=")
    return (name.strip(), value.strip()) == (_SETTING, STANDARD_INPUT)
