"""The command that scores texts: read as the training text was, with a network or with counts."""

import gzip
import io
import json
import math
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("trained")

#: of the text that trained the model, as it is written and as its cleaning leaves it
LINES = (files("seqstep.texts") / "lighthouse.txt").read_text().splitlines()
RAW = next(line for line in LINES if "," in line and any(map(str.isupper, line)))
CLEAN = " ".join("".join(c if c.isalpha() else " " for c in RAW.lower()).split())


def scores_of(result: Any) -> list[dict[str, Any]]:
    """What the one document on standard output says."""
    assert result.status == 0, result.err
    (line,) = result.out.splitlines()
    found: list[dict[str, Any]] = json.loads(line)["scores"]
    return found


def test_each_text_has_its_log_probability_perplexity_and_bits(seqstep: Any) -> None:
    texts = ["it is raining outside", "hhhhtttt nmlk"]
    scores = scores_of(seqstep("score", *texts, "--json"))
    assert [score["text"] for score in scores] == texts
    for score in scores:
        tokens, loss = score["tokens_scored"], -score["log_probability"]
        assert (tokens, score["unknown_tokens"]) == (len(score["text"]) - 1, 0)
        assert score["perplexity"] == score["perplexity_of_known"] == pytest.approx(math.exp(loss / tokens))
        assert score["bits_per_char"] == pytest.approx(loss / tokens / math.log(2))
    assert scores[0]["perplexity"] < scores[1]["perplexity"]
    printed = seqstep("score", *texts)
    printed.ends(0, "it is raining", f"{scores[1]['log_probability']:.2f}", "seqstep-rnn version 1")


def test_unknown_tokens_are_counted_and_their_letters_paid_for(seqstep: Any) -> None:
    result = seqstep("score", "the lamp", "the zamp", "--json")
    result.ends(0, "note: the model does not know 'z'; read as <unk>")
    known, unknown = scores_of(result)
    assert (known["unknown_tokens"], unknown["unknown_tokens"]) == (0, 1)
    assert unknown["perplexity_of_known"] not in (unknown["perplexity"], None)
    paid = unknown["bits_per_char"] * 7 * math.log(2)
    assert paid > -unknown["log_probability"]


@pytest.mark.parametrize("model", ["rnn", "rnn-scratch", "modified-kneser-ney", "unigram"])
def test_a_passage_is_scored_alike_raw_and_cleaned(model: str, seqstep: Any) -> None:
    assert RAW != CLEAN
    raw, clean = scores_of(seqstep("score", RAW, CLEAN, "--model", model, "--json"))
    assert raw["tokens_scored"] == len(CLEAN) - 1
    assert {**raw, "text": ""} == {**clean, "text": ""}


def test_a_model_of_counts_is_of_the_text_that_trained_the_version_that_answers(seqstep: Any) -> None:
    result = seqstep("score", CLEAN, "--model", "modified-kneser-ney/1", "--json")
    document = json.loads(result.out)
    assert document["model"].startswith("modified_kneser_ney of order ")
    assert document["model"].endswith("of what trained seqstep-rnn version 1")
    assert document["answered_by"]["data"] == "builtin:lighthouse"
    uniform, *_ = scores_of(seqstep("score", CLEAN, "--model", "uniform", "--json"))
    assert document["scores"][0]["perplexity"] < uniform["perplexity"] == pytest.approx(27, abs=1)
    seqstep("score", CLEAN, "--model", "uniform").ends(0, "uniform of what trained this version", "answers:")
    seqstep("score", CLEAN, "--model", "uniform/9").ends(2, "there is no version 9 of seqstep-rnn")


