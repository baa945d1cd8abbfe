"""Public texts with figures that others published, and texts of other kinds, on the command line."""

import json
import math
import os
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from seqstep.models.bundle import load_language_model
from seqstep.models.language import LanguageModel
from seqstep_cli import NAMES
from seqstep_cli.judging import NewestData
from stagecraft.files.home import open_home
from stagecraft.mlflow import Registry, Tracker

Run = Callable[..., dict[str, Any]]
TINY = (
    "rnn.epochs=1",
    "rnn.hidden=8",
    "rnn.batch=2",
    "rnn.steps=5",
    "rnn.max_tokens=150",
    "samples.length=5",
)
COMPARED = (
    "comparison.enabled=true",
    "comparison.orders=2,3",
    "comparison.word_orders=1,2",
    "comparison.block=5",
    "comparison.word_block=3",
    "comparison.resamples=20",
    "sampling.length=20",
    "language.test_tokens=50",
)
SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"
#: with marks, from right to left, without spaces, and in one script that is more than letters
DAILY = ("finnish", "persian", "thai", "sanskrit")


@pytest.fixture
def data() -> Callable[[str, int], Path]:
    """Find a file of the folder that SEQSTEP_DATA names, or skip the test."""

    def find(name: str, size_bytes: int) -> Path:
        path = Path(os.environ.get("SEQSTEP_DATA", "")) / name
        if not os.environ.get("SEQSTEP_DATA") or not path.is_file():
            pytest.skip(f"{name} is not there; set SEQSTEP_DATA to a folder that holds it")
        assert path.stat().st_size == size_bytes
        return path

    return find


@pytest.fixture
def run(seqstep: Callable[..., Any]) -> Run:
    """Run the flow of the text until a stage; return what MLflow has of each stage, by name."""

    def until(stage: str, path: Path, *settings: str) -> dict[str, Any]:
        asked = ["--flow", "text", "--until", stage, "--json", "--set", f"corpus.path={path}", *settings]
        result = seqstep("run", *asked)
        assert result.status == 0, result.err
        stages = {found["name"]: found for found in json.loads(result.out)["stages"]}
        client = Tracker(open_home(NAMES, None)).client
        return {
            name: {**found, "metrics": client.get_run(found["run_id"]).data.metrics}
            for name, found in stages.items()
        }

    return until


def table_of(stage: dict[str, Any], name: str) -> pd.DataFrame:
    path = Tracker(open_home(NAMES, None)).open_uri(f"runs:/{stage['run_id']}/{name}")
    return pd.read_csv(path)


def test_tiny_shakespeare_has_all_its_characters(run: Run, data: Callable[[str, int], Path]) -> None:
    path = data("tinyshakespeare.txt", 1_115_394)
    settings = ("text.clean=none", "comparison.enabled=true", "comparison.orders=5")
    stages = run("compare_held_out", path, *settings)
    tokenized = stages["tokenize"]["metrics"]
    assert (tokenized["text/char_tokens"], tokenized["text/lines"]) == (1_115_394, 40_000)
    vocab = run("vocab", path, *settings)["vocab"]["metrics"]
    assert vocab["vocab/char_size"] == 66  # and <unk>
    compared = stages["compare_held_out"]["metrics"]
    assert compared["compare/held_out/witten_bell/perplexity"] == pytest.approx(5.306, abs=2e-3)
    assert compared["compare/held_out/witten_bell/bits_per_char"] == pytest.approx(2.4076, abs=5e-4)


def test_names_begin_and_end_as_has_been_published(run: Run, data: Callable[[str, int], Path]) -> None:
    path = data("names.txt", 228_145)
    settings = ("text.documents=line", "ngrams.tokens=char", "ngrams.top=50")
    stages = run("ngrams", path, *settings)
    common = table_of(stages["ngrams"], "most_common.csv")
    bigrams = common[common["n"] == 2].set_index("tokens")["count"]
    assert list(bigrams.items())[:10] == [
        ("n </s>", 6763),
        ("a </s>", 6640),
        ("a n", 5438),
        ("</s> a", 4410),
        ("e </s>", 3983),
        ("a r", 3264),
        ("e l", 3248),
        ("r i", 3033),
        ("n a", 2977),
        ("</s> k", 2963),
    ]
    assert [bigrams[f"</s> {letter}"] for letter in "mjsd"] == [2538, 2422, 2055, 1690]


def scores_alone(model: LanguageModel, ids: list[int], end: int) -> list[float]:
    """Log-probabilities of a text's tokens but the first, each document read by itself."""
    found, state = [], model.begin_state(1)
    for token, following in pairwise(ids):
        if token == end:
            state = model.begin_state(1)
        with torch.no_grad():
            logits, state = model(torch.tensor([[token]]), state)
        found.append(float(torch.log_softmax(logits[0, 0].double(), 0)[following]))
    return found


