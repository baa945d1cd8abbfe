"""The command that prints the configuration: `config`."""

import argparse
import sys
from functools import partial

from seqstep.settings.resolving import resolve, write_toml
from seqstep_cli.manual import MANUAL
from stagecraft.cli.command import Command, add_configuration, by_changes, print_json
from stagecraft.cli.workplace import Workplace


def _config(args: argparse.Namespace, _workplace: Workplace) -> int:
    config = by_changes(args, partial(resolve, args.profile))
    if args.json:
        print_json(config.model_dump(mode="json"))
    else:
        sys.stdout.write(write_toml(config))
    return 0


COMMANDS = [
    Command(
        "config",
        "Print the configuration in force as TOML, each setting with its meaning.",
        [
            "seqstep config notes",
            "seqstep config --set rnn.epochs=500 > mine.toml",
            "seqstep run --config mine.toml",
        ],
        partial(add_configuration, manual=MANUAL),
        _config,
        needs_home=False,
    ),
]
