"""The stages about networks for unseen text: what MLflow gets, and that its figures can be had again."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pytest

import tasks
from seqstep.errors import TextError
from seqstep.evaluation.texts import held_out_text
from seqstep.metrics import mean_loss, perplexity
from seqstep.models.bundle import load_language_model
from seqstep.models.networks import NETWORKS
from seqstep.models.scoring import log_probabilities
from seqstep.settings.config import (
    ComparisonConfig,
    Compute,
    CorpusConfig,
    HeldOutConfig,
    SamplesConfig,
    TextConfig,
)
from seqstep.text.arpa.reading import read_arpa
from seqstep.text.ngram_models.table import MODELS
from seqstep.training.held_out import HeldOutTraining
from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.mlflow import Record, Registry, Tracker
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.stage import Stage
from tasks.outputs import HeldOutComparison, TokenFiles, TrainedLanguageModel
from tasks.text import open_tokens

pytestmark = pytest.mark.thorough
TEXT, SHARES = TextConfig(), ComparisonConfig(orders=(2, 3), block=10, resamples=20)
SMALL = HeldOutConfig(
    hidden=8, batch=4, steps=10, epochs=8, learning_rate=0.1, schedule="constant", patience=2
)
SAMPLES, COMPUTE = SamplesConfig(length=2, last_length=2), Compute(device="cpu")

Declares = Callable[[Stage, Record], None]
Trained = dict[str, tuple[Record, TrainedLanguageModel]]
AGAIN = """
import sys
from pathlib import Path
import numpy as np
from seqstep.metrics import mean_loss, perplexity
from seqstep.models.bundle import load_language_model
from seqstep.models.scoring import log_probabilities
from stagecraft.files.home import Home
from seqstep_cli import NAMES
from stagecraft.mlflow import Registry, Tracker

