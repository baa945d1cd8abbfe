"""Commands that only look: `stages` and `config`."""

import argparse
import sys

from flows.cli.command import Command, add_configuration, add_profile, configured_changes, print_json
from flows.cli.tables import make_table, open_console
from seqstep.settings import resolve, write_toml


def _stages(args: argparse.Namespace) -> int:
    from flows.walk import graph

    nodes = graph(resolve(args.profile)).nodes.values()
    if args.json:
        print_json(
            [
                {
                    "name": node.stage.name,
                    "description": node.stage.description,
                    "needs": node.needs,
                    "yields": node.stage.yields,
                }
                for node in nodes
            ]
        )
        return 0
    table = make_table("stage", "what it does", "needs", "yields")
    for node in nodes:
        table.add_row(
            node.stage.name, node.stage.description, ", ".join(node.needs), ", ".join(node.stage.yields)
        )
    open_console().print(table)
    return 0


def _config(args: argparse.Namespace) -> int:
    config = resolve(args.profile, configured_changes(args))
    if args.json:
        print_json(config.model_dump(mode="json"))
    else:
        sys.stdout.write(write_toml(config))
    return 0


COMMANDS = [
    Command(
        "stages",
        "List the stages, in order, with what each needs and yields.",
        ["seqstep stages", "seqstep stages compare", "seqstep stages --json"],
        add_profile,
        _stages,
    ),
    Command(
        "config",
        "Print the configuration in force as TOML, each setting with its meaning.",
        [
            "seqstep config notes",
            "seqstep config --set rnn.epochs=500 > mine.toml",
            "seqstep run --config mine.toml",
        ],
        add_configuration,
        _config,
    ),
]
