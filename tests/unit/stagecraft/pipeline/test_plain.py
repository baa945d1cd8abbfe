"""Settings as JSON has them, and what JSON does not tell of them."""

from collections import Counter, OrderedDict, defaultdict
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from pydantic import BaseModel, Field

from stagecraft.code import CodeError
from stagecraft.pipeline.plain import kinds, parts_of, plain


class Size(Enum):
    BIG = 3


class Extent(Enum):
    BIG = 3


class Part(BaseModel):
    hidden: int = Field(2, repr=False)


class Piece(BaseModel):
    hidden: int = 2


class Pair(NamedTuple):
    one: int = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(((1, (2, 3)), [1, [2, 3]]), (Path("/a/b"), "/a/b"), (None, None), (True, True), (0.1, 0.1)),
        *((Size.BIG, ["BIG", 3]), ((Part(),), [{"hidden": 2}]), ({"a": (1,)}, {"a": [1]})),
    ],
)
def test_a_setting_is_written_as_json_has_it(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize("value", [{1}, defaultdict(int)])
def test_what_json_can_not_hold_is_refused(value: object) -> None:
    with pytest.raises(CodeError, match=rf"JSON can hold whole, got one of type {type(value).__name__}"):
        plain((value,))


def test_names_that_are_one_as_text_are_refused() -> None:
    with pytest.raises(CodeError, match=r"JSON can hold whole, got one of type dict"):
        plain({1: 2, "1": 3})


@pytest.mark.parametrize("value", [1, 0.5, True, None, "a", (1, (2, "a"))])
def test_of_most_settings_json_tells_the_types(value: object) -> None:
    assert kinds(value) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(((1,), [1]), ([1], ([1],)), ("a", Path("a")), ({1: 2}, {"1": 2}), ((), [])),
        *(({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([(1,)], [[1]]), ([Pair()], [(1,)])),
        *(
            (Size.BIG, Extent.BIG),
            (Part(), Piece()),
            ((Part(),), (Piece(),)),
            ({"a": Part()}, {"a": Piece()}),
        ),
        *(({"a": 1}, OrderedDict(a=1)), (OrderedDict(a=1), Counter(a=1)), ([{"a": 1}], [Counter(a=1)])),
        *((0.5, np.float64(0.5)), ((0.5,), (np.float64(0.5),)), (Pair(), (1,))),
    ],
)
def test_settings_of_other_types_or_in_another_order_are_told_apart(one: object, other: object) -> None:
    assert kinds(one) != kinds(other)


def test_all_that_a_setting_holds_is_listed() -> None:
    held = {type(part) for part in parts_of({"a": [(Size.BIG, Part(), Path("b"))]})}
    assert held == {dict, str, list, tuple, Size, int, Part, type(Path())}


@pytest.mark.parametrize("value", ["a\udc80", Path("\udc80"), {"\ud800": 1}, ["\udfff"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(CodeError, match=r"JSON can hold whole, got '.*', which is no text in UTF-8"):
        plain(value)
