"""The vocabulary against `collections.Counter`, whose order of equal counts is that of first appearance."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import ModelError, TextError
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab

WORDS = st.lists(st.sampled_from(["the", "time", "machine", "by", "h", "<unk>"]), min_size=1)


def vocab_of(text: str, min_freq: int = 0, reserved: tuple[str, ...] = ()) -> Vocab:
    return Vocab.of(tokenize([text], "word"), min_freq, reserved)


def test_unknown_then_reserved_then_by_frequency() -> None:
    vocab = vocab_of("b a a c", reserved=("<pad>", "<bos>"))
    assert vocab.tokens == ("<unk>", "<pad>", "<bos>", "a", "b", "c")
    assert vocab.frequencies == [("a", 2), ("b", 1), ("c", 1)]
    assert len(vocab) == 6


def test_rare_tokens_are_unknown_but_their_counts_are_kept() -> None:
    vocab = vocab_of("a a b b c", min_freq=2)
    assert vocab.tokens == ("<unk>", "a", "b")
    assert vocab["c"] == 0
    assert "c" not in vocab
    assert ("c", 1) in vocab.frequencies


def test_a_reserved_token_of_the_text_stands_once() -> None:
    assert vocab_of("a b a <unk>", reserved=("b",)).tokens == ("<unk>", "b", "a")


@given(WORDS)
def test_ties_keep_the_order_of_first_appearance(words: list[str]) -> None:
    vocab = vocab_of(" ".join(words))
    expected = sorted(Counter(words).items(), key=lambda item: item[1], reverse=True)
    assert vocab.frequencies == expected
    assert vocab.tokens[1:] == tuple(word for word, _ in expected if word != "<unk>")


@given(WORDS)
def test_encoding_and_looking_up_is_a_round_trip(words: list[str]) -> None:
    vocab = vocab_of(" ".join(words))
    assert vocab.to_tokens(vocab[words]) == words
    assert vocab.to_tokens(np.array(vocab[words])) == words
    assert vocab.encode(tokenize([" ".join(words)], "word")).tolist() == vocab[words]


def test_lists_are_looked_up_at_any_depth() -> None:
    vocab = vocab_of("a b a")
    assert vocab["a"] == 1
    assert vocab[["a", ["b", ("x", "a")]]] == [1, [2, [0, 1]]]
    assert vocab.to_tokens([1, [2, (0,)]]) == ["a", ["b", ["<unk>"]]]
    assert vocab.to_tokens(1) == "a"


def test_encoding_takes_the_first_tokens_and_marks_the_unknown() -> None:
    other = tokenize(["b x a b"], "word")
    vocab = vocab_of("a a b")
    assert vocab.encode(other).tolist() == [2, 0, 1, 2]
    assert vocab.encode(other, max_tokens=2).tolist() == [2, 0]


@pytest.mark.parametrize(("types", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_indices_are_the_smallest_integers_that_fit(types: int, dtype: type) -> None:
    tokens = tokenize([" ".join(map(str, range(types)))], "word")
    assert Vocab.of(tokens).encode(tokens).dtype == dtype


@pytest.mark.parametrize("reserved", [(), ("<pad>",), ("<pad>", "<pad>"), ("<unk>",)])
def test_a_vocabulary_with_nothing_left_is_refused(reserved: tuple[str, ...]) -> None:
    with pytest.raises(TextError, match=r"min_freq=3 leaves no word but <unk>.*'b', occurs 2 times"):
        vocab_of("a b b", min_freq=3, reserved=reserved)


def test_a_vocabulary_whose_only_frequent_token_is_reserved_is_fine() -> None:
    assert vocab_of("a b b", min_freq=2, reserved=("b",)).tokens == ("<unk>", "b")


@given(WORDS, st.integers(0, 2))
def test_json_is_a_round_trip(words: list[str], min_freq: int) -> None:
    vocab = Vocab(Counter([*words, "é"]).items(), min_freq, ("<pad>",))
    again = Vocab.from_json(vocab.to_json())
    assert again.tokens == vocab.tokens
    assert (again.frequencies, again.min_freq, again.reserved) == (vocab.frequencies, min_freq, ("<pad>",))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", json.dumps({"frequencies": [["a"]], "min_freq": 0, "reserved": []})]
)
def test_something_else_than_a_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="expected a vocabulary as JSON"):
        Vocab.from_json(text)
