"""The command that lists what a flow is made of, and what a stage's key is: `stages`."""

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from stagecraft.cli.command import Command, add_configuration, add_flow, by_changes, print_json
from stagecraft.cli.manual import Manual
from stagecraft.cli.tables import STAGE, make_table, open_console
from stagecraft.cli.workplace import Workplace
from stagecraft.pipeline.selection import Selector

if TYPE_CHECKING:
    from stagecraft.runs.request import Request


def _stages(args: argparse.Namespace, workplace: Workplace) -> int:
    ask = workplace.project.ask
    request = by_changes(args, lambda changes: ask(args.flow, args.profile, changes, Selector(), False))
    if args.code is not None:
        return _code(args, request)
    request.check()
    nodes = request.trace.nodes.values()
    for notice in request.notices:
        sys.stderr.write(f"{notice}\n")
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
    table = make_table(STAGE, "what it does", "needs", "yields")
    table.columns[2].no_wrap = True
    for column in table.columns[1::2]:
        column.overflow = "fold"
    for node in nodes:
        yields = ", ".join(node.stage.yields)
        table.add_row(node.stage.name, node.stage.description, "\n".join(node.needs), yields)
    open_console().print(table)
    return 0


def _code(args: argparse.Namespace, request: "Request") -> int:
    from stagecraft.cli.stage_code import as_json, find_call, show

    call = find_call(request, args.code)
    if args.json:
        print_json(as_json(request, call))
    else:
        show(request, call)
    return 0


def _arguments(parser: argparse.ArgumentParser, manual: Manual) -> None:
    add_configuration(parser, manual)
    add_flow(parser, manual)
    parser.add_argument("--code", metavar="STAGE", help="tell what the key of this stage's result is made of")


def commands(manual: Manual) -> list[Command]:
    """Make this command for a project."""
    return [
        Command(
            "stages",
            "List the stages, in order, with what each needs and yields.",
            manual.examples["stages"],
            partial(_arguments, manual=manual),
            _stages,
            needs_project=True,
        ),
    ]
