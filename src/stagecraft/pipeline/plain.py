"""What of a setting enters the key: its value as JSON has it, and what JSON does not tell of it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from pathlib import PurePath
from types import NoneType
from typing import Any

from pydantic import BaseModel

from stagecraft.code import CodeError

# Types that JSON tells, or that it is taken for.
_TOLD = {bool, float, int, NoneType, str, tuple}
_NO_CHARACTER = re.compile("[\ud800-\udfff]")


def plain(value: Any) -> Any:
    """Turn a setting into what JSON has.

    Raises:
        CodeError: JSON can't hold it whole.
    """
    match value:
        case Enum():
            return [value.name, plain(value.value)]
        case str() | PurePath():
            return _text(str(value))
        case None | int() | float():
            return value
        case list() | tuple():
            return [plain(part) for part in value]
        case dict() if not isinstance(value, defaultdict):  # whose code for what is missing JSON has not
            told = {_text(str(name)): plain(part) for name, part in value.items()}
            if len(told) == len(value):
                return told
        case BaseModel():
            return {name: plain(part) for name, part in value}
    raise CodeError(
        f"expected a setting that JSON can hold whole, got one of type {type(value).__name__};"
        " say in the stage's `resolves` what of it counts"
    )


def _text(value: str) -> str:
    """See that a text can be written, which one that was read from bytes of another encoding can't be.

    Raises:
        CodeError: it can't.
    """
    if value.isascii() or not _NO_CHARACTER.search(value):
        return value
    raise CodeError(f"expected a setting that JSON can hold whole, got {value!r}, which is no text in UTF-8")


def kinds(value: Any) -> str:
    """Tell of which types a setting is made, and in which order; nothing where its JSON tells that.

    So it does of a tuple, of which there are most.
    """
    return "" if all(type(part) in _TOLD for part in parts_of(value)) else _kind(value)


def _kind(value: Any) -> str:
    match value:
        case list() | tuple():
            return f"{type_name(type(value))}({', '.join(map(_kind, value))})"
        case dict():
            inner = (f"{name!r}: {_kind(part)}" for name, part in value.items())
            return f"{type_name(type(value))}({', '.join(inner)})"
        case BaseModel():
            return f"{type_name(type(value))}({', '.join(_kind(part) for _, part in value)})"
    return type_name(type(value))


def type_name(kind: type) -> str:
    """Name a type; one of the project or of a library with its module."""
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def parts_of(value: Any) -> Iterator[Any]:
    """List a setting and all that it holds."""
    yield value
    match value:
        case list() | tuple():
            held: Any = value
        case dict():
            held = (*value, *value.values())
        case BaseModel():
            held = (part for _, part in value)
        case Enum():
            held = (value.value,)
        case _:
            return
    for part in held:
        yield from parts_of(part)
