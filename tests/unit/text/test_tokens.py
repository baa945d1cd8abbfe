"""Lines and tokens, from small texts by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.tokens import clean_line, read_lines, split_line, tokenize


def test_lines_keep_their_ends_and_lose_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffThe Time\r\n\nMächine".encode())
    assert read_lines(path) == ["The Time\n", "\n", "Mächine"]


def test_a_byte_that_is_not_utf_8_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("Mächine".encode("latin-1"))
    with pytest.raises(TextError, match=r"latin\.txt, got the byte 0xe4 .*iconv"):
        read_lines(path)


@pytest.mark.parametrize(
    ("line", "clean", "expected"),
    [
        ("The Time-Machine, by H. G. Wells [1898]\n", "ascii_letters", "the time machine by h g wells"),
        ("  Don't  panic! \n", "ascii_letters", "don t panic"),
        ("1898 ***\n", "ascii_letters", ""),
        ("Größe: 7 Äpfel\n", "ascii_letters", "gr e pfel"),
        ("Größe: 7 Äpfel\n", "unicode_letters", "größe äpfel"),
        ("Машина «времени»\n", "unicode_letters", "машина времени"),
        ("e\u0301te\u0301 1\n", "unicode_letters", "e\u0301te\u0301"),
        ("  The Time, 1898 \r\n", "none", "  The Time, 1898 "),
    ],
)
def test_cleaning_keeps_what_its_kind_says(line: str, clean: str, expected: str) -> None:
    assert clean_line(line, clean) == expected  # type: ignore[arg-type]


@given(st.text())
def test_a_cleaned_line_holds_lower_case_letters_and_single_spaces(line: str) -> None:
    cleaned = clean_line(line)
    assert set(cleaned) <= set("abcdefghijklmnopqrstuvwxyz ")
    assert cleaned == " ".join(cleaned.split())
    assert clean_line(cleaned) == cleaned


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
    with pytest.raises(TextError, match=f"at least one word, got {len(lines)} lines.*unicode_letters"):
        tokenize(lines, "word")
