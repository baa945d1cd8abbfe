"""The horizons that versions are measured at."""

from types import SimpleNamespace
from typing import Any

import pytest

from seqstep_cli import judging
from seqstep_cli.judging import NewestData
from stagecraft.mlflow import Evaluation, Version

VERSION = Version("seqstep-rnn", "1", "m-1", "run-1", ())


def judge(name: str, metric: str) -> Any:
    """What measures versions."""
    tracker = SimpleNamespace(open_input=None, tags=SimpleNamespace(content="content"))
    registry: Any = SimpleNamespace(tracker=tracker, tags=lambda _version: {"content": "abc"})
    return NewestData(registry, name, "run-2", metric)


def test_horizons_are_those_of_the_evaluation_or_else_the_usual_ones_and_the_wanted_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[Evaluation] = []
    monkeypatch.setattr(judging, "evaluations", lambda *_: known)
    assert judge("seqstep-mlp", "rmse_valid_k007")._horizons(VERSION) == [1, 4, 16, 64, 7]
    known += [Evaluation("r", "d", {"rmse_k001": 1.0, "rmse_valid_k001": 1.0, "rmse_valid_k012": 2.0})]
    assert judge("seqstep-mlp", "rmse_valid_k007")._horizons(VERSION) == [1, 12, 7]
    assert judge("seqstep-mlp", "rmse_k0x")._horizons(VERSION) == [1, 12]
