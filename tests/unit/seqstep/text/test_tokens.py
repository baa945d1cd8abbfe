"""Tokens, from small texts by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.tokens import split_line, tokenize


def test_a_line_splits_into_words_or_characters() -> None:
    assert split_line(" the  time ", "word") == ["the", "time"]
    assert split_line("a b", "char") == ["a", " ", "b"]


def test_an_unknown_kind_of_token_is_refused() -> None:
    with pytest.raises(TextError, match="char or word, got 'sentence'"):
        split_line("a b", "sentence")  # type: ignore[arg-type]


def test_types_stand_in_order_of_first_appearance() -> None:
    tokens = tokenize(["b a", "", "b c a"], "word")
    assert tokens.types == ("b", "a", "c")
    assert tokens.ids.tolist() == [0, 1, 0, 2, 1]
    assert len(tokens) == 5


def test_nothing_stands_between_two_lines() -> None:
    tokens = tokenize(["ab", "cd"], "char")
    assert "".join(tokens.types[i] for i in tokens.ids) == "abcd"


@given(st.lists(st.text()).filter(any))
def test_the_ids_spell_the_text(lines: list[str]) -> None:
    tokens = tokenize(lines, "char")
    text = "".join(lines)
    assert "".join(tokens.types[i] for i in tokens.ids) == text
    assert list(tokens.types) == list(dict.fromkeys(text))


@pytest.mark.parametrize("word", ["nan", "None", "NA", "<unk>"])
def test_words_that_look_like_missing_values_are_words(word: str) -> None:
    assert tokenize([f"a {word}"], "word").types == ("a", word)


@pytest.mark.parametrize(("types", "dtype"), [(1, np.uint8), (256, np.uint8), (257, np.uint16)])
def test_ids_are_the_smallest_integers_that_fit(types: int, dtype: type) -> None:
    tokens = tokenize([" ".join(map(str, range(types)))], "word")
    assert tokens.ids.dtype == dtype
    assert tokens.ids[-1] == types - 1


@pytest.mark.parametrize("lines", [[], ["", " "]])
def test_a_text_without_tokens_is_refused_with_a_way_out(lines: list[str]) -> None:
    with pytest.raises(TextError, match=f"at least one word, got {len(lines)} lines.*text.clean=none"):
        tokenize(lines, "word")
