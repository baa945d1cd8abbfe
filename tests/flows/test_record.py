"""What one whole run leaves: its document, the record in MLflow, the models and the report."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

import tasks
from stagecraft.pipeline.stage import Stage, matches

HISTORY = {"history.csv", "plots/loss.png"}
TRAINING = {"train/loss", "train/perplexity", "train/tokens_per_s"}
KINDS = ("unigram", "bigram", "trigram")
HORIZONS = ("k001", "k004", "k016", "k064", "multistep")
DROPPED = tuple(
    f"dropped_{kind}" for kind in ("letters", "digits", "punctuation", "line_ends", "letters_share")
)
LANGUAGE = ("train_perplexity", "test_perplexity", "test_bits_per_char")
# The table "The record in MLflow" of the design: for each stage its metrics and some of its artifacts.
RECORD: dict[str, tuple[set[str], set[str]]] = {
    "download": ({"corpus/bytes"}, set()),
    "verify": ({"corpus/bytes"}, set()),
    "tokenize": (
        {f"text/{figure}" for figure in ("lines", "char_tokens", "word_tokens", *DROPPED)},
        {"tokens_char.npy", "tokens_word.npy"},
    ),
    "vocab": (
        {"vocab/char_size", "vocab/word_size"},
        {"vocab_char.json", "vocab_word.json", "frequencies.csv"},
    ),
    "ngrams": (
        {f"ngrams/{kind}_types" for kind in KINDS} | {f"ngrams/zipf_slope_{order}" for order in (1, 2, 3)},
        {"plots/zipf_unigrams.png", "plots/zipf.png", "most_common.csv"},
    ),
    "series": ({"series/points", "series/season"}, {"plots/series.png"}),
    "train_mlp": ({"train/mse", "valid/mse"}, HISTORY),
    "train_rnn_scratch": (TRAINING, {*HISTORY, "samples.txt"}),
    "train_rnn": (TRAINING, {*HISTORY, "samples.txt"}),
    "evaluate_forecasts": (
        {f"forecast/mlp/{measure}_{horizon}" for measure in ("rmse", "mae") for horizon in HORIZONS}
        | {f"forecast/mlp/rmse_valid_{horizon}" for horizon in HORIZONS if horizon != "multistep"},
        {"plots/one_step.png", "plots/multi_step.png", "plots/k_step.png", "errors.csv"},
    ),
    "evaluate_language": (
        {
            f"language/{model}/{name}"
            for model in ("rnn_scratch", "rnn", "laplace_trigram")
            for name in LANGUAGE
        },
        {"samples.txt", "comparison.csv"},
    ),
    "report": (set(), {"report.html"}),
}


@pytest.fixture
def client(trained: Any) -> MlflowClient:
    return MlflowClient(trained.home.store)


@pytest.fixture
def children(client: MlflowClient, trained: Any) -> dict[str, Any]:
    """The stages' runs by stage."""
    found = client.search_runs([client.get_experiment_by_name("seqstep").experiment_id])
    return {run.data.tags["seqstep.stage"]: run for run in found if "seqstep.stage" in run.data.tags}


def artifacts(client: MlflowClient, run_id: str, folder: str = "") -> Iterator[str]:
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from artifacts(client, run_id, entry.path)
        else:
            yield entry.path


def test_json_is_one_document_that_tells_how_each_stage_ended(trained: Any) -> None:
    assert trained.status == 0 and len(trained.out.splitlines()) == 1
    assert [line for line in trained.err.splitlines() if " INFO " not in line] == []
    assert set(trained.summary) == {"run_id", "profile", "flow", "notices", "stages"}
    assert (trained.summary["profile"], trained.summary["flow"]) == ("quick", "pipeline")
    for stage in trained.summary["stages"]:
        assert set(stage) == {"name", "state", "reason", "key", "run_id", "seconds", "notices"}
        assert (stage["state"], stage["reason"]) == ("completed", "first run") and stage["seconds"] > 0
    assert [stage["name"] for stage in trained.summary["stages"]] == list(RECORD)


def test_one_parent_and_a_finished_child_a_stage(client: MlflowClient, children: Any, trained: Any) -> None:
    parent = client.get_run(trained.summary["run_id"])
    assert parent.info.status == "FINISHED" and parent.data.params["rnn.epochs"] == "2"
    assert set(children) == set(RECORD)
    told = {stage["name"]: stage["run_id"] for stage in trained.summary["stages"]}
    for name, run in children.items():
        assert (run.info.status, run.info.run_id) == ("FINISHED", told[name])
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert len(client.search_runs([parent.info.experiment_id])) == 13


@pytest.mark.parametrize("stage", RECORD)
def test_each_stage_records_what_the_design_says(stage: str, client: MlflowClient, children: Any) -> None:
    metrics, files = RECORD[stage]
    found = {name for name in children[stage].data.metrics if not name.startswith("system/")}
    assert found == metrics
    declared: Stage = getattr(tasks, stage)
    assert all(map(declared.may_record, metrics))
    assert all(any(matches(name, known) for name in metrics) for known in declared.records)
    assert files <= set(artifacts(client, children[stage].info.run_id))


