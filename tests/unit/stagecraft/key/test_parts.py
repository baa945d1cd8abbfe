"""Keys: what they are made of, how they are written, and how two are told apart in words."""

import hashlib
import json
from typing import Any

import pytest

from stagecraft.files.artifact import Artifact, Reference, content, digest
from stagecraft.key.parts import Parts, differences

PARTS = Parts(
    code={"text.clean": "c1", "text.split": "s1"},
    parameters={"text.min": 2, "horizons": [1, 4]},
    libraries={"python": "3.11", "numpy": "2.1"},
    inputs={"words": "w1"},
)


def changed(**parts: Any) -> Parts:
    return PARTS.model_copy(update=parts)


def artifact(run: str, sha256: str = "a" * 64) -> Artifact:
    return Artifact(uri=f"runs:/{run}/words.txt", sha256=sha256, bytes=3, kind="text/plain")


def test_a_digest_is_the_start_of_the_sha256_of_sorted_json() -> None:
    value = {"b": [1, 2.5, None, True], "a": "größer"}
    text = '{"a":"größer","b":[1,2.5,null,true]}'
    assert json.loads(text) == value
    assert digest(value) == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_where_an_artifact_lies_does_not_count_but_what_is_in_it_does() -> None:
    here, there = (artifact(run).model_dump() for run in ("one", "another"))
    other = artifact("one", "b" * 64).model_dump()
    assert content(here) == content(there) != content(other)
    assert content({"deep": [{"down": here}]}) == content({"deep": [{"down": there}]})
    assert content({"deep": [{"down": here}]}) != content({"deep": [{"down": other}]})


def test_what_counts_by_its_place_alone_does_not_count_at_all() -> None:
    assert content(Reference(uri="1" * 32).model_dump()) == content(Reference(uri="2" * 32).model_dump())


@pytest.mark.parametrize(
    "value",
    [
        {"uri": "a page"},
        {"uri": "a page", "title": "A"},
        {"uri": "a page", "sha256": "", "bytes": 1, "kind": "x"},
        {"uri": "1" * 32, "sha256": "b" * 64},
    ],
)
def test_what_is_only_called_like_an_address_counts(value: dict[str, object]) -> None:
    assert content({"deep": [value]}) == {"deep": [value]}
    assert digest(value) != digest(value | {"uri": "another page"})


def test_a_key_is_the_stage_with_a_digest_of_all_but_the_inputs_and_one_of_the_inputs() -> None:
    fixed = digest([PARTS.code, PARTS.parameters, PARTS.libraries])
    assert PARTS.key("count") == f"count/{fixed}-{digest({'words': 'w1'})}"
    assert PARTS.fixed == fixed


@pytest.mark.parametrize(
    "parts",
    [
        changed(code={"text.clean": "c2", "text.split": "s1"}),
        changed(code={"text.clean": "c1"}),
        changed(parameters={"text.min": 3, "horizons": [1, 4]}),
        changed(parameters={"text.min": 2, "horizons": [4, 1]}),
        changed(parameters={"text.min": "2", "horizons": [1, 4]}),
        changed(libraries={"python": "3.12", "numpy": "2.1"}),
        changed(code=PARTS.libraries, libraries=PARTS.code),
    ],
)
def test_each_part_but_the_inputs_changes_the_first_half_of_a_key(parts: Parts) -> None:
    assert parts.fixed != PARTS.fixed
    assert parts.key("count").rpartition("-")[2] == PARTS.key("count").rpartition("-")[2]


def test_inputs_change_the_second_half_of_a_key() -> None:
    other = changed(inputs={"words": "w2"})
    assert other.fixed == PARTS.fixed and other.key("count") != PARTS.key("count")
    assert changed(inputs={"texts": "w1"}).key("count") != PARTS.key("count")


def test_the_order_of_the_parts_does_not_change_a_key() -> None:
    turned = changed(code=dict(reversed(PARTS.code.items())), parameters={"horizons": [1, 4], "text.min": 2})
    assert list(turned.code) != list(PARTS.code)
    assert turned.key("count") == PARTS.key("count")


