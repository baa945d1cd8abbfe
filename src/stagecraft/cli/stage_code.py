"""What a stage's key is made of, for people and as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from secrecy import quote
from stagecraft.cli.tables import make_table, open_console, styled
from stagecraft.code import Place
from stagecraft.errors import SelectionError, nearest, shown
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle, as_written, path_of, stage_of
from stagecraft.runs.request import Request


def find_call(request: Request, name: str) -> Call:
    """Find a stage of a flow with what it is handed there.

    Raises:
        SelectionError: there is no such stage.
    """
    if name not in request.trace.nodes:
        hint = nearest(name, request.trace.nodes)
        raise SelectionError(f"there is no stage {quote(name)} in {request.name}; {hint}")
    node = request.trace.nodes[name]
    return Call(node.stage, node.arguments)


def as_json(request: Request, call: Call) -> dict[str, Any]:
    """List what the key is made of.

    Raises:
        CodeError: the stage's code can't be followed.
    """
    parts = call.fixed_parts()
    return {
        "stage": call.stage.name,
        "description": call.stage.description,
        "definitions": [
            {"name": name, **_in_file(call.stage.place(name)), "digest": digest}
            for name, digest in parts.code.items()
        ],
        "settings": parts.parameters,
        "aside": list(call.stage.aside),
        "inputs": [
            {"name": name, "stage": stage_of(handle), "part": ".".join(path_of(handle)), "absent": absent}
            for name, handle, absent in _inputs(request, call)
        ],
        "files": list(map(str, call.own_files())),
        "libraries": parts.libraries,
        "declared": parts.declared,
    }


def show(request: Request, call: Call) -> None:
    """Print tables of what the key is made of, the longest first.

    Raises:
        CodeError: the stage's code can't be followed.
    """
    parts = call.fixed_parts()
    inputs = [
        (name, f"{as_written(handle)}{' (not in this flow)' if absent else ''}")
        for name, handle, absent in _inputs(request, call)
    ]
    settings = [(name, json.dumps(value, ensure_ascii=False)) for name, value in parts.parameters.items()]
    settings += [(name, "(left out of the key)") for name in call.stage.aside]
    console = open_console()
    console.print(styled((call.stage.name, "bold"), f": {call.stage.description}"), highlight=False)
    for headers, rows in (
        (("definition", "where"), _definitions(call, parts.code)),
        (("setting", "value"), settings),
        (("input", "from"), inputs + [(file.name, f"the file {file}") for file in call.own_files()]),
        (("library", "version"), parts.libraries.items()),
        (("declared besides", "as"), parts.declared.items()),
    ):
        table = make_table(*headers)
        for row in rows:
            table.add_row(*row)
        if table.row_count:
            console.print()
            console.print(table)


def _inputs(request: Request, call: Call) -> list[tuple[str, Handle, bool]]:
    """List what other stages yield, and whether that is absent from the flow."""
    present = request.trace.nodes
    return [(name, handle, stage_of(handle) not in present) for name, handle in call.handles.items()]


def _definitions(call: Call, names: Iterable[str]) -> Iterable[Sequence[str]]:
    """List definitions by where they stand, by the names that they have there."""
    places = {name: call.stage.place(name) for name in names}
    for place in sorted(filter(None, places.values())):
        yield place.name or "(the whole file)", f"{shown(place.file)}:{place.line}".removesuffix(":0")


def _in_file(place: Place | None) -> dict[str, Any]:
    return {"file": shown(place.file), "line": place.line or None} if place else {"file": None, "line": None}