home = Home(Path(sys.argv[1]), NAMES)
registry = Registry(Tracker(home, home.store))
parts = registry.parts(registry.find("seqstep-held-out-lstm", "1"))
model, spec = load_language_model(parts["weights.safetensors"], parts["model.json"])
ids = np.load(sys.argv[2])
print(repr(perplexity(mean_loss(log_probabilities(model, ids)[-int(sys.argv[3]):]))))
"""


def tokens_for(new: Callable[[], Record], path: str) -> TokenFiles:
    corpus = CorpusConfig(url=(), path=path, sha1="")
    verified = tasks.verify.function(new(), tasks.download.function(new(), corpus, True), corpus)
    tokens: TokenFiles = tasks.tokenize.function(new(), verified.file, TEXT).char
    return tokens


@pytest.fixture(scope="module")
def new(tracker: Tracker) -> Callable[[], Record]:
    return lambda: Record(tracker, tracker.start_run("stage", {}))


@pytest.fixture(scope="module")
def tokens(new: Callable[[], Record], tmp_path_factory: pytest.TempPathFactory) -> TokenFiles:
    story = tmp_path_factory.mktemp("text") / "story.txt"
    letters = np.random.default_rng(0).choice(list("the keeper kept a lamp "), 1500)
    story.write_text("".join(letters))
    return tokens_for(new, str(story))


@pytest.fixture(scope="module")
def trained(new: Callable[[], Record], tokens: TokenFiles) -> Trained:
    done = {}
    for network in NETWORKS:
        record = new()
        model = tasks.train_held_out[network].function(
            record, network, tokens, TEXT, SMALL, SHARES, SAMPLES, COMPUTE
        )
        done[f"held_out_{network}"] = (record, model)
    return done


@pytest.fixture(scope="module")
def compared(
    new: Callable[[], Record], tokens: TokenFiles, trained: Trained
) -> tuple[Record, HeldOutComparison, pd.DataFrame]:
    record = new()
    networks = {name: model for name, (_, model) in trained.items()}
    result = tasks.compare_held_out.function(record, tokens, TEXT, SHARES, 1, **networks)
    return record, result, pd.read_csv(record.open(result.table)).set_index("model")


def test_the_best_checkpoint_is_the_model_that_mlflow_has(tokens: TokenFiles, trained: Trained) -> None:
    for name, (record, model) in trained.items():
        history = pd.read_csv(record.open(model.history))
        best = history["valid_perplexity"].idxmin()
        assert record.metrics[f"train/{name}/seconds"] > 0
        assert record.metrics["valid/best_epoch"] == best + 1 < len(history) <= SMALL.epochs
        loaded, _ = load_language_model(record.open(model.weights), record.open(model.spec))
        parts = held_out_text(open_tokens(record, tokens), TEXT, SHARES)
        ids = np.concatenate([parts.train.ids[-1000:], parts.valid.ids])
        found = perplexity(mean_loss(log_probabilities(loaded, ids)[-len(parts.valid.ids) :]))
        assert found == pytest.approx(history["valid_perplexity"][best], rel=1e-9)


def test_every_model_is_in_one_table_on_the_same_tokens(
    tokens: TokenFiles, compared: tuple[Record, HeldOutComparison, pd.DataFrame]
) -> None:
    record, _, table = compared
    networks = {f"held_out_{network}" for network in NETWORKS}
    assert set(table.index) - {"mixture"} == {*MODELS, *networks, "networks_together"}
    parts = held_out_text(open_tokens(record, tokens), TEXT, SHARES)
    assert set(table["test_tokens"]) == {len(parts.test.ids)}
    assert table.loc["uniform", "perplexity"] == pytest.approx(len(parts.vocab))
    for name in networks:
        assert record.metrics[f"language/{name}/test_perplexity"] == table.loc[name, "perplexity"]
    # A mixture that is one of the models has no row of its own, but its figures.
    share = record.metrics["compare/held_out/mixture/network_share"]
    assert ("mixture" in table.index) == (0 < share < 1)
    assert record.metrics["compare/held_out/mixture/perplexity"] in set(table["perplexity"])
    assert tasks.compare_held_out.figure(record.metrics).endswith(f"({table.index[0]})")


def test_without_networks_counts_stand_alone_and_are_handed_on(
    new: Callable[[], Record], tokens: TokenFiles
) -> None:
    record = new()
    result = tasks.compare_held_out.function(record, tokens, TEXT, SHARES, 1)
    table = pd.read_csv(record.open(result.table)).set_index("model")
    assert set(table.index) == set(MODELS)
    assert not any("mixture" in name for name in record.metrics)
    read = read_arpa(record.open(next(file for file in result.arpa if file.name == "witten_bell.arpa")))
    parts = held_out_text(open_tokens(record, tokens), TEXT, SHARES)
    scores = read.model.log_probabilities(parts.test.ids, before=parts.before_test)
    assert perplexity(mean_loss(scores)) == pytest.approx(table.loc["witten_bell", "perplexity"], rel=1e-4)


def test_these_stages_record_what_they_declare(
    declares: Declares, trained: Trained, compared: tuple[Record, HeldOutComparison, pd.DataFrame]
) -> None:
    for network in NETWORKS:
        declares(tasks.train_held_out[network], trained[f"held_out_{network}"][0])
    declares(tasks.compare_held_out, compared[0])


def test_the_figure_is_had_again_from_the_registered_model_in_a_fresh_process(
    tracker: Tracker,
    tokens: TokenFiles,
    compared: tuple[Record, HeldOutComparison, pd.DataFrame],
    tmp_path: str,
) -> None:
    record, _, table = compared
    parts = held_out_text(open_tokens(record, tokens), TEXT, SHARES)
    np.save(f"{tmp_path}/ids.npy", np.concatenate([parts.before_test, parts.test.ids]))
    arguments = [str(tracker.home.root), f"{tmp_path}/ids.npy", str(len(parts.test.ids))]
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, *arguments], capture_output=True, text=True, check=True, env=os.environ
    )
    assert float(done.stdout) == pytest.approx(table.loc["held_out_lstm", "perplexity"], rel=1e-6)


def test_each_network_is_registered_under_a_name_of_its_own_with_its_evaluation(
    tracker: Tracker, compared: tuple[Record, HeldOutComparison, pd.DataFrame]
) -> None:
    registry = Registry(tracker)
    tags = tracker.client.get_run(compared[0].run_id).data.tags
    for name in ("rnn-scratch", "rnn", "gru", "lstm"):
        version = registry.find(f"seqstep-held-out-{name}", "")
        evaluated = tags[f"seqstep.evaluated.held_out_{name.replace('-', '_')}"]
        assert registry.tags(version)["seqstep.content"] == evaluated


def test_a_second_training_yields_the_same_bytes(
    new: Callable[[], Record], tokens: TokenFiles, trained: Trained
) -> None:
    again = tasks.train_held_out["gru"].function(new(), "gru", tokens, TEXT, SMALL, SHARES, SAMPLES, COMPUTE)
    first = trained["held_out_gru"][1]
    for part in ("weights", "spec", "history", "samples"):
        assert getattr(again, part).sha256 == getattr(first, part).sha256


def test_a_training_that_stopped_early_is_not_repeated_if_its_process_died_while_the_model_was_logged(
    tracker: Tracker,
    tokens: TokenFiles,
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def train() -> TrainedLanguageModel:
        run_id = tracker.start_run("stage", {})
        record = Record(tracker, run_id, checkpoints=Checkpoints(tmp_path, run_id))
        done: TrainedLanguageModel = tasks.train_held_out["gru"].function(
            record, "gru", tokens, TEXT, SMALL, SHARES, SAMPLES, COMPUTE
        )
        return done

    def die(*_: object) -> NoReturn:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="killed"):
        patched.setattr(Record, "log_model", die)
        train()
    monkeypatch.setattr(HeldOutTraining, "_train_epoch", die)
    again, (record, first) = train(), trained["held_out_gru"]
    assert len(pd.read_csv(record.open(first.history))) < SMALL.epochs < COMPUTE.checkpoint_epochs
    for part in ("weights", "history", "samples"):
        assert getattr(again, part).sha256 == getattr(first, part).sha256


def test_the_report_shows_the_table_beside_the_samples(
    compared: tuple[Record, HeldOutComparison, pd.DataFrame], trained: Trained
) -> None:
    record, result, _ = compared
    networks = {name: model for name, (_, model) in trained.items()}
    done = tasks.report.function(record, "best", held_out=result, **networks)
    page = record.open(done.page).read_text("utf-8")
    assert "Language models on the unseen end of the text" in page and page.count("<td>★ ") == 1
    assert "held_out_lstm, along its training" in page


def test_a_network_is_retrained_by_what_trains_it_and_not_by_how_it_is_compared() -> None:
    def read(config: HeldOutConfig, shares: ComparisonConfig) -> dict[str, object]:
        handle = Handle("tokenize")
        stage = tasks.train_held_out["gru"]
        return Call(stage, stage.bind("gru", handle, TEXT, config, shares, SAMPLES, COMPUTE)).parameters()

    usual = read(SMALL, SHARES)
    other = ComparisonConfig(orders=(4,), block=7, resamples=3, interval=0.5, enabled=True)
    assert read(SMALL.model_copy(update={"networks": ("lstm",), "alone": True}), other) == usual
    for changed in (
        read(SMALL.model_copy(update={"weight_decay": 0.5}), SHARES),
        read(SMALL, SHARES.model_copy(update={"valid_share": 0.2})),
    ):
        assert changed != usual


@pytest.mark.parametrize(
    ("changes", "shares", "match"),
    [
        ({"batch": 200}, {}, r"at least 2010 tokens .* lower held_out\.batch or held_out\.steps"),
        ({}, {"valid_share": 0.0001}, "at least 1 tokens in the validation part, got 0"),
        ({}, {"test_share": 0.0001}, "at least 1 tokens in the test part, got 0"),
        ({}, {"valid_share": 0.9999}, "at least 1 tokens in the training part, got 0"),
    ],
)
def test_parts_that_are_too_short_are_errors(
    new: Callable[[], Record],
    tokens: TokenFiles,
    changes: dict[str, int],
    shares: dict[str, float],
    match: str,
) -> None:
    with pytest.raises(TextError, match=match):
        tasks.train_held_out["rnn"].function(
            new(),
            "rnn",
            tokens,
            TEXT,
            SMALL.model_copy(update=changes),
            SHARES.model_copy(update=shares),
            SAMPLES,
            COMPUTE,
        )
