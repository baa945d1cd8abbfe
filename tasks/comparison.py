"""Stages that put all models side by side."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from seqstep.evaluation import forecasts as evaluation
from seqstep.evaluation import lengths
from seqstep.evaluation.forecasts import (
    backtest_all,
    best_at,
    figures,
    measure,
    one_seed,
    residuals,
    steps_ahead,
)
from seqstep.evaluation.language import (
    ScoredModel,
    arpa_models,
    named_figures,
    rank,
    score_counts,
    score_network,
)
from seqstep.evaluation.texts import text_after
from seqstep.evaluation.words import word_text
from seqstep.forecasters.table import FORECASTERS, ForecasterSettings
from seqstep.models.device import use_threads
from seqstep.plots.backtest import plot_coverage, plot_errors, plot_intervals, plot_residuals
from seqstep.plots.perplexities import plot_perplexities
from seqstep.series.floors import known_floors
from seqstep.series.series_file import read_series
from seqstep.settings.config import (
    BacktestConfig,
    ComparisonConfig,
    ForecastConfig,
    LanguageConfig,
    MLPConfig,
    RecurrentConfig,
    RNNConfig,
    SeriesConfig,
)
from seqstep.sheets import write_table
from seqstep.text.arpa.writing import write_arpa
from seqstep.text.vocab import Vocab
from stagecraft.files.artifact import Artifact
from stagecraft.mlflow import Record
from tasks.networks import open_networks
from tasks.outputs import (
    Backtest,
    LanguageComparison,
    SeriesFile,
    TokenFiles,
    TokenizedText,
    TrainedLanguageModel,
)
from tasks.text import open_tokens

_LAGS = 40


def check_backtest(
    record: Record,
    series: SeriesFile,
    forecast: ForecastConfig,
    mlp: MLPConfig,
    gru: RecurrentConfig,
    config: BacktestConfig,
) -> SeriesFile:
    """See that the series is long enough for every forecaster, before anything is trained on it."""
    values, horizons = read_series(record.open(series.values)).to_numpy(), sorted(forecast.horizons)
    evaluation.check_backtest(
        values, horizons, ForecasterSettings(series.season, series.scale, mlp, gru), config
    )
    return series


def backtest(
    record: Record,
    series: SeriesFile,
    source: SeriesConfig,
    forecast: ForecastConfig,
    mlp: MLPConfig,
    gru: RecurrentConfig,
    config: BacktestConfig,
    threads: int,
) -> Backtest:
    """Forecast from many origins with every model, and measure the errors by horizon."""
    record.log_dataset("series", series.values, series.values.uri)
    observed = read_series(record.open(series.values))
    values, horizons = observed.to_numpy(), sorted(forecast.horizons)
    use_threads(threads)
    entries = []
    for entry in backtest_all(
        values, horizons, ForecasterSettings(series.season, series.scale, mlp, gru, record.notice), config
    ):
        entries.append(entry)
        record.progress(len(entries), len(FORECASTERS), {})
        record.log_metrics({f"backtest/{entry.model}/seconds": entry.seconds})
        record.log_metrics({f"backtest/{entry.model}/parameters": entry.parameters})
    outcome = measure(entries, values, series.season, config)
    record.log_metrics({f"backtest/{name}": value for name, value in figures(outcome).items()})
    if outcome.notice:
        record.notice(outcome.notice)
    near, middle = horizons[0], horizons[len(horizons) // 2]
    first, best = best_at(outcome.errors, near), best_at(outcome.errors, middle)
    rest = residuals(outcome.forecasts, observed, first, near)
    floors = known_floors(source, (mlp.window, gru.window), horizons)
    return Backtest(
        forecasts=_log_table(record, "forecasts", outcome.forecasts),
        errors=_log_table(record, "errors", outcome.errors),
        tests=_log_table(record, "tests", outcome.tests),
        coverage=_log_table(record, "coverage", outcome.coverage),
        by_horizon=record.log_figure("plots/errors.png", plot_errors(outcome.errors, floors)),
        residuals=record.log_figure(
            "plots/residuals.png",
            plot_residuals(rest, f"Residuals of {first}, {steps_ahead(near)}", min(_LAGS, len(rest) - 1)),
        ),
        intervals=record.log_figure(
            "plots/intervals.png",
            plot_intervals(
                observed,
                one_seed(outcome.intervals, best, middle),
                f"Forecasts of {best}, {steps_ahead(middle)}",
                config.level,
            ),
        ),
        covered=record.log_figure("plots/coverage.png", plot_coverage(outcome.coverage, config.level)),
    )


def check_comparison(
    record: Record,
    tokens: TokenizedText,
    training: RNNConfig,
    language: LanguageConfig,
    config: ComparisonConfig,
) -> TokenizedText:
    """See that the text is long enough for every comparison, before anything is trained on it."""
    read = {"char": open_tokens(record, tokens.char), "word": open_tokens(record, tokens.word)}
    lengths.check_comparison(len(read[training.tokens]), training, language, config)
    if config.enabled and (reason := lengths.why_no_words(read["word"], config)):
        record.notice(reason)
    return tokens


def compare_language(
    record: Record,
    tokens: TokenFiles,
    words: TokenFiles,
    training: RNNConfig,
    language: LanguageConfig,
    config: ComparisonConfig,
    **networks: TrainedLanguageModel,
) -> LanguageComparison:
    """Score the same unseen tokens with networks and with every model made of counts."""
    for read_by_some in (tokens, words):
        record.log_dataset(read_by_some.ids.name, read_by_some.ids, read_by_some.ids.uri)
    read = open_tokens(record, tokens)
    opened = open_networks(record, networks)
    vocab = next(spec.codec().vocab for _, spec in opened.values())  # they learnt the same text
    start = text_after(read, vocab, training.max_tokens, language.test_tokens, config)
    on_start = [score_network(name, model, start, training) for name, (model, _) in opened.items()]
    on_start += score_counts(start, config)
    compared = {"start": (start, on_start)}
    all_words = open_tokens(record, words)
    if not lengths.why_no_words(all_words, config):
        of_words = word_text(all_words, config)
        compared["words"] = (of_words, list(score_counts(of_words, config)))
    tables = {name: rank(entries, text, config) for name, (text, entries) in compared.items()}
    for name, (_, entries) in compared.items():
        found = named_figures(tables[name], entries)
        record.log_metrics({f"compare/{name}/{figure}": value for figure, value in found.items()})
    record.show_table("all language models", tables["start"])
    logged = {name: _log_table(record, name, table) for name, table in tables.items()}
    return LanguageComparison(
        start=logged["start"],
        words=logged.get("words"),
        plot=record.log_figure("plots/perplexities.png", plot_perplexities(tables)),
        arpa=tuple(
            file
            for name, (text, entries) in compared.items()
            for file in log_arpa(record, name, entries, text.vocab)
        ),
    )


def log_arpa(record: Record, name: str, entries: list[ScoredModel], vocab: Vocab) -> Iterator[Artifact]:
    """Hand on the models of a text that can be written down."""
    for model, counts in arpa_models(entries).items():
        write = partial(write_arpa, model=counts, tokens=vocab.tokens)
        yield record.log_file(f"{name}/{model}.arpa", write, "text/plain")


def _log_table(record: Record, name: str, table: pd.DataFrame) -> Artifact:
    return record.log_text(f"{name}.csv", write_table(table), "text/csv")
