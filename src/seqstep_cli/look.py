"""The command that shows a user's file before anything is run: `look`."""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from secrecy import quote
from seqstep.errors import SeriesError, TextError
from seqstep.settings.local_files import local_file
from stagecraft.cli.command import Command, print_json
from stagecraft.cli.tables import make_table, open_console, styled
from stagecraft.cli.workplace import Workplace

if TYPE_CHECKING:
    from seqstep.text.looking import LookedAt

_SERIES_SUFFIXES = (".csv", ".tsv")
_LONGEST_TOKEN = 30


def _look(args: argparse.Namespace, _workplace: Workplace) -> int:
    kind = args.kind or ("series" if args.file.lower().endswith(_SERIES_SUFFIXES) else "text")
    return _KINDS[kind](args)


def _look_at_text(args: argparse.Namespace) -> int:
    from seqstep.text.looking import look_at_text

    path = local_file(args.file)
    if not path or not path.is_file():
        raise TextError(f"expected a text's file, got {quote(args.file)}, which is not there; name one")
    try:
        found = look_at_text(path)
    except OSError as error:
        raise TextError(f"the text {path} can't be read: {error.strerror}; see who may read it") from None
    command = _command(args.file, found.fitting)
    if args.json:
        print_json({"file": args.file, "as": "text", **found._asdict(), "command": command})
    else:
        _print_text(found, command)
    return 0


def _look_at_series(args: argparse.Namespace) -> int:
    raise SeriesError(
        f"expected a text to look at, got {quote(args.file)}, a series by its name or by --as; add --as text"
        " to look at it as a text, or see what a run reads with `seqstep run --until series --set"
        " series.path=… series.column=…`"
    )


_KINDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "text": _look_at_text,
    "series": _look_at_series,
}


def _command(file: str, settings: Mapping[str, str]) -> str:
    """Write the command that runs a text with some settings."""
    changes = [f"corpus.path={file}", *(f"{name}={value}" for name, value in settings.items())]
    return shlex.join(["seqstep", "run", "--flow", "text", "--set", *changes])


def _print_text(found: "LookedAt", command: str) -> None:
    letters = sum(found.scripts.values())
    table = make_table("what", "found")
    table.columns[1].overflow = "fold"
    rows = {
        "encoding": found.encoding,
        "lines": f"{found.lines:,}",
        "characters": f"{found.characters:,}, {found.symbols:,} different ones",
        "letters": ", ".join(f"{script} {count / letters:.1%}" for script, count in found.scripts.items()),
        "letters kept": ", ".join(f"{clean} {share:.1%}" for clean, share in found.kept.items()),
        "words": f"{found.words:,}",
        "most common": _write_counts(found.common_words),
        "characters, too": _write_counts(found.common_characters),
        "a run would": "; ".join(found.would),
        "settings that fit": " ".join(f"{name}={value}" for name, value in found.fitting.items()),
        "it would then": "; ".join(found.would_then),
    }
    for name, value in rows.items():
        table.add_row(name, value or "none")
    console = open_console()
    console.print(table)
    console.print(styled("\n", (command, "bold")), soft_wrap=True)
    sys.stdout.flush()


def _write_counts(counted: Sequence[tuple[str, int]]) -> str:
    """Write tokens with their counts, so that white space is seen, and the start alone of long ones."""
    from seqstep.text.spacing import show_lines

    return " ".join(f"{_shown(show_lines(token))} {count:,}" for token, count in counted)


def _shown(text: str) -> str:
    if text == " ":
        return "space"
    return text if len(text) <= _LONGEST_TOKEN else f"{text[:_LONGEST_TOKEN]}…"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a text")
    parser.add_argument(
        "--as",
        choices=tuple(_KINDS),
        dest="kind",
        help="what it is, where its name does not tell: .csv and .tsv are series, all else is text",
    )


COMMANDS = [
    Command(
        "look",
        "Show what is in a text, what a run would do with it, and which settings fit.",
        ["seqstep look my.txt", "seqstep look my.txt --json", "seqstep look table.csv --as text"],
        _arguments,
        _look,
        needs_home=False,
        is_brief=True,
    )
]
