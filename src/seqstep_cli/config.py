"""The command that prints the configuration: `config`."""

import argparse
import sys
from functools import partial
from pathlib import Path

from seqstep import settings
from seqstep.settings.resolving import resolve, write_toml
from seqstep_cli.manual import MANUAL
from stagecraft.cli.command import Command, add_configuration, by_changes, print_json
from stagecraft.cli.workplace import Workplace
from stagecraft.project import telling_where

_SETTINGS = Path(str(settings.__file__)).parent


def _config(args: argparse.Namespace, _workplace: Workplace) -> int:
    with telling_where(_SETTINGS, "asked for the configuration, the settings failed with ", "correct that"):
        config = by_changes(args, partial(resolve, args.profile))
        document, written = config.model_dump(mode="json"), write_toml(config)
    if args.json:
        print_json(document)
    else:
        sys.stdout.write(written)
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