def test_a_key_survives_being_written_and_read() -> None:
    assert Parts.model_validate_json(PARTS.model_dump_json()).key("count") == PARTS.key("count")


def test_a_key_without_a_parameter_is_that_of_a_stage_that_never_had_it() -> None:
    assert PARTS.without("text.min") == changed(parameters={"horizons": [1, 4]})
    assert PARTS.without("horizons").without("text.min").parameters == {}
    assert PARTS.without("no such").key("count") == PARTS.key("count")
    one, other = (changed(parameters={"epochs": epochs, "rate": 0.5}) for epochs in (10, 2000))
    assert one.without("epochs").key("count") == other.without("epochs").key("count")
    assert one.without("rate").key("count") != other.without("rate").key("count")


def test_equal_keys_have_no_differences() -> None:
    assert differences(PARTS, PARTS.model_copy(deep=True), {"words": "tokenize"}) == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"code": {"text.clean": "c2", "text.split": "s1"}}, "code changed: text.clean"),
        ({"code": {"text.clean": "c1"}}, "code changed: text.split"),
        ({"code": {**PARTS.code, "text.fold": "f1"}}, "code changed: text.fold"),
        (
            {"code": {"text.clean": "c2", "text.fold": "f1"}},
            "code changed: text.clean, text.fold, text.split",
        ),
        ({"parameters": {"text.min": 0, "horizons": [1, 4]}}, "parameter changed: text.min 2 → 0"),
        ({"parameters": {"text.min": 2, "horizons": [1]}}, "parameter changed: horizons 1, 4 → 1"),
        ({"parameters": {"horizons": [1, 4]}}, "parameter changed: text.min 2 → nothing"),
        (
            {"parameters": {**PARTS.parameters, "text.fold": True}},
            "parameter changed: text.fold nothing → True",
        ),
        (
            {"libraries": {"python": "3.11", "numpy": "2.2"}},
            "library changed: numpy 2.1 → 2.2",
        ),
        ({"libraries": {"python": "3.11"}}, "library changed: numpy 2.1 → nothing"),
        (
            {"libraries": {**PARTS.libraries, "torch": "2.9"}},
            "library changed: torch nothing → 2.9",
        ),
        ({"inputs": {"words": "w2"}}, "input changed: words from tokenize"),
        ({"inputs": {"words": "w1", "my.txt": "m1"}}, "input changed: my.txt"),
        ({"inputs": {}}, "input changed: words from tokenize"),
    ],
)
def test_a_difference_is_told_in_words(parts: dict[str, Any], words: str) -> None:
    assert differences(PARTS, changed(**parts), {"words": "tokenize"}) == [words]


def test_an_input_whose_stage_is_not_known_is_told_by_its_name() -> None:
    assert differences(PARTS, changed(inputs={"words": "w2"})) == ["input changed: words"]


def test_differences_are_told_in_the_order_code_parameters_libraries_inputs() -> None:
    other = Parts(code={}, parameters={}, libraries={}, inputs={})
    kinds = [text.split(" changed: ")[0] for text in differences(PARTS, other)]
    assert kinds == ["code", "parameter", "parameter", "library", "library", "input"]


@pytest.mark.parametrize(("count", "rest"), [(3, ""), (4, " and 1 more"), (12, " and 9 more")])
def test_a_long_list_of_definitions_is_shortened(count: int, rest: str) -> None:
    code = {f"text.f{number:02}": "new" for number in range(count)}
    (said,) = differences(changed(code={}), changed(code=code))
    assert said == f"code changed: text.f00, text.f01, text.f02{rest}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"a": 1}, {"a": 1.0}, "1 → 1.0"),
        ({"a": 1}, {"a": True}, "1 → True"),
        ({}, {"a": None}, "absent → null"),
        ({"a": None}, {}, "null → absent"),
        ({"a": ""}, {"a": []}, '"" → []'),
    ],
)
def test_what_makes_another_key_is_also_told(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    before, after = (Parts(code={}, parameters=parameters, libraries={}) for parameters in (old, new))
    assert before.fixed != after.fixed
    assert differences(before, after) == [f"parameter changed: a {words}"]
