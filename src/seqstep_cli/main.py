"""The program `seqstep`."""

from collections.abc import Sequence
from typing import NoReturn

from seqstep_cli import NAMES, config, look, predict, promote, score, serve_model, sweep
from seqstep_cli.manual import MANUAL
from seqstep_cli.standard_input import take_standard_input
from stagecraft.cli import archives, history, run, stages, up, upkeep
from stagecraft.cli.main import CommandLine, run_command, run_program

PROGRAM = CommandLine(
    NAMES,
    "Sequences, one step or k steps ahead: from a text or a series to tested forecasts.",
    [
        *run.commands(MANUAL),
        *sweep.COMMANDS,
        *stages.commands(MANUAL),
        *config.COMMANDS,
        *look.COMMANDS,
        *history.commands(MANUAL),
        *predict.COMMANDS,
        *score.COMMANDS,
        *promote.COMMANDS,
        *serve_model.COMMANDS,
        *upkeep.commands(MANUAL),
        *archives.commands(MANUAL),
        *up.commands(MANUAL),
    ],
    take_standard_input,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    return run_command(PROGRAM, argv)


def program() -> NoReturn:
    """Be the program."""
    run_program(PROGRAM)


if __name__ == "__main__":
    program()