def test_runs_say_what_they_are_and_compare(client: MlflowClient, children: Any, trained: Any) -> None:
    parent = client.get_run(trained.summary["run_id"])
    assert re.fullmatch(
        r"quick \d\d-\d\d [\d:]{8} · mlp.epochs=2, rnn.max_tokens=2000 and \d more", parent.info.run_name
    )
    note = parent.data.tags["mlflow.note.content"]
    assert note.startswith("From the text and from the series") and "[train/perplexity](#/metric?" in note
    assert children["ngrams"].data.tags["mlflow.note.content"].startswith("Count the tokens'")
    measured = {**children["evaluate_forecasts"].data.metrics, **children["evaluate_language"].data.metrics}
    assert parent.data.metrics == measured
    assert children["evaluate_forecasts"].data.params["mlp.window"] == "4"
    assert children["evaluate_language"].data.params["rnn_layer.cell"] == "rnn"
    for stage in ("train_mlp", "train_rnn", "evaluate_forecasts", "evaluate_language"):
        assert len(children[stage].inputs.dataset_inputs) == 1


def test_curves_have_a_point_an_epoch(client: MlflowClient, children: Any) -> None:
    for stage, metric in {"train_mlp": "valid/mse", "train_rnn": "train/perplexity"}.items():
        history = client.get_metric_history(children[stage].info.run_id, metric)
        assert [entry.step for entry in history] == [1, 2]


def test_stages_record_their_own_parameters_and_inputs(children: Any) -> None:
    params = {stage: run.data.params for stage, run in children.items()}
    assert params["train_mlp"]["mlp.window"] == "4" and params["train_rnn"]["rnn_layer.cell"] == "rnn"
    assert params["train_rnn_scratch"]["rnn.hidden"] == "16"
    assert "rnn_layer.cell" not in params["train_rnn_scratch"]
    assert params["tokenize"] == {
        "text.clean": "ascii_letters",
        "text.lines": "auto",
        "text.documents": "none",
        "text.locale": "",
        "text.max_dropped": "0.2",
        "documents": "None",
    }
    (dataset,) = children["verify"].inputs.dataset_inputs
    tags = children["verify"].data.tags
    assert len(tags["sha1"]) == 40 and tags["sha256"].startswith(dataset.dataset.digest)
    assert children["verify"].data.tags["seqstep.input.found.file"].endswith("lighthouse.txt")
    assert children["ngrams"].data.tags["seqstep.input.vocab"].endswith("/vocab_word.json")


def test_models_are_registered_and_no_file_of_theirs_is_a_pickle(client: MlflowClient, trained: Any) -> None:
    names = {"seqstep-mlp", "seqstep-rnn-scratch", "seqstep-rnn"}
    assert {model.name for model in client.search_registered_models()} == names
    folders = list(trained.home.artifacts.glob("*/models/*")) or list(trained.home.artifacts.rglob("m-*"))
    assert len(folders) == 3
    for file in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        assert file.suffix not in {".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".npy"}
        assert file.suffix == ".safetensors" or not re.match(rb"\x80[\x02-\x05]|PK", file.read_bytes()[:2])


@pytest.mark.parametrize("of_stage", [True, False])
def test_the_report_is_one_page_with_everything_on_it(trained: Any, children: Any, of_stage: bool) -> None:
    owner = children["report"].info.run_id if of_stage else trained.summary["run_id"]
    page = (trained.home.artifacts / owner / "artifacts/report.html").read_text(encoding="utf-8")
    assert re.findall("https?://", page) == [] and (trained.summary["run_id"] in page) != of_stage
    assert [source for source in re.findall(r'src="([^"]{10})', page) if source != "data:image"] == []
    assert re.findall("<h2>(.*)</h2>", page) == [
        "What was run",
        "The series",
        "Forecasts",
        "The words of the text",
        "Language models",
        "Samples",
    ]
    assert page.count("<img") == 5 + 2 + 2 and "k064" in page and "laplace_trigram" in page
    assert children["verify"].data.tags["sha1"] in page


ANSWERS = """
import json, mlflow, numpy
mlflow.set_tracking_uri({store!r})
scratch, rnn, mlp = (mlflow.pyfunc.load_model(f"models:/seqstep-{{name}}/1") for name in {names})
window = numpy.array([[0.1, 0.2, 0.3, 0.4]])
drawn = {{"length": 9, "temperature": 1.0, "top_k": 3, "seed": 5}}
print(json.dumps([
    scratch.predict(["the keeper", "time"]),
    rnn.predict(["the keeper"], params=drawn),
    mlp.predict(window).tolist(),
    mlp.predict(window, params={{"horizon": 3}}).tolist(),
]))
"""


def test_registered_models_answer_in_a_process_of_its_own(trained: Any, seqstep: Any, tmp_path: Path) -> None:
    script = ANSWERS.format(store=trained.home.store, names=("rnn-scratch", "rnn", "mlp"))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    texts, (drawn,), ((first,),), (values,) = json.loads(done.stdout.splitlines()[-1])
    assert [text[:4] for text in texts] == ["the ", "time"] and [len(text) for text in texts] == [60, 54]
    options = ["--prefix", "the keeper", "--length", "9", "--temperature", "1", "--top-k", "3", "--seed", "5"]
    assert seqstep("generate", *options).out == drawn + "\n"
    assert len(values) == 3 and values[0] == first
