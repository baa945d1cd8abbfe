"""The command that tells how likely a language model finds texts: `score`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from secrecy import quote
from seqstep.errors import TextError
from seqstep.settings.local_files import STANDARD_INPUT, local_file
from seqstep.settings.resolving import resolve
from seqstep_cli.readers import Reader, find_reader, notice_what_is_lost
from seqstep_cli.registered import CHOICE, FORM
from seqstep_cli.standard_input import keep_standard_input
from stagecraft.cli.changes import read_assignments
from stagecraft.cli.command import Command, add_assignments, print_json
from stagecraft.cli.tables import make_table, open_console, styled
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import UsageError

if TYPE_CHECKING:
    from seqstep.evaluation.own_text import OwnText, OwnTexts

_LONGEST = 60
_OF_A_FILE = ("corpus.encoding", "corpus.field", "corpus.max_bytes", "corpus.member")


class _Given(NamedTuple):
    """A text, and what it is called."""

    name: str
    text: str


def _score(args: argparse.Namespace, workplace: Workplace) -> int:
    from seqstep.evaluation.own_text import OwnTexts

    if bool(args.texts) == bool(args.file):
        raise UsageError("expected either texts, or --file FILE (- for standard input)")
    if args.per_line and not args.file:
        raise UsageError("expected --file FILE with --per-line; texts have a row each already")
    texts = list(_read_file(args, workplace)) if args.file else [_Given(text, text) for text in args.texts]
    reader = find_reader(workplace, args.model)
    scorer = OwnTexts(reader.scorer, reader.codec)
    notice_what_is_lost(reader.codec, (each.text for each in texts))
    if args.per_line:
        return _print_lines(args, reader, scorer, texts)
    return _print_texts(args, reader, scorer, texts)


def _print_texts(args: argparse.Namespace, reader: Reader, scorer: "OwnTexts", texts: list[_Given]) -> int:
    """Print a table, or one document."""
    rows = [(each.name, _scored(scorer, each, bool(args.file))) for each in texts]
    if args.json:
        called = "file" if args.file else "text"
        print_json({**reader.named, "scores": [{called: name, **scores._asdict()} for name, scores in rows]})
        return 0
    reader.say_who()
    _print_table(rows, reader)
    return 0


def _scored(scorer: "OwnTexts", given: _Given, is_from_file: bool) -> "OwnText":
    try:
        return scorer.score(given.text)
    except TextError as error:
        raise TextError(f"in {given.name}: {error}" if is_from_file else str(error)) from None


def _print_lines(args: argparse.Namespace, reader: Reader, scorer: "OwnTexts", texts: list[_Given]) -> int:
    """Print a figure for each line, or a document; a line with too few tokens has none."""
    reader.say_who()
    passed_over = 0
    for number, line in enumerate((line for each in texts for line in _lines(each.text)), start=1):
        try:
            scores = scorer.score(line)
        except TextError:
            scores, passed_over = None, passed_over + 1
        if args.json:
            print_json({"line": number, "text": line, **(scores._asdict() if scores else _NO_FIGURES)})
        else:
            sys.stdout.write(f"{scores.perplexity:.6g}\n" if scores else "nan\n")
    sys.stdout.flush()
    if passed_over:
        sys.stderr.write(f"seqstep: note: lines that have too few tokens to be scored: {passed_over:,}\n")
    return 0


_NO_FIGURES = {"tokens_scored": 0}


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _read_file(args: argparse.Namespace, workplace: Workplace) -> Iterator[_Given]:
    """Read the texts of a file as a run would: all of it, or the records of one that has some.

    Raises:
        CorpusError, TextError: it is not there, or no text.
        UsageError: a setting is given that is not about reading a file.
    """
    from seqstep.corpus.noticing import about_empty
    from seqstep.corpus.source import Source
    from seqstep.corpus.transfer import check_size

    changes = read_assignments(args.assignments)
    given = [assignment.partition("=")[0].strip() for assignment in args.assignments]
    if others := [name for name in given if name not in _OF_A_FILE]:
        raise UsageError(f"expected one of {', '.join(_OF_A_FILE)} in --set here, got {others[0]}")
    config = resolve(changes=[changes]).corpus.model_copy(update={"sha1": ""})
    if args.file == STANDARD_INPUT:
        example = "cat my.txt | seqstep score --file -"
        path = keep_standard_input(workplace, config.max_bytes, "--file -", example)
        name = "standard input"
    else:
        path, name = _find(args.file), args.file
    try:
        check_size(name, path.stat().st_size, config.max_bytes)
        source = Source(path, name, config, command=_command(args))
        source.check()
        texts = ["".join(document) for document in source.documents()]
    except OSError as error:
        raise TextError(f"the text {name} can't be read: {error.strerror}; see who may read it") from None
    for number, text in enumerate(texts, start=1):
        if text or not config.field:
            yield _Given(f"{name}, {number}" if config.field else name, text)
    for notice in about_empty(sum(not text for text in texts) if config.field else 0):
        sys.stderr.write(f"seqstep: note: {notice}\n")


def _find(file: str) -> Path:
    path = local_file(file)
    if not path or not path.is_file():
        raise TextError(f"expected a text's file, got {quote(file)}, which is not there; name one")
    return path


def _command(args: argparse.Namespace) -> tuple[str, ...]:
    """Write what was asked for again, to which settings can be added."""
    per_line = ["--per-line"] if args.per_line else []
    return (
        "seqstep",
        "score",
        "--file",
        args.file,
        "--model",
        args.model,
        *per_line,
        "--set",
        *args.assignments,
    )


def _print_table(rows: list[tuple[str, "OwnText"]], reader: Reader) -> None:
    table = make_table("text", "tokens", "unknown", "log prob.", "perplexity", "of known", "bits/char")
    for name, scores in rows:
        table.add_row(
            _shown(name),
            f"{scores.tokens_scored:,}",
            f"{scores.unknown_tokens:,}",
            f"{scores.log_probability:.2f}",
            f"{scores.perplexity:.4g}",
            f"{scores.perplexity_of_known:.4g}",
            f"{scores.bits_per_char:.4g}",
        )
    open_console().print(table)
    explained = (
        f"{reader.name}; natural logarithm, each token after the first, given those before it; perplexity of"
        " all tokens and of known ones; bits per character with the letters of unknown tokens"
    )
    open_console().print(styled((explained, "dim")))


def _shown(text: str) -> str:
    from seqstep.text.spacing import show_lines

    return show_lines(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default="rnn",
        metavar=FORM,
        help=f"rnn (the default), rnn-scratch or held-out-…; {CHOICE}. Or a model of counts, such as"
        " modified-kneser-ney, of what trained the rnn that would answer",
    )
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts to score, a row each")
    parser.add_argument(
        "--file",
        metavar="FILE",
        help="a text's file instead, also a compressed one; - for standard input",
    )
    parser.add_argument(
        "--per-line",
        action="store_true",
        help="the perplexity of every line of the file by itself, one a line; with --json a document a line",
    )
    add_assignments(parser, "how the file is read, such as corpus.encoding=cp1252 or corpus.field=text")


COMMANDS = [
    Command(
        "score",
        "Log-probability, perplexity and bits per character of texts under a language model.",
        [
            'seqstep score "it is raining outside" "it is raining banana tree"',
            "seqstep score --file chapter.txt --model modified-kneser-ney",
            "seqstep score --file lines.txt --per-line --json",
        ],
        _arguments,
        _score,
    ),
]
