"""Settings that were changed past what their classes check."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, Secret

from stagecraft.pipeline.validated import unvalidated


class Inner(BaseModel):
    count: PositiveInt = 3


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    size: int = 1


class Once(BaseModel):
    words: Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split())] = ()


class Outer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    share: float = 0.5
    sizes: Annotated[tuple[int, ...], BeforeValidator(lambda value: value or ())] = ()
    words: frozenset[str] = frozenset("abc")
    inner: Inner = Inner()
    token: Secret[str] = Secret("a")
    other: object = None
    unset: int = None  # type: ignore[assignment]
    named: int = Field(4, validation_alias="called")


@pytest.mark.parametrize(
    "settings",
    [
        *(
            Once(),
            Outer(),
            Outer(called=5, share=1),
            Outer(share=float("nan")),
            Open(more=3),
            3,
            (Inner(), "a"),
        ),  # type: ignore[call-arg]
        Outer(token=Secret("b"), other=object(), words=frozenset(map(str, range(99)))),
        Outer().model_copy(update={"share": 1, "inner": Inner(count=9), "sizes": (1, 2)}),
        Outer.model_construct(share=0.25),
    ],
)
def test_settings_that_their_class_lets_be_pass(settings: Any) -> None:
    assert unvalidated(settings) == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Outer().model_copy(update={"share": "much"}), "Outer.share: Input should be a valid number"),
        (Outer().model_copy(update={"share": "0.5"}), "Outer.share: expected 0.5, got '0.5'"),
        (Outer().model_copy(update={"sizes": [1, 2]}), "Outer.sizes: expected (1, 2), got [1, 2]"),
        (
            Outer().model_copy(update={"sizes": ("https://me:pass@a/",)}),
            "Outer.sizes.0: Input should be a valid",
        ),
        (Outer().model_copy(update={"shrae": 1}), "Outer.shrae: Extra inputs are not permitted"),
        (Inner().model_copy(update={"cuont": 1}), "Inner has no cuont; did you mean count?"),
        (Inner.model_construct(count=-1), "Inner.count: Input should be greater than 0"),
        (Once(words="a b"), "Once: AttributeError: 'tuple' object has no attribute 'split'"),  # type: ignore[arg-type]
        ([Outer(inner=Inner.model_construct(count=-1))], "Inner.count: Input should be greater than 0"),
    ],
)
def test_what_was_changed_past_the_class_is_told(settings: Any, words: str) -> None:
    assert words in unvalidated(settings)
