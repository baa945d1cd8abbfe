"""What the scoring server refuses before MLflow reads it."""

import pytest

from stagecraft.errors import UsageError
from stagecraft.model_server import is_loopback
from stagecraft.tracking.scoring import check_body, check_head

KNOWN = {"length", "seed"}


@pytest.mark.parametrize("body", ['{"inputs": ["a"]}', '{"inputs": ["a"], "params": {"seed": 1}}'])
def test_a_request_with_known_fields_and_parameters_passes(body: str) -> None:
    assert check_body(body.encode(), KNOWN) is None
    assert check_head("application/json; charset=utf-8", str(len(body))) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "expected JSON"),
        ("hello", "expected JSON"),
        ("\udcff", "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ('{"inputs": [NaN]}', "NaN is no number in JSON"),
        ("[1]", "got list"),
        ("{}", "got the fields "),
        ('{"text": "a"}', "got the fields text"),
        ('{"inputs": ["a"], "parms": {}}', "got the fields inputs, parms"),
        ('{"inputs": ["a"], "params": {"lenght": 5}}', "expected params among length, seed; got lenght"),
        ('{"inputs": ["a"], "params": [5]}', "expected params among length, seed; got a list"),
    ],
)
def test_what_mlflow_would_pass_over_or_stumble_on_is_refused_in_words(body: str, said: str) -> None:
    refusal = check_body(body.encode(errors="surrogateescape"), KNOWN)
    assert refusal and refusal.status == 400 and said in refusal.message


@pytest.mark.parametrize(
    ("content_type", "length", "status"),
    [
        (None, "5", 415),
        ("text/csv", "5", 415),
        ("application/json", None, 411),
        ("application/json", "5000000", 413),
    ],
)
def test_other_content_and_too_much_of_it_is_refused(
    content_type: str | None, length: str | None, status: int
) -> None:
    refusal = check_head(content_type, length)
    assert refusal and refusal.status == status and "expected" in refusal.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_is_known_by_address_and_by_name(host: str) -> None:
    assert is_loopback(host)


def test_every_other_address_is_open_to_others() -> None:
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("::")
    assert not is_loopback("192.0.2.1")
    with pytest.raises(UsageError, match="expected an address of this machine in --host, got 'no host'"):
        is_loopback("no host")
