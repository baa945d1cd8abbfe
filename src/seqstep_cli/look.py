"""The command that shows a user's file before anything is run: `look`."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from seqstep.errors import CorpusError
from seqstep.settings.resolving import resolve
from seqstep_cli.look_at_series import show_series
from seqstep_cli.looked import given, present, write_settings
from stagecraft.cli.changes import read_assignments
from stagecraft.cli.command import Command, add_assignments
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from seqstep.settings.config import Config
    from seqstep.text.looking import LookedAt

_SERIES_SUFFIXES = (".csv", ".tsv", ".xlsx")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
_LONGEST_TOKEN = 30


def _look(args: argparse.Namespace, _workplace: Workplace) -> int:
    name = args.file.lower()
    for end in _COMPRESSED:
        name = name.removesuffix(end)
    kind = args.kind or ("series" if name.endswith(_SERIES_SUFFIXES) else "text")
    return _KINDS[kind](args)


def _look_at_text(args: argparse.Namespace) -> int:
    config = _configured(args)
    try:
        found = _read(config)
    except CorpusError as error:
        encoding = _guessed(args.file, config)
        if not encoding:
            raise
        args.assignments.append(f"corpus.encoding={encoding}")
        found = _read(_configured(args))._replace(would=[f"refuse it: {error}"])
    found = found._replace(fitting={**found.fitting, **given(args)})
    present(args, "text", found, _rows(found))
    return 0


def _configured(args: argparse.Namespace) -> "Config":
    return resolve(changes=[read_assignments(args.assignments), {"corpus": {"path": args.file}}])


def _read(config: "Config") -> "LookedAt":
    """Look at what a run would read.

    Raises:
        CorpusError, TextError: a run would refuse it.
    """
    from seqstep.corpus.finding import find
    from seqstep.text.looking import look_at_text

    with TemporaryDirectory() as folder:
        text = find(config.corpus, Path(folder), strip=config.text.strip)
        found = look_at_text(text.path)
    return found._replace(
        encoding=found.encoding if config.corpus.encoding == "utf-8" else config.corpus.encoding,
        would=[*text.notices, *found.would],
    )


def _guessed(file: str, config: "Config") -> str:
    """Guess the encoding of a file that is not in the one that is set; empty if nobody knows."""
    from seqstep.corpus.decoding import Suggestion
    from seqstep.corpus.unpacking import read_blocks

    path = Path(file).expanduser()
    if not path.is_file():
        return ""
    guess = Suggestion(lambda: read_blocks(path, file, config.corpus.member)).encoding
    return "" if guess == config.corpus.encoding else guess


_KINDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "text": _look_at_text,
    "series": show_series,
}


def _rows(found: "LookedAt") -> Mapping[str, str]:
    letters = sum(found.scripts.values())
    return {
        "encoding": found.encoding,
        "lines": f"{found.lines:,}",
        "characters": f"{found.characters:,}, {found.symbols:,} different ones",
        "letters": ", ".join(f"{script} {count / letters:.1%}" for script, count in found.scripts.items()),
        "letters kept": ", ".join(f"{clean} {share:.1%}" for clean, share in found.kept.items()),
        "words": f"{found.words:,}",
        "most common": _write_counts(found.common_words),
        "characters, too": _write_counts(found.common_characters),
        "a run would": "; ".join(found.would),
        "settings that fit": write_settings(found.fitting),
        "it would then": "; ".join(found.would_then),
    }


def _write_counts(counted: Sequence[tuple[str, int]]) -> str:
    """Write tokens with their counts, so that white space is seen, and the start alone of long ones."""
    from seqstep.text.spacing import show_lines

    return " ".join(f"{_shown(show_lines(token))} {count:,}" for token, count in counted)


def _shown(text: str) -> str:
    if text == " ":
        return "space"
    return text if len(text) <= _LONGEST_TOKEN else f"{text[:_LONGEST_TOKEN]}…"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="a text, as corpus.path names it, or a table, as series.path does"
    )
    parser.add_argument(
        "--as",
        choices=tuple(_KINDS),
        dest="kind",
        help="what it is, where its name does not tell: .csv, .tsv and .xlsx are series, compressed or not,"
        " all else is text",
    )
    add_assignments(parser, "how it is read, such as corpus.encoding=cp1252 or series.column=load")


COMMANDS = [
    Command(
        "look",
        "Show what is in a text or a series, what a run would do with it, and which settings fit.",
        [
            "seqstep look my.txt",
            "seqstep look my.txt --json",
            "seqstep look sales.csv --set series.column=sales",
            "seqstep look table.csv --as text",
        ],
        _arguments,
        _look,
        needs_home=False,
        is_brief=True,
    )
]