def test_a_file_is_one_text_as_a_run_reads_it(seqstep: Any, tmp_path: Path) -> None:
    plain, packed, latin = (tmp_path / name for name in ("a.txt", "a.txt.gz", "latin.txt"))
    plain.write_text("\n".join(LINES[:40]))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    (whole,) = scores_of(seqstep("score", "--file", str(plain), "--json"))
    assert whole["file"] == str(plain) and whole["tokens_scored"] > 1000
    (same,) = scores_of(seqstep("score", "--file", str(packed), "--json"))
    assert same == {**whole, "file": str(packed)}
    latin.write_bytes("Das Café im Wald, größer".encode("cp1252"))
    refused = seqstep("score", "--file", str(latin))
    command = f"seqstep score --file {latin} --model rnn --set corpus.encoding=cp1252"
    refused.ends(2, f"expected utf-8 in {latin}", command)
    assert scores_of(seqstep(*command.split()[1:], "--json"))[0]["tokens_scored"] > 10


def test_lines_are_scored_one_by_one(seqstep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["It is raining, outside.", "", "zzzzqqqq xkcd", "!", "the end"]
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines) + "\n")
    alone = [s["perplexity"] for s in scores_of(seqstep("score", *lines[::2], "--json"))]
    figures = seqstep("score", "--file", str(path), "--per-line")
    figures.ends(0, "note: lines that have too few tokens to be scored: 2")
    printed = [float(line) for line in figures.out.splitlines()]
    assert printed[::2] == pytest.approx(alone, rel=1e-5) and all(map(math.isnan, printed[1::2]))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    documents = seqstep("score", "--file", "-", "--per-line", "--json").out.splitlines()
    told = [json.loads(document) for document in documents]
    assert [(each["line"], each["text"]) for each in told] == list(enumerate(lines, start=1))
    assert [each.get("perplexity") for each in told[::2]] == alone
    assert told[1] == {"line": 2, "text": "", "tokens_scored": 0}


def test_records_are_texts_of_their_own(seqstep: Any, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("the sea", "the lamp", None)))
    seqstep("score", "--file", str(path), "--set", "corpus.field=text").ends(
        0, "note: 1 file or record without"
    )
    scores = scores_of(seqstep("score", "--file", str(path), "--json", "--set", "corpus.field=text"))
    assert [score["tokens_scored"] for score in scores] == [6, 7]
    assert [score["file"] for score in scores] == [f"{path}, 1", f"{path}, 2"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["a"], ["expected a text of at least 2 chars to score, got 'a'"]),
        ([], ["expected either texts, or --file FILE (- for standard input)"]),
        (["a b", "--file", "f.txt"], ["expected either texts, or --file FILE"]),
        (["a b", "--per-line"], ["expected --file FILE with --per-line"]),
        (["--file", "no.txt"], ["expected a text's file, got 'no.txt', which is not there"]),
        (["--file", "."], ["expected a file, got '.': it is a folder"]),
        (["a b", "--model", "mlp"], ["expected a language model, got one that forecasts a series"]),
        (["a b", "--model", "trigrams"], ["there is no model seqstep-trigrams"]),
        (["a b", "--model", "kneserney"], ["of models of counts, did you mean kneser_ney?"]),
        (["--file", "f", "--set", "text.clean=none"], ["expected one of corpus.encoding,", "got text.clean"]),
        (["4 2"], ["at least one char after text.clean=ascii_letters, got '4 2'"]),
    ],
)
def test_what_can_not_be_scored_is_refused_in_words(argv: list[str], words: list[str], seqstep: Any) -> None:
    result = seqstep("score", *argv)
    result.ends(2, "seqstep: ", *words)
    assert result.out == ""


def test_what_lines_lose_is_told_once(seqstep: Any, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("größe der Käfer\n" * 30)
    result = seqstep("score", "--file", str(path), "--per-line")
    result.ends(0, "as the model's training text was read, text.clean=ascii_letters drops")
    path.write_text("")
    result = seqstep("score", "--file", str(path), "--per-line")
    assert (result.status, result.out) == (0, "")


def test_a_page_and_a_text_that_is_too_large_are_refused(seqstep: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><html><body>the lamp</body></html>")
    seqstep("score", "--file", str(page)).ends(2, f"expected a text in {page}, got an HTML page")
    limited = seqstep("score", "--file", str(page), "--set", "corpus.max_bytes=10")
    limited.ends(2, f"expected at most 10 bytes from {page}")
