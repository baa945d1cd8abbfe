"""What calls do with what they are given: with templates that name attributes, with classes, with objects."""

import ast
from collections.abc import Iterator

from stagecraft.code.nodes import called, text_of

# What stands for a method that reads attributes by a text.
TEMPLATE = "format_map"
# Methods that read what a text names; the text is theirs, or what they are given first.
_OWN_TEMPLATE = {"format", "format_map"}
_GIVEN_TEMPLATE = {"get_field", "vformat"}
_QUERIES = {"eval", "query"}
# Methods of lists and sets, which only keep what they are given.
KEEPING = {"add", "append"}
# Functions that make classes.
_MAKERS = {"create_model", "make_dataclass", "new_class"}
# Functions that tell where code stands and what it reads like, and methods of logs.
_TELLING = {(f"{verb}_{what}",) for verb in ("format", "print") for what in ("exc", "exception", "stack")}
_SAYING = {"critical", "debug", "error", "fatal", "info", "log", "warning"}
_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Starred, ast.Tuple, ast.keyword)


def template(call: ast.AST | None) -> ast.expr | None:
    """Find the text that tells a call which attributes to read; None where none does."""
    if not isinstance(call, ast.Call):
        return None
    name = getattr(call.func, "attr", "")
    if isinstance(call.func, ast.Attribute) and name in _OWN_TEMPLATE:
        return call.func.value
    return _first(call) if name in _GIVEN_TEMPLATE | _QUERIES else None


def is_template(node: ast.Attribute) -> bool:
    """Tell whether a method that is no more than named reads attributes by a text that may be any."""
    return node.attr in _OWN_TEMPLATE and text_of(node.value) is None


def reads_names(call: ast.Call) -> bool:
    """Tell whether a text that a call is given may name what stands around it, as queries of pandas do."""
    text = _first(call)
    return getattr(call.func, "attr", "") in _QUERIES and text is not None and text_of(text) is None


def makes_class(call: ast.Call) -> bool:
    """Tell whether a call may make a class from others."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _MAKERS or (len(call.args) > 2 and (name == "type" or isinstance(call.args[1], ast.Tuple)))


def given(call: ast.Call) -> Iterator[ast.expr]:
    """List what a call is given, be it in a list or the like."""
    waiting: list[ast.AST] = [*call.args, *call.keywords]
    for part in waiting:  # which grows meanwhile
        if isinstance(part, _DISPLAYS):
            waiting += ast.iter_child_nodes(part)
        elif isinstance(part, ast.expr):
            yield part


def said(node: ast.expr) -> list[ast.Call]:
    """List what of a statement tells of code to a log, or on standard error, and not to the code at hand."""
    if not isinstance(node, ast.Call):
        return []
    is_log = getattr(node.func, "attr", "") in _SAYING
    parts = node.args if is_log else [] if node.args or node.keywords else [node]
    return [part for part in parts if isinstance(part, ast.Call) and called(part)[-1:] in _TELLING]


def _first(call: ast.Call) -> ast.expr | None:
    return next(iter([*call.args, *(word.value for word in call.keywords)]), None)
