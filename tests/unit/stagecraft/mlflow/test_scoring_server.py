"""What the scoring server refuses before MLflow reads it."""

import pytest

from stagecraft.mlflow.scoring_server import check_body, check_head

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
