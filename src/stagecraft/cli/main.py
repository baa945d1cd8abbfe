"""A program of commands, from its arguments to its exit status."""

import argparse
import atexit
import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from threading import Event
from typing import NamedTuple, NoReturn

from secrecy import redact
from stagecraft.cli.command import Command
from stagecraft.cli.interruption import INTERRUPTED, end_soon_after_a_signal, leave
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import explain
from stagecraft.names import Names
from stagecraft.servers.environment import keep_prefect_off_the_console, prepare

_FAILED, _USAGE = 1, 2
_KEPT = "interrupted; what was finished is kept"
_reported = Event()


class Program(NamedTuple):
    """A command line: what it is called after, what it is for, and its commands in the order of its help."""

    names: Names
    description: str
    commands: Sequence[Command]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        program = self.prog.partition(" ")[0]
        self.exit(_USAGE, f"{program}: {message}; see `{self.prog} --help`\n")


def build_parser(program: Program) -> argparse.ArgumentParser:
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


def run_command(program: Program, argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 something failed, 2 the user must change something."""
    return _execute(program, build_parser(program).parse_args(argv))


def _execute(program: Program, args: argparse.Namespace) -> int:
    try:
        workplace = Workplace(program.names)
        if args.chosen.needs_home:
            prepare(workplace.home)
            keep_prefect_off_the_console()
        status: int = args.chosen.execute(args, workplace)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read the output has enough of it; keep Python from complaining at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _report(program, _KEPT, INTERRUPTED, args)
    except Exception as error:  # noqa: BLE001  (the last line of defence against a traceback)
        return _report(program, _words(error), getattr(error, "exit_status", _FAILED), args)


def _words(error: Exception) -> str:
    """Say in words what was raised; what was not raised on purpose is named."""
    if hasattr(error, "exit_status") or isinstance(error, OSError):
        return explain(error)
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)"


def _report(program: Program, message: str, status: int, args: argparse.Namespace) -> int:
    """Say what went wrong on standard error, and with --json on standard output too."""
    if args.debug:
        sys.stderr.write(redact(traceback.format_exc()))
    message = redact(message)
    sys.stderr.write(f"{program.names.project}: {message}\n")
    if args.json:
        sys.stdout.write(json.dumps({"error": message, "exit_status": status}) + "\n")
    _reported.set()
    return status


def run_program(program: Program) -> NoReturn:
    """Be a program."""
    args = build_parser(program).parse_args()
    if args.chosen.is_brief:
        gc.disable()
        atexit.register(gc.freeze)  # else Python looks for it at its end

    def give_up() -> None:
        if not _reported.is_set():
            _report(program, _KEPT, INTERRUPTED, args)

    end_soon_after_a_signal(args.chosen.patience_s, give_up)
    status = _execute(program, args)
    if status == INTERRUPTED:
        leave()
    sys.exit(status)
