"""Language models on the same newest tokens: what had a say in a training counts for none."""

import math

import numpy as np
import pytest

from seqstep.errors import TextError
from seqstep.evaluation import newest_text
from seqstep.evaluation.newest_text import TrainedReader, judge_readers
from seqstep.settings.config import Clean
from seqstep.text.codec import Codec
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import Vocab


def uniform(text: Tokens, seen: int, choices: int = 4, clean: Clean = "none") -> TrainedReader:
    """A model that finds so many tokens equally likely, with the vocabulary of its own text."""

    def scorer(ids: np.ndarray) -> np.ndarray:
        return np.full(len(ids) - 1, -math.log(choices))

    return TrainedReader(f"one of {choices}", scorer, Codec(Vocab.of(text), text.kind, clean), text, seen)


def test_all_read_the_tokens_that_none_was_trained_on() -> None:
    text = tokenize(["abcd" * 10], "char")
    judged = judge_readers([uniform(text.first(20), 10), uniform(text, 30, 8)], text)
    assert judged.targets == "the last 10 chars of the text"
    assert [figures["test_perplexity"] for figures in judged.figures] == pytest.approx([4, 8])
    assert [figures["test_bits_per_char"] for figures in judged.figures] == pytest.approx([2, 3])
    assert judged.notice == ""


def test_of_a_long_text_the_newest_tokens_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_text, "NEWEST_TOKENS", 7)
    text = tokenize(["abcd" * 10], "char")
    assert judge_readers([uniform(text, 3)], text.first(20)).targets == "the last 7 chars of the text"


def test_where_vocabularies_differ_on_the_tokens_only_bits_per_character_compare() -> None:
    text = tokenize(["abcd" * 10 + "abcx" * 2], "char")
    knowing = Codec(Vocab.of(tokenize(["abcd"], "char")), "char", "none")
    old, new = uniform(text.first(40), 10)._replace(codec=knowing), uniform(text, 10)
    judged = judge_readers([old, new], text)
    assert [list(figures) for figures in judged.figures] == [["test_bits_per_char"]] * 2
    assert "vocabularies differ" in judged.notice
    paid, free = (figures["test_bits_per_char"] for figures in judged.figures)
    assert free == pytest.approx(2) and paid > free  # it pays for the letters that it does not know
    before = judge_readers([old, new], text.first(40))  # the longest counts all the same
    assert before.data == judged.data


def test_unknown_words_are_spelled_by_the_words_that_a_model_knows() -> None:
    text = tokenize(["the cat sat on the mat and the dog sat on the log then a cow came"], "word")
    knowing, old = uniform(text, 9), uniform(text, 9)
    known = tokenize(["the cat sat on the mat and the dog"], "word")
    old = old._replace(codec=Codec(Vocab.of(known), "word", "none"))
    free, paid = (judge_readers([model], text).figures[0]["test_bits_per_char"] for model in (knowing, old))
    assert free == pytest.approx(2 * 8 / len("sat on the log then a cow came "))
    assert paid > free


def test_another_text_and_other_tokens_are_refused() -> None:
    text, other = tokenize(["abcd" * 10], "char"), tokenize(["dcba" * 12], "char")
    with pytest.raises(TextError, match=r"begins with the 10 chars that trained one of 4, got another"):
        judge_readers([uniform(text, 10)], other)
    words = tokenize(["a b c d " * 10], "word")
    with pytest.raises(TextError, match=r"got chars of text.clean=none .* and words of text.clean=none"):
        judge_readers([uniform(text, 10), uniform(words, 10)], text)
    with pytest.raises(
        TextError, match=r"got chars of text.clean=ascii_letters .* and chars of text.clean=none"
    ):
        judge_readers([uniform(text, 10), uniform(text, 10, clean="ascii_letters")], text)


def test_a_text_that_all_trains_is_refused() -> None:
    text = tokenize(["abcd"], "char")
    with pytest.raises(TextError, match="expected text after what trained one of 4, got none of 4 chars"):
        judge_readers([uniform(text, 4)], text)
