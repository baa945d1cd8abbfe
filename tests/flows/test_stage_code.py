"""`seqstep stages --code` tells what a stage's key is made of."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tasks
from seqstep.settings.resolving import resolve
from stagecraft.files.home import Home

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def _on_the_prefect_server() -> None:
    """Nothing runs here, so no server is needed."""


@pytest.fixture(autouse=True)
def _here(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "100")


def test_the_document_has_all_that_the_key_is_made_of(seqstep: Any) -> None:
    told = json.loads(seqstep("stages", "--code", "train_rnn_scratch", "--json").out)
    assert {one["name"]: one["digest"] for one in told["definitions"]} == tasks.train_rnn_scratch.definitions
    (resuming,) = [one for one in told["definitions"] if one["name"] == "stagecraft.cache.checkpoints"]
    assert resuming["file"] == "src/stagecraft/cache/checkpoints.py" and resuming["line"] is None
    (own,) = [one for one in told["definitions"] if one["name"] == "tasks.training.train_rnn_scratch"]
    line = (ROOT / own["file"]).read_text("utf-8").splitlines()[own["line"] - 1]
    assert own["file"] == "tasks/training.py" and line.startswith("def train_rnn_scratch(")
    assert told["settings"]["rnn.epochs"] == resolve("quick").rnn.epochs == 60
    assert told["settings"]["seed"] == 0 and "checkpoint_epochs" not in told["settings"]
    assert told["aside"] == ["checkpoint_epochs"]
    assert told["inputs"] == [
        {"name": "tokens", "stage": "tokenize", "part": "char", "absent": False},
        {"name": "vocab", "stage": "vocab", "part": "char", "absent": False},
    ]
    assert {"python", "numpy", "torch"} <= set(told["libraries"]) and told["files"] == []


def test_every_definition_of_every_stage_stands_on_a_line_or_is_a_file(seqstep: Any) -> None:
    for entry in json.loads(seqstep("stages", "compare", "--json").out):
        told = json.loads(seqstep("stages", "compare", "--code", entry["name"], "--json").out)
        for one in told["definitions"]:
            file = ROOT / one["file"]
            lines = file.read_text("utf-8").splitlines() if one["line"] else []
            name = one["name"].rpartition(".")[2]
            assert name == "<statements>" or not lines or name in lines[one["line"] - 1], one


def test_the_settings_are_those_of_the_profile(seqstep: Any) -> None:
    told = json.loads(seqstep("stages", "notes", "--code", "train_rnn", "--json").out)
    assert told["settings"]["rnn.epochs"] == resolve("notes").rnn.epochs == 2000
    report = json.loads(seqstep("stages", "notes", "--code", "report", "--json").out)
    assert report["settings"] == {"profile": "notes"}
    absent = {one["name"] for one in report["inputs"] if one["absent"]}
    assert {"backtest", "comparison"} <= absent and "series" not in absent


def test_the_file_that_a_stage_reads_is_told(seqstep: Any) -> None:
    told = json.loads(seqstep("stages", "--code", "download", "--json").out)
    assert [Path(file).name for file in told["files"]] == ["lighthouse.txt"] and told["inputs"] == []
    seqstep("stages", "--code", "download").ends(
        0, "lighthouse.txt the file ", "offline (left out of the key)"
    )


def test_the_tables_fit_a_terminal_and_name_what_stands_where(seqstep: Any) -> None:
    result = seqstep("stages", "--code", "train_rnn_scratch")
    assert result.status == 0 and max(map(len, result.out.splitlines())) <= 100 and "…" not in result.out
    for row in (
        r"train_rnn_scratch +tasks/training\.py:\d+",
        r"RNNScratch\.step +src/seqstep/models/rnn_scratch\.py:\d+",
        r"rnn\.epochs +60",
        r"rnn\.tokens +\"char\"",
        r"checkpoint_epochs +\(left out of the key\)",
        r"tokens +tokenize\.char",
        r"torch +\d+\.\d+",
    ):
        assert re.search(rf"^{row}", result.out, re.MULTILINE), row


def test_an_input_that_the_flow_does_not_have_is_told_as_absent(seqstep: Any) -> None:
    result = seqstep("stages", "--code", "report", "--flow", "series")
    assert re.search(r"^ngrams +ngrams \(not in this flow\)", result.out, re.MULTILINE)
    assert re.search(r"^series +series *$", result.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--code", "train_rn"], "there is no stage 'train_rn' in pipeline quick; did you mean train_rnn?"),
        (["--code", "backtest"], "there is no stage 'backtest' in pipeline quick; there are: download, "),
        (
            ["--flow", "series", "--code", "train_rnn"],
            "there is no stage 'train_rnn' in series quick; did you",
        ),
    ],
)
def test_an_unknown_stage_is_told_with_the_nearest(seqstep: Any, argv: list[str], words: str) -> None:
    seqstep("stages", *argv).ends(2, words)
    assert json.loads(seqstep("stages", *argv, "--json").out)["exit_status"] == 2
