"""Stages that train a network that was edited: what they record is what its code says, and they say so."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

import tasks
from seqstep.models.mlp import MLP
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.settings.config import (
    BacktestConfig,
    Compute,
    CorpusConfig,
    ForecastConfig,
    MLPConfig,
    RecurrentConfig,
    RNNConfig,
    SamplesConfig,
    SeriesConfig,
    TextConfig,
)
from stagecraft.mlflow import Record
from stagecraft.mlflow.tags import NOTE_TAG

NewRecord = Callable[[], Record]
ON_CPU, TINY, SINE = Compute(seed=3, device="cpu"), MLPConfig(epochs=2), SeriesConfig(points=300)


def _relu(self: RNNScratch, X: Tensor, H: Tensor) -> Tensor:
    return torch.relu(X @ self.W_xh + H @ self.W_hh + self.b_h)


def _tanh(self: MLP, windows: Tensor) -> Tensor:
    return self.output(torch.tanh(self.hidden(windows))).squeeze(-1)


def _notes(record: Record) -> str:
    return record.tracker.client.get_run(record.run_id).data.tags.get(NOTE_TAG, "")


@pytest.mark.thorough
def test_an_edited_step_is_what_the_stage_trains_with_a_note_of_it(
    new_record: NewRecord, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tasks.download.function(new_record(), CorpusConfig(path=str(story), sha1=""))
    tokens = tasks.tokenize.function(new_record(), file.file, TextConfig())
    vocab = tasks.vocab.function(new_record(), tokens, TextConfig())
    config = RNNConfig(hidden=8, batch=4, steps=10, epochs=2, max_tokens=500)

    def train() -> tuple[Record, list[float]]:
        record = new_record()
        trained = tasks.train_rnn_scratch.function(
            record, tokens.char, vocab.char, TextConfig(), config, SamplesConfig(length=5), ON_CPU
        )
        return record, pd.read_csv(record.open(trained.history))["loss"].tolist()

    plain, losses = train()
    assert "definition" not in _notes(plain)
    monkeypatch.setattr(RNNScratch, "step", _relu)
    edited, found = train()
    assert "trains by the model's own definition" in _notes(edited)
    # Without a fast pass there is no other way than the definition.
    monkeypatch.setattr(RNNScratch, "_read_all_steps", None)
    _, expected = train()
    assert found == expected != losses


@pytest.mark.thorough
def test_an_edited_forecaster_is_noted_by_its_stage_and_once_by_a_backtest(
    new_record: NewRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = tasks.series.function(new_record(), SINE, 1, TINY, ForecastConfig(), BacktestConfig())
    monkeypatch.setattr(MLP, "forward", _tanh)
    record = new_record()
    tasks.train_mlp.function(record, series, TINY, ON_CPU)
    assert _notes(record).count("trains by the model's own definition") == 1
    record = new_record()
    tasks.backtest.function(
        record,
        series,
        SINE,
        ForecastConfig(horizons=(8, 1)),
        TINY,
        RecurrentConfig(window=8, hidden=4, updates=3),
        BacktestConfig(stride=2, seeds=(0, 1)),
        1,
    )
    assert _notes(record).count("trains by the model's own definition") == 1
