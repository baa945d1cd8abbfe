"""A program of commands, from its arguments to its exit status."""

import argparse
import atexit
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from threading import Event, Thread
from typing import Any, NamedTuple, NoReturn

from secrecy import in_line, redact, shorten
from stagecraft.cli.command import Command, documents_alone, print_json
from stagecraft.cli.interruption import (
    INTERRUPTED,
    end_soon_after_a_signal,
    hear_no_more,
    is_interruption,
    leave,
)
from stagecraft.cli.streams import Streams
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import explain, is_for_users
from stagecraft.key.libraries import in_the_way
from stagecraft.names import Names
from stagecraft.servers.environment import keep_prefect_off_the_console, misread, prepare

_FAILED, _USAGE = 1, 2
_CLOSES_S = 10
_KEPT = "interrupted; what was finished is kept"
_reported, _given_up = Event(), Event()


def _as_they_are(_args: argparse.Namespace, _workplace: Workplace) -> None:
    """Leave the arguments of a command as they are."""


class CommandLine(NamedTuple):
    """A command line: what it is called after, what it is for, and its commands in the order of its help.

    Attributes:
        complete: puts something in the place of arguments that mean it, before a command that needs a home.
    """

    names: Names
    description: str
    commands: Sequence[Command]
    complete: Callable[[argparse.Namespace, Workplace], None] = _as_they_are


class _Once(argparse.Action):
    """A value; of an option that is given twice the second would take the first one's place in silence."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        """Take the value."""
        given = vars(namespace).setdefault("_given", set())
        if option and self.dest in given:
            parser.error(f"{option} is given twice; give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and with --json on standard output too."""

    _asks_for_json = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("action", None, _Once)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._asks_for_json = "--json" in (sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        message = in_line(shorten(redact(f"{message}; see `{self.prog} --help`")))
        if self._asks_for_json:
            _write_json(message, _USAGE)
        self.exit(_USAGE, f"{self.prog.partition(' ')[0]}: {message}\n")


def build_parser(program: CommandLine) -> argparse.ArgumentParser:
    """Lay out all commands."""
    parser = _Parser(prog=program.names.project, description=program.description)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in program.commands:
        sub = commands.add_parser(
            command.name,
            help=command.summary,
            description="\n\n".join(filter(None, [command.summary, command.details])),
            epilog="examples:\n" + "\n".join(f"  {line}" for line in command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(sub)
        sub.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        sub.set_defaults(chosen=command)
    return parser


def run_command(program: CommandLine, argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 something failed, 2 the user must change something."""
    return _execute(program, build_parser(program).parse_args(argv))


def _execute(program: CommandLine, args: argparse.Namespace) -> int:
    try:
        workplace = Workplace(program.names)
        if args.chosen.needs_project:
            workplace.check_project()
        if args.chosen.needs_home:
            prepare(workplace.home)
            keep_prefect_off_the_console()
            program.complete(args, workplace)
        with documents_alone() if args.json else nullcontext():
            status: int = args.chosen.execute(args, workplace)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read the output has enough of it; keep Python from complaining at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (the last line of defence)
        if is_interruption(error):
            return _report(program, _KEPT, INTERRUPTED, args)
        if text := in_the_way(error) or misread(error):
            return _report(program, text, _USAGE, args)
        return _report(program, _words(error), getattr(error, "exit_status", _FAILED), args)


def _words(error: BaseException) -> str:
    """Say in words what was raised; what was not raised on purpose is named."""
    if is_for_users(error) or isinstance(error, OSError):
        return explain(error)
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)"


def _report(program: CommandLine, message: str, status: int, args: argparse.Namespace) -> int:
    """Say what went wrong on standard error, with --json on standard output too; once it gave up, nothing."""
    if _given_up.is_set():
        return status
    if args.debug:
        sys.stderr.write(redact(traceback.format_exc()))
    message = in_line(shorten(redact(message)))
    sys.stderr.write(f"{program.names.project}: {message}\n")
    if args.json:
        _write_json(message, status)
    _reported.set()
    return status


def _close_runs(names: Names) -> None:
    """Close the runs that this process has open, as the next one would, which does if this fails."""
    with suppress(Exception):
        from stagecraft.cache.sessions import give_up_all

        if give_up_all():
            from stagecraft.mlflow import Tracker
            from stagecraft.runs.pipeline_run import close_dead_runs

            close_dead_runs(Tracker(Workplace(names).home))


def _write_json(message: str, status: int) -> None:
    print_json({"error": message, "exit_status": status})


def run_program(program: CommandLine) -> NoReturn:
    """Be a program."""
    streams = Streams()
    try:
        status = _run_alone(program)
    except KeyboardInterrupt:  # before the command began
        status = INTERRUPTED
    except SystemExit as end:  # argparse's way to end, and that of a project's own code
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = _FAILED if isinstance(end.code, str) else int(end.code or 0)
    if lost := streams.lost():
        sys.stderr.write(
            f"{program.names.project}: standard output can't be written: {lost}; what was printed is lost,"
            " what was done is not\n"
        )
        status = status or _FAILED
    if status == INTERRUPTED:
        leave()
    sys.exit(status)


def _run_alone(program: CommandLine) -> int:
    """Run the command that this process was started for."""
    args = build_parser(program).parse_args()
    if args.chosen.is_brief:
        gc.disable()
        atexit.register(gc.freeze)  # else Python looks for it at its end

    def give_up() -> None:
        if not _reported.is_set():
            _report(program, _KEPT, INTERRUPTED, args)
        _given_up.set()
        # Whatever the program waits for may be in the way of this, too.
        closing = Thread(target=_close_runs, args=[program.names], daemon=True)
        closing.start()
        closing.join(_CLOSES_S)

    end_soon_after_a_signal(args.chosen.patience_s, give_up)
    status = _execute(program, args)
    hear_no_more()
    return status
