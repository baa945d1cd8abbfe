"""What versions have seen, by what their runs say."""

from types import SimpleNamespace
from typing import Any

import pytest

from seqstep_cli.trained_on import seen_tokens
from stagecraft.errors import ComparisonError
from stagecraft.mlflow import Version


def seen(name: str, params: dict[str, str] | None, tokens: int) -> int:
    """Ask for a version whose run has such parameters, or is gone."""
    run = None if params is None else SimpleNamespace(data=SimpleNamespace(params=params))
    client = SimpleNamespace(get_run=lambda _run_id: run)
    registry: Any = SimpleNamespace(tracker=SimpleNamespace(known=lambda ask: ask(), client=client))
    return seen_tokens(registry, Version(name, "1", "m-1", "run-1", ()), tokens)


def test_a_network_of_the_notes_has_seen_the_start_of_its_text() -> None:
    params = {"rnn.max_tokens": "1000"}
    assert [seen("seqstep-rnn-scratch", params, tokens) for tokens in (5000, 700)] == [1000, 700]


def test_of_a_network_for_unseen_text_the_part_that_stopped_it_counts_as_seen() -> None:
    params = {"comparison.test_share": "0.1", "comparison.valid_share": "0.2"}
    assert seen("seqstep-held-out-gru", params, 1000) == 900


@pytest.mark.parametrize("params", [None, {}, {"rnn.hidden": "8"}])
def test_a_version_of_which_nothing_says_what_it_has_seen_is_refused(params: dict[str, str] | None) -> None:
    with pytest.raises(
        ComparisonError, match=r"trained seqstep-rnn version 1 to say rnn\.max_tokens, got nothing"
    ):
        seen("seqstep-rnn", params, 1000)
