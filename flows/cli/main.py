"""The command line: `seqstep COMMAND …`."""

import argparse
import atexit
import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence
from threading import Event
from typing import NoReturn

from flows.cli import history, inspect, predict, promote, run, serve, serve_model, sweep, upkeep
from flows.cli.interruption import INTERRUPTED, end_soon_after_a_signal, leave
from secrecy import redact
from seqstep.errors import SeqstepError
from stagecraft.environment import keep_prefect_off_the_console, prepare
from stagecraft.errors import StagecraftError, explain
from stagecraft.home import open_home

_FAILED, _USAGE = 1, 2
_KEPT = "interrupted; what was finished is kept"
_reported = Event()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE, f"seqstep: {message}; see `{self.prog} --help`\n")


def build_parser() -> argparse.ArgumentParser:
    """Lay out all commands."""
    parser = _Parser(
        prog="seqstep",
        description="Sequences, one step or k steps ahead: from a text or a series to tested forecasts.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (run, sweep, inspect, history, predict, promote, serve_model, upkeep, serve):
        for command in module.COMMANDS:
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
            sub.set_defaults(
                execute=command.execute, patience_s=command.patience_s, is_brief=command.is_brief
            )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 something failed, 2 the user must change something."""
    return _execute(build_parser().parse_args(argv))


def _execute(args: argparse.Namespace) -> int:
    try:
        prepare(open_home())
        keep_prefect_off_the_console()
        status: int = args.execute(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read the output has enough of it; keep Python from complaining at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _report(_KEPT, INTERRUPTED, args)
    except (SeqstepError, StagecraftError) as error:
        return _report(str(error), error.exit_status, args)
    except OSError as error:
        return _report(explain(error), _FAILED, args)
    except Exception as error:  # noqa: BLE001  (the last line of defence against a traceback)
        return _report(f"unexpected {type(error).__name__}: {error} (--debug shows where)", _FAILED, args)


def _report(message: str, status: int, args: argparse.Namespace) -> int:
    """Say what went wrong on standard error, and with --json on standard output too."""
    if args.debug:
        sys.stderr.write(redact(traceback.format_exc()))
    message = redact(message)
    sys.stderr.write(f"seqstep: {message}\n")
    if args.json:
        sys.stdout.write(json.dumps({"error": message, "exit_status": status}) + "\n")
    _reported.set()
    return status


def program() -> NoReturn:
    """Be the program `seqstep`."""
    args = build_parser().parse_args()
    if args.is_brief:
        gc.disable()
        atexit.register(gc.freeze)  # else Python looks for it at its end

    def give_up() -> None:
        if not _reported.is_set():
            _report(_KEPT, INTERRUPTED, args)

    end_soon_after_a_signal(args.patience_s, give_up)
    status = _execute(args)
    if status == INTERRUPTED:
        leave()
    sys.exit(status)


if __name__ == "__main__":
    program()
