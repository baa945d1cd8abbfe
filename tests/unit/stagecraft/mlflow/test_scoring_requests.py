"""What the server of a model refuses before MLflow reads it."""

import asyncio
import json

import pytest
from starlette.requests import ClientDisconnect, Request

from stagecraft.mlflow.scoring_requests import MOST_BYTES, RefusalError, read_body, read_request

KNOWN = {"length": False, "seed": False, "whole": True}


@pytest.mark.parametrize(
    "body", ['{"inputs": ["a"]}', '{"inputs": ["a"], "params": {"seed": 1, "whole": true}}']
)
def test_a_request_with_known_fields_and_parameters_passes(body: str) -> None:
    read_request(body.encode(), KNOWN)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "expected JSON"),
        ("hello", "expected JSON"),
        ("\udcff", "expected JSON"),
        ("[" * 10_000, "expected JSON"),
        ('{"inputs": [NaN]}', "NaN is no number in JSON"),
        ("[1]", "got list"),
        ("{}", "got the fields "),
        ('{"text": "a"}', "got the fields text"),
        ('{"inputs": ["a"], "parms": {}}', "got the fields inputs, parms"),
        (
            '{"inputs": ["a"], "params": {"lenght": 5}}',
            "expected params among length, seed, whole; got lenght",
        ),
        ('{"inputs": ["a"], "inputs": ["b"]}', "a name stands twice"),
        ('{"inputs": ["a"], "params": {"seed": 1, "seed": 2}}', "a name stands twice"),
        (r'{"inputs": ["a"], "\ud800": 1}', "expected JSON, .* surrogates not allowed"),
        (r'{"inputs": ["a"], "params": {"\ud800": 1}}', "expected JSON, .* surrogates not allowed"),
        (r'{"inputs": ["\ud800"]}', "expected JSON, .* surrogates not allowed"),
        ('{"inputs": ["a"], "params": {"seed": true}}', "expected no true or false for seed"),
        ('{"inputs": ["a"], "params": [5]}', "expected params among length, seed, whole; got a list"),
    ],
)
def test_what_mlflow_would_pass_over_or_stumble_on_is_refused_in_words(body: str, said: str) -> None:
    with pytest.raises(RefusalError, match=said) as caught:
        read_request(body.encode(errors="surrogateescape"), KNOWN)
    assert (caught.value.status, caught.value.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"inputs": [%s""]}' % ('"",' * 10_000), "at most 10000 inputs, got 10001"),
        ('{"inputs": [%s[]]}' % ("[]," * 10_000), "at most 10000 brackets"),
        ('{"inputs": [%s{}]}' % ("{}," * 10_000), "at most 10000 brackets"),
        ('{"inputs": [%s' % ("[" * 10_000), "at most 10000 brackets"),
        ('{"inputs": [], "params": {%s"b": 0}}' % ('"a":0,' * 10_000), "at most 10000 brackets"),
        ('{"inputs": [[%s0]]}' % ("0," * 100_001), "at most 100000 commas"),
    ],
)
def test_a_body_that_takes_long_to_look_at_is_refused_at_once(body: str, said: str) -> None:
    with pytest.raises(RefusalError, match=said) as caught:
        read_request(body.encode(), KNOWN)
    assert caught.value.status == 400


def test_a_long_text_and_many_windows_pass() -> None:
    for inputs in (["It was so; and then, it was not. " * 30_000], [[0.5] * 20] * 4000, ["a"] * 10_000):
        assert read_request(json.dumps({"inputs": inputs}).encode(), KNOWN)["inputs"] == inputs


@pytest.mark.parametrize("long", ["x" * 500_000, "x y " * 100_000])
@pytest.mark.parametrize("message", ["got '{}'", "{}", "expected `{}` here, got it: too many", "got {}, now"])
def test_a_refusal_repeats_little_of_a_request(long: str, message: str) -> None:
    said = str(RefusalError(400, message.format(long)))
    assert len(said) <= 4100 and said[:3] == message.format(long)[:3] and "characters)" in said
    with pytest.raises(RefusalError) as caught:
        read_request(json.dumps({"inputs": [], "params": {long: 1}, long: 1}).encode(), KNOWN)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("wrong", ['"1"', "true", "false", "{}", '["1"]', "[[true]]"])
def test_what_is_no_number_is_refused_where_a_model_takes_numbers(wrong: str) -> None:
    body = f'{{"inputs": [[0, 1.5, null], [{wrong}, 2, 3]]}}'.encode()
    assert read_request(body, KNOWN)
    with pytest.raises(RefusalError, match="expected numbers in inputs, got"):
        read_request(body, KNOWN, takes_numbers=True)
    assert read_request(b'{"inputs": [[0, 1.5, null]]}', KNOWN, takes_numbers=True)


def test_json_is_utf_8() -> None:
    with pytest.raises(RefusalError, match="expected JSON"):
        read_request('{"inputs": ["a"]}'.encode("utf-16"), KNOWN)


def read(parts: list[bytes], *headers: tuple[str, str]) -> tuple[bytes, int]:
    """Read a body that comes in parts; return it with the number of parts that were asked for."""
    left = [{"type": "http.request", "body": part, "more_body": True} for part in parts]

    async def receive() -> dict[str, object]:
        if left:
            return left.pop(0)
        return {"type": "http.disconnect"} if b"cut" in parts else {"type": "http.request", "body": b""}

    given = [(name.encode(), value.encode()) for name, value in headers]
    return asyncio.run(read_body(Request({"type": "http", "headers": given}, receive))), len(left)


JSON = ("content-type", "application/json; charset=utf-8")


def test_a_body_is_read_part_by_part_and_not_beyond_what_it_may_have() -> None:
    for kind in ("application/json", "APPLICATION/JSON", 'Application/json;charset="UTF-8"', JSON[1]):
        assert read([b"ab", b"c"], ("content-type", kind)) == (b"abc", 0)
    with pytest.raises(RefusalError, match="at most 1048576 bytes") as caught:
        read([b"a" * (MOST_BYTES // 2)] * 1000, JSON, ("content-length", "5"))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 415),
        ([("content-type", "text/csv")], 415),
        ([("content-type", "application/json; charset=latin-1")], 415),
        ([JSON, ("content-length", str(MOST_BYTES + 1))], 413),
    ],
)
def test_other_content_and_too_much_of_it_is_refused_before_it_is_read(
    headers: list[tuple[str, str]], status: int
) -> None:
    with pytest.raises(RefusalError, match="expected") as caught:
        read([b"cut"], *headers)
    assert caught.value.status == status


def test_a_body_that_breaks_off_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ClientDisconnect):
        read([b"ab", b"cut"], JSON)
    assert "a request broke off after 5 bytes of its body" in caplog.text
