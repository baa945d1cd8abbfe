"""Stages that measure the models."""

from functools import partial

import pandas as pd

from seqstep.evaluation.fingerprints import forecasts_digest, tokens_digest
from seqstep.evaluation.train_and_test import TrainAndTest, comparison_table, score
from seqstep.evaluation.unknown import spelling_after
from seqstep.generation.along_training import copied_share
from seqstep.generation.generate import continue_text
from seqstep.models.bundle import load_forecaster
from seqstep.models.mlp import predictor
from seqstep.models.scoring import log_probabilities, minibatch_log_probabilities
from seqstep.plots.losses import plot_language_loss, plot_mse
from seqstep.plots.series import plot_k_steps, plot_multi_step, plot_one_step
from seqstep.series.forecast import k_steps, multi_step, one_step
from seqstep.series.forecast_errors import error_metrics, error_table
from seqstep.series.series_file import read_series
from seqstep.series.windows import training_end
from seqstep.settings.config import (
    ForecastConfig,
    LanguageConfig,
    MLPConfig,
    NgramsConfig,
    RNNConfig,
    SamplesConfig,
)
from seqstep.sheets import write_table
from seqstep.text.smoothing import LaplaceTrigram
from seqstep.text.spacing import show_lines
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks import recording
from tasks.networks import open_networks
from tasks.outputs import (
    ForecastEvaluation,
    LanguageEvaluation,
    SeriesFile,
    TokenFiles,
    TrainedLanguageModel,
    TrainedModel,
)
from tasks.text import open_tokens

_TITLES = {"rnn_scratch": "Training the RNN from scratch", "rnn": "Training the library's recurrent layer"}


def evaluate_forecasts(
    record: Record, series: SeriesFile, mlp: TrainedModel, training: MLPConfig, config: ForecastConfig
) -> ForecastEvaluation:
    """Forecast one step, many steps and k steps ahead, and measure the errors."""
    observed = read_series(record.open(series.values))
    values = observed.to_numpy()
    model, spec = load_forecaster(record.open(mlp.weights), record.open(mlp.spec))
    predict, window = predictor(model, spec.scaling), spec.window
    train_end = training_end(len(values), window, training.train_share)
    first = one_step(predict, values, window)
    many = multi_step(predict, values, window, train_end)
    ahead = k_steps(predict, values, window, config.horizons)
    errors = error_table(values, window, train_end, ahead, many)
    record.log_metrics(error_metrics(errors, "forecast/mlp"))
    digest = forecasts_digest(values, window, train_end, config.horizons)
    recording.tag_evaluation(record, "mlp", mlp, digest)
    record.show_table("forecast errors by horizon", errors)
    record.log_dataset("series", series.values, series.values.uri)
    return ForecastEvaluation(
        loss=record.on(mlp.run.uri).log_figure(
            "plots/loss.png", plot_mse(pd.read_csv(record.open(mlp.history)))
        ),
        one_step=record.log_figure("plots/one_step.png", plot_one_step(observed, first, train_end)),
        multi_step=record.log_figure(
            "plots/multi_step.png", plot_multi_step(observed, first, many, train_end)
        ),
        k_step=record.log_figure("plots/k_step.png", plot_k_steps(observed, ahead, window, train_end)),
        errors=record.log_text("errors.csv", write_table(errors), "text/csv"),
    )


def evaluate_language(
    record: Record,
    tokens: TokenFiles,
    training: RNNConfig,
    smoothing: NgramsConfig,
    samples: SamplesConfig,
    config: LanguageConfig,
    **networks: TrainedLanguageModel,
) -> LanguageEvaluation:
    """Measure the language models on their training text and on the text after it."""
    text = open_tokens(record, tokens).first(training.max_tokens + config.test_tokens)
    record.log_dataset(tokens.ids.name, tokens.ids, tokens.ids.uri)
    scores, copied, written, losses = {}, {}, [], []
    for name, (model, spec) in open_networks(record, networks).items():
        trained, codec = networks[name], spec.codec()
        ids, lengths = codec.vocab.encode(text), text.lengths()
        parts = TrainAndTest.divide(ids, training.max_tokens, config.test_tokens, lengths)
        end = codec.vocab.end
        scorer = partial(log_probabilities, model, end=end)
        as_trained = partial(minibatch_log_probabilities, model, config=training, end=end)
        spelling = spelling_after(text, training.max_tokens, codec.vocab)
        scores[name] = score(scorer, parts, as_trained, spelling)
        digest = tokens_digest(codec.vocab.to_tokens(parts.test.tolist()), parts.test_chars)
        recording.tag_evaluation(record, name, trained, digest)
        sample = continue_text(model, codec, samples.prefix, samples.length)
        memory = codec.decode(parts.train.tolist())
        copied[name] = copied_share(sample, memory, prefix=samples.prefix)
        written.append(f"{name}: {show_lines(sample)}")
        losses.append(
            record.on(trained.run.uri).log_figure(
                "plots/loss.png",
                plot_language_loss(pd.read_csv(record.open(trained.history)), _TITLES[name]),
            )
        )
    trigram = LaplaceTrigram(parts.train, len(codec.vocab), smoothing.epsilon, codec.vocab.end)
    scores["laplace_trigram"] = score(trigram.log_probabilities, parts, spelling=spelling)
    for name, result in scores.items():
        figures = zip(result._fields, result, strict=True)
        record.log_metrics({f"language/{name}/{key}": value for key, value in figures})
    if len(parts.test) == 0:
        record.notice("no text is left after the training part to test on; lower rnn.max_tokens")
    elif parts.unseen_share() > 0:
        record.notice(f"{parts.unseen_share():.2%} of the test tokens never occur in the training text")
    return LanguageEvaluation(
        losses=tuple(losses),
        comparison=_log_comparison(record, comparison_table(scores, copied)),
        samples=record.log_text("samples.txt", "\n".join(written) + "\n"),
    )


def _log_comparison(record: Record, table: pd.DataFrame) -> Artifact:
    record.show_table("language models", table)
    return record.log_text("comparison.csv", write_table(table), "text/csv")
