"""What a stage's key is made of, for people and as JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from stagecraft.cli.tables import escape, make_table, open_console
from stagecraft.code import Place
from stagecraft.errors import SelectionError, nearest
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle, dotted
from stagecraft.pipeline.walk import Trace
from stagecraft.runs.request import Request


def find_call(request: Request, name: str) -> Call:
    """Find a stage of a flow with what it is handed there.

    Raises:
        SelectionError: there is no such stage.
    """
    if name not in request.trace.nodes:
        hint = nearest(name, request.trace.nodes)
        raise SelectionError(f"there is no stage {name!r} in {request.name}; {hint}")
    trace = Trace()
    request.walk(trace)  # with all that a run hands it, which the graph need not know
    node = trace.nodes[name]
    return Call(node.stage, node.arguments)


def as_json(request: Request, call: Call) -> dict[str, Any]:
    """List what the key is made of.

    Raises:
        CodeError: the stage's code can't be followed.
    """
    parts, file = call.fixed_parts(), call.own_file()
    return {
        "stage": call.stage.name,
        "description": call.stage.description,
        "definitions": [
            {"name": name, **_in_file(call.stage.code.place(name)), "digest": digest}
            for name, digest in parts.code.items()
        ],
        "settings": parts.parameters,
        "aside": list(call.stage.aside),
        "inputs": [
            {"name": name, "stage": handle.stage, "part": ".".join(handle.path), "absent": absent}
            for name, handle, absent in _inputs(request, call)
        ],
        "file": str(file) if file else None,
        "libraries": parts.libraries,
    }


def show(request: Request, call: Call) -> None:
    """Print tables of what the key is made of, the longest first.

    Raises:
        CodeError: the stage's code can't be followed.
    """
    parts, file = call.fixed_parts(), call.own_file()
    inputs = [
        (name, f"{dotted(handle)}{' (not in this flow)' if absent else ''}")
        for name, handle, absent in _inputs(request, call)
    ]
    settings = [(name, json.dumps(value, ensure_ascii=False)) for name, value in parts.parameters.items()]
    settings += [(name, "(left out of the key)") for name in call.stage.aside]
    console = open_console()
    console.print(f"[bold]{call.stage.name}[/]: {escape(call.stage.description)}", highlight=False)
    for headers, rows in (
        (("definition", "where"), _definitions(call, parts.code)),
        (("setting", "value"), settings),
        (("input", "from"), inputs + ([(file.name, f"the file {file}")] if file else [])),
        (("library", "version"), parts.libraries.items()),
    ):
        table = make_table(*headers)
        for row in rows:
            table.add_row(*map(escape, row))
        if table.row_count:
            console.print()
            console.print(table)


def _inputs(request: Request, call: Call) -> list[tuple[str, Handle, bool]]:
    """List what other stages yield, and whether that is absent from the flow."""
    present = request.trace.nodes
    return [(name, handle, handle.stage not in present) for name, handle in call.handles.items()]


def _definitions(call: Call, names: Iterable[str]) -> Iterable[Sequence[str]]:
    """List definitions by where they stand, by the names that they have there."""
    places = {name: call.stage.code.place(name) for name in names}
    for place in sorted(filter(None, places.values())):
        yield place.name or "(the whole file)", f"{_shown(place.file)}:{place.line}".removesuffix(":0")


def _in_file(place: Place | None) -> dict[str, Any]:
    return {"file": _shown(place.file), "line": place.line or None} if place else {"file": None, "line": None}


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
