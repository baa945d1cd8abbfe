"""When a candidate wins, and what is said about it."""

import pytest

from stagecraft.mlflow.promotion import Comparison, Measured


def compare(candidate: float, champion: float | None, min_gain: float = 0.0) -> Comparison:
    other = None if champion is None else Measured(version=1, value=champion, run_id="b")
    mine = Measured(version=2, value=candidate, run_id="a")
    return Comparison(
        model="m",
        metric="loss",
        data="d",
        targets="ten values",
        candidate=mine,
        champion=other,
        min_gain=min_gain,
    )


@pytest.mark.parametrize(
    ("candidate", "champion", "min_gain", "won", "said"),
    [
        (9.0, None, 0.5, True, "loss of version 2: 9; there was no champion"),
        (9.0, 10.0, 0.0, True, "loss of version 2: 9, of the champion, version 1: 10; 10.00% better"),
        (9.0, 10.0, 0.1, True, "10.00% better"),
        (9.0, 10.0, 0.11, False, "10.00% better, expected 11.00% at least"),
        (10.0, 10.0, 0.0, False, "no better"),
        (11.0, 10.0, 0.0, False, "10.00% worse"),
        (0.0, 0.0, 0.0, False, "no better"),
    ],
)
def test_a_candidate_wins_if_it_is_better_and_by_enough(
    candidate: float, champion: float | None, min_gain: float, won: bool, said: str
) -> None:
    comparison = compare(candidate, champion, min_gain)
    assert comparison.is_won is won
    assert comparison.reason.endswith(said)


def test_it_is_said_what_was_measured_on_and_whom_it_did_not_train() -> None:
    assert compare(9, 10).measured_on == "measured on ten values; none of that trained either"
    assert compare(9, None).measured_on == "measured on ten values; none of that trained it"
