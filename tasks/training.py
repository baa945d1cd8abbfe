"""Stages that train a model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from seqstep.generation.along_training import Sampler
from seqstep.models.bundle import (
    LanguageSpec,
    MLPSpec,
    RNNScratchSpec,
    RNNTorchSpec,
    Spec,
    reading_of,
    saved,
)
from seqstep.models.device import prepare_device
from seqstep.series.continuation import SeriesFacts
from seqstep.series.series_file import read_series
from seqstep.settings.config import Compute, LayerConfig, MLPConfig, RNNConfig, SamplesConfig, TextConfig
from seqstep.training import forecaster, language
from seqstep.training.resumable import ResumableTraining
from stagecraft.files.artifact import Artifact, Reference
from stagecraft.mlflow import Record
from tasks import recording, resuming
from tasks.outputs import SeriesFile, TokenFiles, TrainedLanguageModel, TrainedModel
from tasks.text import open_tokens


def train_mlp(record: Record, series: SeriesFile, config: MLPConfig, compute: Compute) -> TrainedModel:
    """Train the multilayer perceptron that forecasts the series."""
    record.log_dataset("series", series.values, series.values.uri)
    observed = read_series(record.open(series.values))
    data = forecaster.prepare(observed.to_numpy(), config, series.scale)
    spec = MLPSpec(
        window=config.window,
        hidden=config.hidden,
        scaling=data.scaling,
        series=SeriesFacts.of(observed, series.values.sha256, series.season),
    )
    model = spec.build(torch.Generator().manual_seed(compute.seed)).to(prepare_device(compute))
    training = forecaster.ForecasterTraining(
        model, data.train, data.valid, config, compute.seed, record.notice
    )
    rows = resuming.follow(
        record,
        training.run(),
        [training],
        config.epochs,
        compute.checkpoint_epochs,
        resuming.FORECASTER_METRICS,
    )
    for _ in rows:
        pass
    with saved(model, spec) as paths:
        files = _log_model(record, "mlp", paths, spec)
    return TrainedModel(
        **files,
        run=Reference(uri=record.run_id),
        history=_log_history(record, training),
    )


def train_rnn_scratch(
    record: Record,
    tokens: TokenFiles,
    vocab: Artifact,
    text: TextConfig,
    config: RNNConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    """Train the recurrent network from scratch on the start of the text."""
    spec = RNNScratchSpec(
        hidden=config.hidden,
        tokens=config.tokens,
        **reading_of(text),
        vocab=record.open(vocab).read_text(encoding="utf-8"),
    )
    return _train_language_model(record, "rnn-scratch", spec, tokens, config, samples, compute)


def train_rnn(
    record: Record,
    tokens: TokenFiles,
    vocab: Artifact,
    text: TextConfig,
    config: RNNConfig,
    layer: LayerConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    """Train the same network around the library's recurrent layer."""
    spec = RNNTorchSpec(
        hidden=config.hidden,
        tokens=config.tokens,
        **reading_of(text),
        vocab=record.open(vocab).read_text(encoding="utf-8"),
        cell=layer.cell,
        layers=layer.layers,
        bidirectional=layer.bidirectional,
    )
    return _train_language_model(record, "rnn", spec, tokens, config, samples, compute)


def _train_language_model(
    record: Record,
    name: str,
    spec: LanguageSpec,
    tokens: TokenFiles,
    config: RNNConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    record.log_dataset(tokens.ids.name, tokens.ids, tokens.ids.uri)
    text = open_tokens(record, tokens)
    vocab = spec.codec().vocab
    ids = vocab.encode(text, config.max_tokens)
    if len(ids) < len(text):
        record.notice(f"trains on the first {len(ids):,} of {len(text):,} tokens (rnn.max_tokens)")
    model = spec.build(torch.Generator().manual_seed(compute.seed)).to(prepare_device(compute))
    training = language.LanguageTraining(model, ids, config, compute.seed, record.notice, vocab.end)
    return train_and_log(record, name, spec, training, samples, compute, resuming.LANGUAGE_METRICS)


def train_and_log(
    record: Record,
    name: str,
    spec: LanguageSpec,
    training: ResumableTraining[Any, Any],
    samples: SamplesConfig,
    compute: Compute,
    metrics: Mapping[str, str],
) -> TrainedLanguageModel:
    """Train a language model, which writes samples along the way, and record what came of it.

    Args:
        name: of the registered model.
        spec: of the training's model.
        metrics: metric name -> column of the training's rows.
    """
    sampler = Sampler(training.model, spec.codec(), samples)
    sampler.before()
    for epoch in resuming.follow(
        record,
        training.run(),
        [training, sampler],
        training.epochs,
        compute.checkpoint_epochs,
        metrics,
    ):
        sampler.after(epoch.epoch)
    training.finish()
    sampler.finish()
    with saved(training.model, spec) as paths:
        files = _log_model(record, name, paths, spec)
    return TrainedLanguageModel(
        **files,
        run=Reference(uri=record.run_id),
        history=_log_history(record, training),
        samples=record.log_text("samples.txt", sampler.text),
    )


def _log_model(record: Record, name: str, paths: tuple[Path, Path], spec: Spec) -> dict[str, Artifact]:
    """Record and register a model; return the addresses of its weights and its specification."""
    files = dict(zip(("weights", "spec"), paths, strict=True))
    code, packages, needs, example = recording.package(spec)
    return record.log_model(name, code, files, packages, needs, example).files


def _log_history(record: Record, training: ResumableTraining[Any, Any]) -> Artifact:
    return record.log_text("history.csv", training.history_table().to_csv(index=False), "text/csv")
