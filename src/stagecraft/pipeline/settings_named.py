"""Whether what a stage says of its settings is said of some that it has."""

from collections.abc import Iterator, Mapping
from inspect import Parameter
from typing import Any

from pydantic import BaseModel

from stagecraft.errors import WiringError, nearest
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.narrowed import fields_of
from stagecraft.pipeline.stage import Stage, prefix_of


def check_named(stage: Stage, arguments: Mapping[str, Any]) -> None:
    """See that what a stage says of its settings is said of single ones that it has, and once.

    Raises:
        WiringError: it is not.
    """
    settings = {name: value for name, value in arguments.items() if not isinstance(value, Handle)}
    known = {*_leaves(settings), *_left_to_the_function(stage, arguments)}
    # There may be settings in its place elsewhere.
    is_open = any(value is None for value in arguments.values())
    for name in filter(None, (*stage.aside, *stage.resolves, stage.longer)):
        if isinstance(arguments.get(name), Handle):
            wrong = "which is a result of a stage, and results always count; leave it out"
        elif isinstance(arguments.get(name), BaseModel) or any(one.startswith(f"{name}.") for one in known):
            wrong = "which is a group of settings; name those of its fields that are meant"
        elif name in stage.aside and name in stage.resolves:
            wrong = "both in `aside` and in `resolves`; leave out the one that is not meant"
        elif name in known or (is_open and "." in name):
            continue
        else:
            wrong = f"but it has no such parameter; {nearest(name, sorted(known))}"
        raise WiringError(f"{stage.name} says something of {name}, {wrong} ({stage.declared_at})")


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """List the names of settings, of models those of their fields."""
    for name, value in settings.items():
        if isinstance(value, BaseModel):
            yield from _leaves(fields_of(value), prefix + prefix_of(name, value))
        else:
            yield f"{prefix}{name}"


def _left_to_the_function(stage: Stage, arguments: Mapping[str, Any]) -> Iterator[str]:
    """List the parameters whose default is code; the record and what takes all others are none."""
    for parameter in list(stage.signature.parameters.values())[1:]:
        if parameter.kind is not Parameter.VAR_KEYWORD and parameter.name not in arguments:
            yield parameter.name
