"""Changes of settings, as a command line has them: assignments, and a file of them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from secrecy import quote, redact
from stagecraft.errors import UsageError
from stagecraft.files.opening import parse_toml, read_toml

Tree = dict[str, Any]

_DEEPEST = 20


def read_file(path: Path) -> Tree:
    """Read a TOML file of settings.

    Raises:
        UsageError: the file is missing or is not TOML.
    """
    try:
        return read_toml(path)
    except OSError as error:
        raise UsageError(f"the configuration {path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the configuration {path} is not TOML: {error}") from None


def read_assignments(assignments: Sequence[str]) -> Tree:
    """Turn `["rnn.epochs=500"]` into `{"rnn": {"epochs": "500"}}`; `["rnn={epochs=500}"]` means the same.

    Raises:
        UsageError: an assignment without `=` or without a name.
    """
    tree: Tree = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"expected KEY=VALUE, such as rnn.epochs=500, got {quote(redact(assignment))}")
        if name.count(".") > _DEEPEST:
            raise UsageError(
                f"expected KEY=VALUE, such as rnn.epochs=500, got a key of {name.count('.')} points"
            )
        group = _group(value)
        branch: Any = value if group is None else group
        for part in reversed(name.strip().split(".")):
            branch = {part: branch}
        _lay_over(tree, branch)
    return tree


def _group(value: str) -> Tree | None:
    """Read a group of settings as TOML and JSON write it, if a value is one."""
    if not value.strip().startswith("{"):
        return None
    for read in (_read_toml, json.loads):
        with suppress(ValueError, RecursionError):
            found: Tree = read(value)
            return found
    return None


def _read_toml(value: str) -> Any:
    """Read a single value.

    Raises:
        ValueError: it is not TOML, or there is more behind it.
    """
    document = parse_toml(f"value = {value}")
    if len(document) > 1:
        raise ValueError("expected one value")
    return document["value"]


def _lay_over(tree: Tree, change: Tree) -> None:
    """Change a tree; the later value of a setting wins."""
    for name, value in change.items():
        below = tree.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            _lay_over(below, value)
        else:
            tree[name] = value
