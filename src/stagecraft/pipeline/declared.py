"""Whether what a `Stage(…)` declares is of the kind that it should be."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from secrecy import quote
from stagecraft.code import Codebase
from stagecraft.errors import WiringError
from stagecraft.key.depends import Dependency


class _Wanted(NamedTuple):
    words: str
    fits: Callable[[object], bool]


def check_declared(stage: type, name: object, declared: Mapping[str, object]) -> None:
    """See that what a stage declares is of the kind that it should be.

    Args:
        stage: the class of stages.
        name: what the stage is called, as far as that can be told.
        declared: by the names of the parameters of `Stage(…)`.

    Raises:
        WiringError: something is of another kind.
    """
    called = name if name and isinstance(name, str) else "a stage"
    several = _SEVERAL | {"judges": stage}
    wanted = _ALONE | {word: _several(kind, word == "judges") for word, kind in several.items()}
    for word, value in declared.items():
        if not wanted[word].fits(value):
            is_one = word in several and wanted[word].fits((value,))
            advice = f"put it into a tuple, `{word}=(…,)`" if is_one else "correct its `Stage(…)`"
            raise WiringError(
                f"{called}: expected {wanted[word].words} as `{word}`, got {quote(value)}; {advice}"
            )


def _several(kind: type, or_table: bool) -> _Wanted:
    def fits(value: object) -> bool:
        held = value.values() if or_table and isinstance(value, Mapping) else value
        is_one = isinstance(held, str | bytes | Mapping)
        return isinstance(held, Collection) and not is_one and all(isinstance(one, kind) for one in held)

    return _Wanted(f"several of {kind.__name__}", fits)


def _is_target(value: object) -> bool:
    names = value.split(".") if isinstance(value, str) else []
    return len(names) > 1 and all(map(str.isidentifier, names))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and (not value or re.fullmatch(r"\w+", value) is not None)


def _are_functions(value: object) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(isinstance(name, str) and callable(function) for name, function in value.items())
    )


_SEVERAL: dict[str, type] = {"aside": str, "records": str, "depends": Dependency}
_ALONE = {
    "code": _Wanted("a Codebase", lambda value: isinstance(value, Codebase)),
    "target": _Wanted("a text such as package.module.function", _is_target),
    "figure": _Wanted("a function", callable),
    "reads": _Wanted("a function", lambda value: value is None or callable(value)),
    "resolves": _Wanted("a mapping from names of parameters to functions", _are_functions),
    "longer": _Wanted("the name of a parameter", lambda value: isinstance(value, str)),
    "resumes": _Wanted("True or False", lambda value: isinstance(value, bool)),
    "name": _Wanted("a name of letters, digits and _", _is_name),
}
