"""The stages that put all models side by side: what they record, and that it is the same each time."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pytest

import tasks
from seqstep.forecasters.table import FORECASTERS
from seqstep.settings.config import (
    BacktestConfig,
    ComparisonConfig,
    Compute,
    CorpusConfig,
    ForecastConfig,
    LanguageConfig,
    LayerConfig,
    MLPConfig,
    RecurrentConfig,
    RNNConfig,
    SamplesConfig,
    SamplingConfig,
    SeriesConfig,
    TextConfig,
)
from seqstep.text.arpa.reading import read_arpa
from seqstep.text.ngram_models.table import MODELS
from stagecraft.mlflow import Record, Tracker
from stagecraft.pipeline.stage import Stage
from tasks.outputs import (
    Backtest,
    LanguageComparison,
    LanguageSamples,
    TokenizedText,
    TrainedLanguageModel,
)

NewRecord = Callable[[], Record]
Declares = Callable[[Stage, Record], None]
TEXT, SMALL, TESTED = TextConfig(), RNNConfig(hidden=16, batch=4, steps=10, epochs=2, max_tokens=1000), 300
MEASURES = ("rmse", "mae", "mase", "coverage", "width")
SINE = SeriesConfig(points=300)
BACKTEST = BacktestConfig(stride=2, seeds=(0, 1))


def run_backtest(record: Record) -> Backtest:
    forecast, mlp, config = ForecastConfig(horizons=(8, 1)), MLPConfig(epochs=1), BACKTEST
    gru = RecurrentConfig(window=8, hidden=4, updates=3)
    series = tasks.series.function(record.on(record.run_id), SINE, 1, mlp, forecast, config)
    assert series == tasks.check_backtest.function(record, series, forecast, mlp, gru, config)
    done = tasks.backtest.function(record, series, SINE, forecast, mlp, gru, config, 1)
    assert isinstance(done, Backtest)
    return done


def test_every_forecaster_is_measured_at_every_horizon(new_record: NewRecord, declares: Declares) -> None:
    record = new_record()
    result = run_backtest(record)
    declares(tasks.backtest, record)
    errors = pd.read_csv(record.open(result.errors))
    assert [tuple(row) for row in errors[["model", "horizon"]].to_numpy()] == [
        (model, horizon) for model in FORECASTERS for horizon in (1, 8)
    ]
    for name in FORECASTERS:
        found = {key.rpartition("/")[2] for key in record.metrics if key.startswith(f"backtest/{name}/")}
        measures = {
            f"{measure}_k00{k}" for measure in ("rmse", "mae", "mase", "coverage", "width") for k in "18"
        }
        assert found == measures | {"seconds", "parameters"}
    forecasts = pd.read_csv(record.open(result.forecasts)).query("model == 'ar_direct' and horizon == 8")
    mean_squared = ((forecasts["forecast"] - forecasts["actual"]) ** 2).mean()
    assert record.metrics["backtest/ar_direct/rmse_k008"] == pytest.approx(mean_squared**0.5)
    assert tasks.backtest.figure(record.metrics).startswith("RMSE k001 0.")


@pytest.mark.thorough
def test_a_backtest_yields_the_same_bytes_each_time_though_not_in_the_same_time(
    new_record: NewRecord,
) -> None:
    first, second = run_backtest(new_record()), run_backtest(new_record())
    tables = ("forecasts", "errors", "tests", "coverage")
    assert [getattr(first, name).sha256 for name in tables] == [
        getattr(second, name).sha256 for name in tables
    ]


@pytest.mark.thorough
def test_the_report_has_one_table_of_forecasts_with_the_best_of_each_horizon_marked(
    new_record: NewRecord,
) -> None:
    record = new_record()
    result = run_backtest(record)
    page = record.open(tasks.report.function(record, "compare", backtest=result).page).read_text("utf-8")
    assert "All forecasters from the same origins" in page and page.count("data:image/png") == 4
    assert page.count("<td>★ ") >= 2 and "0.251, 1 step" in page


class Trained(NamedTuple):
    """Both networks, trained for two epochs on a small text."""

    new: NewRecord
    tokens: TokenizedText
    networks: dict[str, TrainedLanguageModel]


@pytest.fixture(scope="module")
def trained(tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    def new() -> Record:
        return Record(tracker, tracker.start_run("stage", {}))

    story = tmp_path_factory.mktemp("text") / "story.txt"
    story.write_text("The keeper kept the lamp.\nThe lamp kept the keeper, one wave at a time.\n" * 40)
    corpus = CorpusConfig(url=(), path=str(story), sha1="")
    verified = tasks.verify.function(new(), tasks.download.function(new(), corpus, True), corpus)
    tokens = tasks.tokenize.function(new(), verified.file, TEXT)
    vocab = tasks.vocab.function(new(), tokens, TEXT)
    common = (tokens.char, vocab.char, TEXT, SMALL)
    compute, samples = Compute(device="cpu"), SamplesConfig(length=2, last_length=2)
    scratch = tasks.train_rnn_scratch.function(new(), *common, samples, compute)
    torch = tasks.train_rnn.function(new(), *common, LayerConfig(), samples, compute)
    return Trained(new, tokens, {"rnn_scratch": scratch, "rnn": torch})


@pytest.fixture(scope="module")
def compared(trained: Trained) -> tuple[Record, LanguageComparison]:
    """Both networks and the models of counts, compared."""
    new, tokens, networks = trained
    record = new()
    language = LanguageConfig(test_tokens=TESTED)
    comparison = ComparisonConfig(orders=(2, 3), block=10, resamples=20)
    result = tasks.compare_language.function(
        record, tokens.char, tokens.word, SMALL, language, comparison, **networks
    )
    return record, result


def test_networks_and_counts_are_scored_on_the_same_tokens(
    compared: tuple[Record, LanguageComparison], declares: Declares
) -> None:
    record, result = compared
    declares(tasks.compare_language, record)
    start = pd.read_csv(record.open(result.start))
    assert set(start["model"]) == {*MODELS, "rnn_scratch", "rnn"}
    assert set(start["test_tokens"]) == {TESTED} and start["perplexity"].is_monotonic_increasing
    assert start["ratio"].iloc[0] == 1 and (start["ratio_lower"] <= start["ratio"]).all()
    vocab = 1 + len(set("thekeeperkeptthelamponewaveatatime "))
    assert start.set_index("model").loc["uniform", "perplexity"] == pytest.approx(vocab)
    weights = 16 * (vocab + 16 + 1) + vocab * (16 + 1)
    assert start.set_index("model").loc["rnn_scratch", "parameters"] == weights
    for name in (*MODELS, "rnn_scratch", "rnn"):
        found = {key.rpartition("/")[2] for key in record.metrics if key.startswith(f"compare/start/{name}/")}
        assert found == {"perplexity", "bits_per_char", "parameters", "seconds"}
    assert tasks.compare_language.figure(record.metrics).endswith(f"({start['model'].iloc[0]})")


def test_words_have_a_table_of_their_own_with_what_is_unknown(
    compared: tuple[Record, LanguageComparison],
) -> None:
    record, result = compared
    words = pd.read_csv(record.open(result.words)).set_index("model")
    assert set(words.index) == set(MODELS)
    kinds = len({"<unk>", "the", "keeper", "kept", "lamp", "one", "wave", "at", "a", "time"})
    assert words.loc["uniform", "perplexity"] == pytest.approx(kinds)
    assert words.loc["uniform", "test_tokens"] == round(0.1 * 40 * 15)
    assert record.metrics["compare/words/unknown_share"] == words["unknown_share"].iloc[0] == 0
    for name in MODELS:
        found = {key.rpartition("/")[2] for key in record.metrics if key.startswith(f"compare/words/{name}/")}
        assert found == {"perplexity", "bits_per_char", "parameters", "seconds"}
    tokens = read_arpa(record.open(result.arpa[-1])).tokens
    assert "keeper" in tokens and len(tokens) == kinds


def test_the_models_behind_the_figures_are_handed_on_as_arpa_files(
    compared: tuple[Record, LanguageComparison],
) -> None:
    record, result = compared
    assert sorted(file.name for file in result.arpa) == sorted(
        2 * ["kneser_ney.arpa", "modified_kneser_ney.arpa", "witten_bell.arpa"]
    )
    found = read_arpa(record.open(result.arpa[0]))
    start = pd.read_csv(record.open(result.start)).set_index("model")
    assert found.model.vocab == len(found.tokens) == round(start.loc["uniform", "perplexity"])


def test_the_report_has_one_table_of_language_models_beside_the_notes(
    compared: tuple[Record, LanguageComparison],
) -> None:
    record, result = compared
    page = record.open(tasks.report.function(record, "compare", comparison=result).page).read_text("utf-8")
    assert "All language models on the same unseen text" in page and page.count("<td>★ ") == 2
    assert ">1.025<" in page and ">1.021<" in page  # the notes' perplexities of the training text


def sample(trained: Trained, seed: int) -> tuple[Record, LanguageSamples]:
    """Let the models write."""
    record, settings = trained.new(), SamplingConfig(temperatures=(1.0, 0.0), length=40, copied_length=4)
    result = tasks.sample_language.function(
        record,
        trained.tokens.char,
        SMALL,
        "the keeper",
        settings,
        LanguageConfig(test_tokens=TESTED),
        ComparisonConfig(orders=(2, 3)),
        seed,
        **trained.networks,
    )
    assert isinstance(result, LanguageSamples)
    return record, result


def test_networks_and_counts_write_side_by_side_and_what_is_copied_is_a_metric(trained: Trained) -> None:
    record, result = sample(trained, 0)
    table = pd.read_csv(record.open(result.samples))
    models = ["rnn_scratch", "rnn", "modified_kneser_ney", "witten_bell"]
    assert table["model"].tolist() == [*(name for name in models for _ in range(2)), "unseen_text"]
    assert table["temperature"].tolist()[:-1] == [0, 1] * 4 and table["text"].str.len().unique() == [40]
    for row in table[:-1].itertuples():
        assert record.metrics[f"samples/{row.model}/copied_share_t{row.temperature:g}"] == row.copied_share
    assert all(map(tasks.sample_language.may_record, record.metrics))
    assert record.metrics["samples/unseen_text/copied_share"] == 1  # the text says the same again and again
    assert tasks.sample_language.figure(record.metrics).endswith("% copied")
    assert record.open(result.page).read_text("utf-8").count("\n| witten_bell |") == 2


def test_samples_are_the_same_bytes_for_the_same_seed_and_others_for_another(trained: Trained) -> None:
    first, again, other = (sample(trained, seed)[1].samples.sha256 for seed in (0, 0, 1))
    assert first == again != other


def test_the_report_shows_every_sample_with_its_temperature(trained: Trained) -> None:
    record, result = sample(trained, 0)
    page = record.open(tasks.report.function(record, "compare", samples=result).page).read_text("utf-8")
    assert "strings of 4 characters" in page and "of the unseen text that follows 100%" in page
    assert page.count("temperature 0:") == page.count("temperature 1:") == 4