@pytest.mark.thorough
def test_networks_read_each_document_by_itself_wherever_they_are_scored(
    run: Run, seqstep: Callable[..., Any], tmp_path: Path
) -> None:
    dice = random.Random(0)
    names = ["".join(dice.choices("abcd", k=dice.randint(1, 7))) for _ in range(150)]
    path = tmp_path / "names.txt"
    path.write_text("\n".join(names))
    small = [f"held_out.{name}" for name in ("networks=gru", "epochs=1", "hidden=8", "batch=2", "steps=5")]
    settings = ("text.documents=line", *TINY, *COMPARED, *small, "rnn.learning_rate=5")
    stages = run("report", path, *settings)
    registry = Registry(Tracker(open_home(NAMES, None)))
    parts = {name: registry.parts(registry.find(f"seqstep-{name}")) for name in ("rnn", "held-out-gru")}
    models = {
        name: load_language_model(files["weights.safetensors"], files["model.json"])
        for name, files in parts.items()
    }
    (rnn, spec), (gru, other) = models.values()
    vocab, of_train = spec.codec().vocab, other.codec().vocab
    assert vocab.end is not None and of_train.end is not None
    text = ["</s>", *(token for name in names for token in [*name, "</s>"])]
    ids = vocab[text]
    tested = stages["evaluate_language"]["metrics"]["language/rnn/test_perplexity"]
    after = scores_alone(rnn, ids[149:200], vocab.end)
    assert tested == pytest.approx(math.exp(-np.mean(after)), rel=1e-5)
    compared = stages["compare_language"]["metrics"]["compare/start/rnn/perplexity"]
    after = scores_alone(rnn, ids[:200], vocab.end)[-50:]
    assert compared == pytest.approx(math.exp(-np.mean(after)), rel=1e-5)
    held_out = stages["compare_held_out"]["metrics"]["compare/held_out/held_out_gru/perplexity"]
    after = scores_alone(gru, of_train[text], of_train.end)[-round(len(text) / 10) :]
    assert held_out == pytest.approx(math.exp(-np.mean(after)), rel=1e-5)
    both = "\n".join(names[:2])
    scored = json.loads(seqstep("score", both, *names[:2], "--json").out)["scores"]
    whole, *alone = [score["log_probability"] for score in scored]
    assert whole == pytest.approx(sum(alone), rel=1e-5)
    reader = NewestData(registry, "seqstep-rnn", "")._reader(registry.find("seqstep-rnn"))
    assert reader.scorer(np.array(ids[:60])) == pytest.approx(
        scores_alone(rnn, ids[:60], vocab.end), rel=1e-5
    )


@pytest.mark.parametrize("section", ["rnn", "held_out"])
def test_too_few_documents_for_a_minibatch_are_refused_by_the_setting(
    section: str, seqstep: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "names.txt"
    path.write_text("emma\nolivia\nava\n" * 150)
    settings = (f"corpus.path={path}", "text.documents=line", *TINY, f"{section}.batch=500")
    stage = {"rnn": "train_rnn", "held_out": "train_held_out_gru"}[section]
    asked = ["--flow", "text", "--until", stage, "--set", *settings, "held_out.networks=gru"]
    seqstep("run", *asked).ends(2, "at least 500 windows of up to", f"lower {section}.batch")


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    path, dice = tmp_path / "genome.txt", random.Random(0)
    path.write_text("".join(dice.choices("acgt", k=3000)))
    return path


def test_a_text_without_spaces_is_compared_without_words(run: Run, genome: Path) -> None:
    stages = run("report", genome, *TINY, *COMPARED)
    assert stages["report"]["state"] == "completed"
    assert "the text has 1 word between spaces" in stages["tokenize"]["notices"][0]
    assert "the table of words is left out" in stages["check_comparison"]["notices"][0]
    assert stages["ngrams"]["metrics"]["ngrams/unigram_types"] == 1
    assert "ngrams/bigram_types" not in stages["ngrams"]["metrics"]
    compared = stages["compare_language"]["metrics"]
    assert compared["compare/start/uniform/perplexity"] == pytest.approx(5)
    assert not [name for name in compared if name.startswith("compare/words/")]


def test_a_text_of_one_symbol_runs(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ones.txt"
    path.write_text("1" * 3000)
    stages = run("report", path, "text.clean=none", *TINY, *COMPARED)
    assert stages["compare_language"]["metrics"]["compare/start/uniform/perplexity"] == pytest.approx(2)


@pytest.mark.parametrize(
    "name",
    [
        name if name in DAILY else pytest.param(name, marks=pytest.mark.soak)
        for name in sorted(path.stem for path in SCRIPTS.glob("*.txt"))
    ],
)
@pytest.mark.thorough
def test_models_are_compared_on_texts_of_all_scripts(run: Run, name: str) -> None:
    settings = ("text.clean=unicode_letters", "text.lines=space", "samples.prefix=a", *TINY, *COMPARED)
    stages = run("report", SCRIPTS / f"{name}.txt", *settings, "rnn.max_tokens=100")
    perplexities = [
        figure
        for metric, figure in stages["compare_language"]["metrics"].items()
        if metric.endswith("/perplexity")
    ]
    assert stages["report"]["state"] == "completed" and min(perplexities) > 1


def test_dropped_letters_are_told_in_the_document_and_in_the_report(
    run: Run, seqstep: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "finnish.txt"
    path.write_text("vaka vanha väinämöinen\nelelevi aikojansa\n" * 40, encoding="utf-8")
    ran, cached = (run("report", path, *TINY) for _ in range(2))
    for stages, state in ((ran, "completed"), (cached, "cached")):
        assert stages["tokenize"]["state"] == state
        (notice,) = stages["tokenize"]["notices"]
        assert "drops 8.3% of the letters (120 Latin; such as ä ö)" in notice
    page = Tracker(open_home(NAMES, None)).open_uri(f"runs:/{ran['report']['run_id']}/report.html")
    assert "text.clean=unicode_letters keeps them" in page.read_text(encoding="utf-8")
    refused = seqstep("run", "--flow", "text", "--set", f"corpus.path={path}", "text.max_dropped=0.05")
    refused.ends(2, "tokenize failed", "more than text.max_dropped=0.05; set text.clean=unicode_letters")
