"""`--set corpus.path=-`: the text that is piped in, kept before a command asks for it more than once."""

import argparse
import sys
from pathlib import Path

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
    from seqstep.settings.resolving import resolve

    asked = f"{_SETTING}={STANDARD_INPUT}"
    limit = resolve(changes=configured_changes(args)).corpus.max_bytes
    path = keep_standard_input(workplace, limit, asked, f"zcat books/*.gz | seqstep run --set {asked}")
    args.assignments = [f"{_SETTING}={path}" if _names_it(text) else text for text in assignments]


def keep_standard_input(workplace: Workplace, limit: int, asked: str, example: str) -> Path:
    """Write standard input into a file, and return that.

    Args:
        limit: bytes that are taken at most.
        asked: what asks for it.
        example: a command that pipes something in.

    Raises:
        CorpusError: it is a terminal, empty, or larger than that.
    """
    from seqstep.corpus.piping import keep

    if sys.stdin is None or sys.stdin.isatty():
        raise CorpusError(
            f"expected a text on standard input for {asked}, got a terminal; pipe it in, as in `{example}`"
        )
    return keep(sys.stdin.buffer, workplace.home.downloads, limit)


def _names_it(assignment: str) -> bool:
    name, _, value = assignment.partition("=")
    return (name.strip(), value.strip()) == (_SETTING, STANDARD_INPUT)
