"""Settings that lack what a key does not know: what may be read of them, and what is refused in every way."""

import copy
import operator
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, PrivateAttr, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from stagecraft.errors import SettingError, is_for_users
from stagecraft.pipeline.narrowed import fields_of, narrow


class Size(BaseModel):
    """How large it is."""

    model_config = ConfigDict(frozen=True)

    words: int = 2
    colour: str = "blue"
    _secret: str = PrivateAttr("scarlet")

    @property
    def twice(self) -> int:
        return 2 * self.words

    @cached_property
    def thrice(self) -> int:
        return 3 * self.words

    @cached_property
    def shade(self) -> str:
        return f"dark {self.colour}"


class Outer(BaseModel):
    size: Size = Size()
    rounds: int = 1


SCARLET = Size(colour="scarlet")
WORDS = {"words", "size", "rounds"}


def keep(_group: str, model: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in fields_of(model).items() if name in WORDS}


@pytest.fixture
def size() -> Size:
    # Values that were computed of the whole must not come along.
    assert SCARLET.shade == "dark scarlet" and SCARLET.thrice == 6
    return narrow(SCARLET, keep, "gather", "size.")


def test_what_the_key_knows_is_read_as_ever(size: Size) -> None:
    assert isinstance(size, Size) and type(size).__name__ == "Size" and type(size).__doc__ == Size.__doc__
    assert (size.words, size.twice, size.thrice, size.thrice) == (2, 4, 6, 6)
    assert size is not None and bool(size) and TypeAdapter(Size).validate_python(size) is size
    with pytest.raises(AttributeError, match="wrods"):
        _ = size.wrods  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="frozen"):
        size.words = 3  # type: ignore[misc]


ONE: dict[str, Callable[[Any], object]] = {
    "its name": lambda size: size.colour,
    "a default": lambda size: getattr(size, "colour", "blue"),
    "hasattr": lambda size: hasattr(size, "colour"),
    "attrgetter": operator.attrgetter("colour"),
    "a format": "{0.colour}".format,
    "what is computed of it": lambda size: size.shade,
}
WHOLE: dict[str, Callable[[Any], object]] = {
    "str": str,
    "repr": repr,
    "an f-string": lambda size: f"{size}",
    "list": list,
    "dict": dict,
    "iteration": lambda size: [name for name, _ in size],
    "in": lambda size: "colour" in size,
    "vars": vars,
    "dir": dir,
    "model_dump": lambda size: size.model_dump(),
    "model_dump_json": lambda size: size.model_dump_json(),
    "model_copy": lambda size: size.model_copy(),
    "a deep model_copy": lambda size: size.model_copy(deep=True),
    "a model_copy with an update": lambda size: size.model_copy(update={"colour": "blue"}),
    "model_fields_set": lambda size: size.model_fields_set,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "a copy of what holds it": lambda size: copy.deepcopy([size]),
    "pickle": pickle.dumps,
    "==": lambda size: size == Size(),
    "== from the other side": lambda size: Size() == size,
    "!=": lambda size: size != size,
    "pydantic's own ==": lambda size: BaseModel.__eq__(Size(), size),
    "in a list": lambda size: size in [Size()],
    "hash": hash,
    "set": lambda size: {size},
    "a type adapter": lambda size: TypeAdapter(Size).dump_python(size),
    "a model that holds it": lambda size: Outer(size=size).model_dump(),
    "a model that holds it is compared": lambda size: Outer(size=size) == Outer(),
}


@pytest.mark.parametrize("way", ONE)
def test_what_the_key_does_not_know_is_refused_by_name(size: Size, way: str) -> None:
    with pytest.raises(
        SettingError, match=r"gather .*here size.words.*, got size.colour; read it as"
    ) as caught:
        ONE[way](size)
    assert "scarlet" not in str(caught.value) and is_for_users(caught.value)


@pytest.mark.parametrize("way", WHOLE)
def test_the_whole_is_refused_while_something_is_lacking(size: Size, way: str) -> None:
    with pytest.raises(
        SettingError, match=r"gather .*got all of them, .*size.colour.*; read each by its name"
    ):
        WHOLE[way](size)
    WHOLE[way](SCARLET)


def test_a_match_on_what_is_lacking_is_refused(size: Size) -> None:
    with pytest.raises(SettingError, match=r"size.colour"):
        match size:
            case Size(colour="blue"):
                pass


def test_libraries_below_python_get_nothing_of_it_either(size: Size) -> None:
    with pytest.raises(PydanticSerializationError):
        to_json(size)
    with pytest.raises((SettingError, PydanticSerializationError)):
        TypeAdapter(Size).dump_json(size)


def test_settings_that_hold_others_are_refused_as_a_whole_for_what_these_lack() -> None:
    outer = narrow(Outer(size=SCARLET), keep, "gather", "")
    assert (outer.rounds, outer.size.words) == (1, 2)
    with pytest.raises(SettingError, match=r"with size.colour"):
        dict(outer)
    with pytest.raises(SettingError, match=r"got size.colour"):
        _ = outer.size.colour


def test_a_private_attribute_counts_as_a_field_does(size: Size) -> None:
    with pytest.raises(SettingError, match=r"got size\._secret"):
        _ = size._secret
    whole = narrow(SCARLET, lambda _group, model: fields_of(model), "gather", "size.")
    assert whole._secret == "scarlet" and not hasattr(whole, "wrods")


def test_an_object_that_a_stage_makes_of_the_class_has_its_own_values(size: Size) -> None:
    other = type(size)(words=5)
    assert (other.words, other.colour, other.twice, other._secret) == (5, "blue", 10, "scarlet")
    assert (type(size)().words, size.words) == (2, 2) and other.model_dump() == {"words": 5, "colour": "blue"}


def test_which_fields_somebody_set_does_not_show() -> None:
    one, other = (
        narrow(each, lambda _group, model: fields_of(model), "gather", "")
        for each in (Named(), Named(words=2))
    )
    assert one.model_fields_set == other.model_fields_set == {"words", "colour"}


def test_settings_that_lack_nothing_are_a_copy_of_the_class_itself() -> None:
    whole = Outer(size=SCARLET)
    same = narrow(whole, lambda _group, model: fields_of(model), "gather", "")
    assert same == whole and same is not whole and type(same) is Outer and type(same.size) is Size


class Named(BaseModel):
    words: int = 2
    colour: str = "blue"

    def __str__(self) -> str:
        return f"{self.words} words"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.words == other.words

    def __hash__(self) -> int:
        return self.words


def test_what_a_model_itself_tells_by_fields_that_the_key_knows_may_be_asked() -> None:
    named = narrow(Named(), keep, "gather", "")
    assert str(named) == "2 words" and named == Named(colour="red") and hash(named) == 2


def test_only_fields_count_as_fields() -> None:
    class Open(BaseModel, extra="allow"):
        words: int = 2

    assert fields_of(SCARLET) == {"words": 2, "colour": "scarlet", "_secret": "scarlet"}
    more = Open.model_validate({"colour": "red"})
    assert fields_of(more) == {"words": 2, "colour": "red"}
    with pytest.raises(SettingError, match=r"got colour"):
        _ = narrow(more, keep, "gather", "").colour  # type: ignore[attr-defined]
