"""What versions have seen, by what their runs say; and the horizons that they are measured at."""

from types import SimpleNamespace
from typing import Any

import pytest

from seqstep_cli import judging
from seqstep_cli.judging import NewestData
from stagecraft.errors import ComparisonError
from stagecraft.mlflow import Evaluation, Version

VERSION = Version("seqstep-rnn", "1", "m-1", "run-1", ())


def judge(name: str, params: dict[str, str] | None, metric: str = "") -> Any:
    """What measures versions whose run has such parameters, or is gone."""
    run = None if params is None else SimpleNamespace(data=SimpleNamespace(params=params))
    tracker = SimpleNamespace(
        known=lambda ask: ask(),
        client=SimpleNamespace(get_run=lambda _run_id: run),
        open_input=None,
        tags=SimpleNamespace(content="content"),
    )
    registry: Any = SimpleNamespace(tracker=tracker, tags=lambda _version: {"content": "abc"})
    return NewestData(registry, name, "run-2", metric)


def test_a_network_of_the_notes_has_seen_the_start_of_its_text() -> None:
    recurrent = judge("seqstep-rnn-scratch", {"rnn.max_tokens": "1000"})
    assert [recurrent._seen(VERSION, tokens) for tokens in (5000, 700)] == [1000, 700]


def test_of_a_network_for_unseen_text_the_part_that_stopped_it_counts_as_seen() -> None:
    held_out = judge(
        "seqstep-held-out-gru", {"comparison.test_share": "0.1", "comparison.valid_share": "0.2"}
    )
    assert held_out._seen(VERSION, 1000) == 900


@pytest.mark.parametrize("params", [None, {}, {"rnn.hidden": "8"}])
def test_a_version_of_which_nothing_says_what_it_has_seen_is_refused(params: dict[str, str] | None) -> None:
    with pytest.raises(
        ComparisonError, match=r"trained seqstep-rnn version 1 to say rnn\.max_tokens, got nothing"
    ):
        judge("seqstep-rnn", params)._seen(VERSION, 1000)


def test_horizons_are_those_of_the_evaluation_or_else_the_usual_ones_and_the_wanted_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[Evaluation] = []
    monkeypatch.setattr(judging, "evaluations", lambda *_: known)
    assert judge("seqstep-mlp", {}, "rmse_valid_k007")._horizons(VERSION) == [1, 4, 16, 64, 7]
    known += [Evaluation("r", "d", {"rmse_k001": 1.0, "rmse_valid_k001": 1.0, "rmse_valid_k012": 2.0})]
    assert judge("seqstep-mlp", {}, "rmse_valid_k007")._horizons(VERSION) == [1, 12, 7]
    assert judge("seqstep-mlp", {}, "rmse_k0x")._horizons(VERSION) == [1, 12]
