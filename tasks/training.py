"""Stages that train a model."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import torch

import seqstep
from seqstep.config import Clean, Compute, LayerConfig, MLPConfig, RNNConfig, SamplesConfig
from seqstep.models.bundle import LanguageSpec, MLPSpec, RNNScratchSpec, RNNTorchSpec, Spec, save
from seqstep.models.device import prepare_device
from seqstep.samples import Sampler
from seqstep.series.csv_column import read_series
from seqstep.training import forecaster, language
from stagecraft.artifact import Artifact
from stagecraft.stages import stage
from stagecraft.tracking import ModelFiles, Record
from tasks.outputs import SeriesFile, TokenFiles, TrainedLanguageModel, TrainedModel
from tasks.text import open_tokens

_SERVING = Path(__file__).parent / "serving"
_NEEDS = ("mlflow", "numpy", "pandas", "pydantic", "regex", "safetensors", "torch")


@stage(figure=lambda metrics: f"validation MSE {metrics['valid/mse']:.4f}")
def train_mlp(record: Record, series: SeriesFile, config: MLPConfig, compute: Compute) -> TrainedModel:
    """Train the multilayer perceptron that forecasts the series."""
    values = read_series(record.open(series.values)).to_numpy()
    data = forecaster.prepare(values, config, series.scale)
    spec = MLPSpec(window=config.window, hidden=config.hidden, scaling=data.scaling)
    model = spec.build(torch.Generator().manual_seed(compute.seed)).to(prepare_device(compute))
    epochs = forecaster.fit(model, data.train, data.valid, config, compute.seed)
    metrics = {"train/mse": "train_mse", "valid/mse": "valid_mse"}
    history = pd.DataFrame(record.follow(epochs, config.epochs, metrics))
    files = _log_model(record, "mlp", model, spec)
    return TrainedModel(
        **files.files, uri=files.uri, run_id=record.run_id, history=_log_history(record, history)
    )


@stage(figure=lambda metrics: f"perplexity {metrics['train/perplexity']:.4g}")
def train_rnn_scratch(
    record: Record,
    tokens: TokenFiles,
    vocab: Artifact,
    clean: Clean,
    config: RNNConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    """Train the recurrent network from scratch on the start of the text."""
    spec = RNNScratchSpec(
        hidden=config.hidden,
        tokens=config.tokens,
        clean=clean,
        vocab=record.open(vocab).read_text(encoding="utf-8"),
    )
    return _train_language_model(record, "rnn-scratch", spec, tokens, config, samples, compute)


@stage(figure=lambda metrics: f"perplexity {metrics['train/perplexity']:.4g}")
def train_rnn(
    record: Record,
    tokens: TokenFiles,
    vocab: Artifact,
    clean: Clean,
    config: RNNConfig,
    layer: LayerConfig,
    samples: SamplesConfig,
    compute: Compute,
) -> TrainedLanguageModel:
    """Train the same network around the library's recurrent layer."""
    spec = RNNTorchSpec(
        hidden=config.hidden,
        tokens=config.tokens,
        clean=clean,
        vocab=record.open(vocab).read_text(encoding="utf-8"),
        **layer.model_dump(),
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
    text = open_tokens(record, tokens)
    codec = spec.codec()
    ids = codec.vocab.encode(text, config.max_tokens)
    if len(ids) < len(text):
        record.notice(f"trains on the first {len(ids):,} of {len(text):,} tokens (rnn.max_tokens)")
    model = spec.build(torch.Generator().manual_seed(compute.seed)).to(prepare_device(compute))
    sampler = Sampler(model, codec, samples)
    sampler.before()
    history = []
    metrics = {
        "train/loss": "loss",
        "train/perplexity": "perplexity",
        "train/tokens_per_s": "tokens_per_s",
    }
    for epoch in record.follow(language.fit(model, ids, config, compute.seed), config.epochs, metrics):
        sampler.after(epoch.epoch)
        history.append(epoch)
    sampler.finish()
    files = _log_model(record, name, model, spec)
    return TrainedLanguageModel(
        **files.files,
        uri=files.uri,
        run_id=record.run_id,
        history=_log_history(record, pd.DataFrame(history)),
        samples=record.log_text("samples.txt", sampler.text),
    )


def _log_model(record: Record, name: str, model: torch.nn.Module, spec: Spec) -> ModelFiles:
    """Record and register a model with its own package, so that it loads where seqstep is not installed."""
    example: tuple[list[Any], dict[str, Any]]
    if isinstance(spec, MLPSpec):
        code, example = "forecast.py", ([[0.0] * spec.window], {"horizon": 1})
    else:
        parameters = {"length": 50, "temperature": 0.0, "top_k": 0, "seed": 0}
        code, example = "text.py", (["time traveller"], parameters)
    with TemporaryDirectory() as folder:
        weights, description = save(model, spec, Path(folder))
        files = {"weights": weights, "spec": description}
        return record.log_model(
            name, _SERVING / code, files, [Path(seqstep.__file__).parent], _NEEDS, example
        )


def _log_history(record: Record, history: pd.DataFrame) -> Artifact:
    return record.log_text("history.csv", history.to_csv(index=False), "text/csv")
