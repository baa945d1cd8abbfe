"""Which decorators leave a function what its `def` says."""

import pytest

from tests.unit.stagecraft.code.conftest import Project

_DECORATORS = """
import functools
import typing
import a_library
import numpy
import torch
from functools import wraps
from pydantic import validate_call

alias = typing.final

def plain(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

def with_words(word, *more):
    def wrap(function):
        @wraps(function)
        def inner(record, **kwargs):
            def later():
                yield word
            return function(record, **kwargs)
        return inner
    return wrap

def noting(function):
    if function in KNOWN:
        return function
    KNOWN.append(function)
    return function

def unwrapped(function):
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

def narrower(function):
    @wraps(function)
    def inner(record):
        return function(record, 3)
    return inner

def asking(function):
    @wraps(function)
    def inner(*args, size, **kwargs):
        return function(*args, **kwargs)
    return inner

def later(function):
    @wraps(function)
    async def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

def bit_by_bit(function):
    @wraps(function)
    def inner(*args, **kwargs):
        yield function(*args, **kwargs)
    return inner

def a_number(function):
    return 3

def a_call(function):
    return function()

def nothing(function):
    KNOWN.append(function)

def several(*functions):
    return functions

def perhaps(function):
    if KNOWN:
        return function

def rebound(function):
    function = 3
    return function

def bound_again(function):
    @wraps(function)
    def inner(*args, **kwargs): ...
    inner = 3
    return inner

def another(word):
    @wraps(word)
    def inner(*args, **kwargs): ...
    return inner

def made_lost(word):
    @a_library.decorating
    def wrap(function):
        return function
    return wrap

@a_library.decorating
def decorated(function):
    return function

async def a_coroutine(function):
    return function

if a_library.NEW:
    def chosen(function): return function
else:
    def chosen(function): return 3

class Class:
    def __init__(self, function): ...

    def method(self, function):
        return function
"""


def changed_by(project: Project, mark: str) -> tuple[str, str] | None:
    project.write(f"{_DECORATORS}\n@{mark}\ndef target(record, size): ...\n")
    return project.code().changed_by(f"{project.name}.main.target")


@pytest.mark.parametrize(
    "mark",
    [
        *("torch.no_grad()", "torch.inference_mode", "numpy.errstate(all='raise')", "typing.final"),
        *("plain", "with_words('a')", "noting", "plain\n@noting"),
    ],
)
def test_a_decorator_that_leaves_a_function_what_it_is_is_let_pass(project: Project, mark: str) -> None:
    assert changed_by(project, mark) is None


@pytest.mark.parametrize(
    "mark",
    [
        *("unwrapped", "narrower", "asking", "later", "bit_by_bit", "a_number", "a_call", "nothing"),
        *(
            "several",
            "perhaps",
            "rebound",
            "bound_again",
            "another('a')",
            "decorated",
            "a_coroutine",
            "chosen",
        ),
        *("functools.cache", "functools.lru_cache(maxsize=3)", "validate_call", "typing.final()"),
        *("Class", "Class.method", "alias", "a_library.decorating", "lost", "staticmethod", "plain()"),
        *("with_words", "(lambda function: 3)", "{}[0]"),
    ],
)
def test_a_decorator_that_may_change_a_function_is_found_with_its_place(project: Project, mark: str) -> None:
    found, place = changed_by(project, f"noting\n@{mark}") or ("", "")
    assert found == mark.strip("()" if mark[0] == "(" else "") and place.startswith(str(project.folder))
    line = int(place.rpartition(":")[2])
    assert (project.folder / project.name / "main.py").read_text().splitlines()[line - 1] == f"@{mark}"
