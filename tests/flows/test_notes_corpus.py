"""The figures that the notes print, met by a run on the real text over loopback HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from seqstep.text.vocab import Vocab
from seqstep_cli import NAMES
from stagecraft.files.home import Home, open_home
from stagecraft.mlflow import Tracker

SHA1 = "090b5e7e70c295757f55df93cb0a180b9691891a"
SHA256 = "8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516"
BIGRAMS = "4 1=309 8 1=169 2 12=130 2 7=112 3 1=109 1 19=102 11 7=99 6 1=85 14 2=78 4 5=73"
TRIGRAMS = (
    "1 19 71=59 1 19 50=30 1 177 65=24 11 63 6=16 11 7 5=15"
    " 103 3 26=15 63 6 13=14 2 107 33=14 2 47 1=13 2 110 6=13"
)
LINE_0 = "the time machine by h g wells"
WORDS = "the=2261 i=1267 and=1245 of=1155 a=816 to=695 was=552 in=541 that=443 my=440"


@pytest.fixture
def notes_run(seqstep: Callable[..., Any], home: Home, corpus_url: str) -> dict[str, dict[str, Any]]:
    """Run the notes' profile until the n-grams; return its stages by name."""
    result = seqstep("run", "notes", "--until", "ngrams", "--json", "--set", f"corpus.url={corpus_url}")
    assert result.status == 0, result.err
    return {stage["name"]: stage for stage in json.loads(result.out)["stages"]}


def test_every_figure_that_the_notes_print_about_the_text_is_met(
    notes_run: dict[str, dict[str, Any]],
) -> None:
    assert list(notes_run) == ["download", "verify", "tokenize", "vocab", "ngrams"]
    tracker = Tracker(open_home(NAMES, None))
    runs = {name: tracker.client.get_run(stage["run_id"]).data for name, stage in notes_run.items()}

    assert runs["verify"].metrics["corpus/bytes"] == 178_979
    assert (runs["verify"].tags["sha1"], runs["verify"].tags["sha256"]) == (SHA1, SHA256)
    assert runs["tokenize"].metrics == {
        "text/lines": 3221,
        "text/char_tokens": 170_580,
        "text/word_tokens": 32_775,
        "text/dropped_letters": 0,
        "text/dropped_letters_share": 0,
        "text/dropped_digits": 4,
        "text/dropped_punctuation": 5643,
        "text/dropped_line_ends": 3221,
    }
    assert runs["vocab"].metrics == {"vocab/char_size": 28, "vocab/word_size": 4580}

    vocab_file = tracker.open_uri(f"runs:/{notes_run['vocab']['run_id']}/vocab_word.json")
    vocab = Vocab.from_json(vocab_file.read_text())
    assert " ".join(vocab.tokens[:10]) == "<unk> the i and of a to was in that"
    assert vocab[LINE_0.split()] == [1, 19, 50, 40, 2183, 2184, 400]

    common = pd.read_csv(tracker.open_uri(f"runs:/{notes_run['ngrams']['run_id']}/most_common.csv"))
    assert _listed(common, 1, "tokens") == WORDS
    assert _listed(common, 2, "indices") == BIGRAMS
    assert _listed(common, 3, "indices") == TRIGRAMS


def _listed(common: pd.DataFrame, n: int, column: str) -> str:
    rows = common[common["n"] == n]
    return " ".join(f"{gram}={count}" for gram, count in zip(rows[column], rows["count"], strict=True))
