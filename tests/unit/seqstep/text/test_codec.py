"""From a user's text to indices and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.settings.config import Clean, TokenKind
from seqstep.text.codec import Codec
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab


def codec_of(text: str, kind: TokenKind = "char", clean: Clean = "ascii_letters") -> Codec:
    return Codec(Vocab.of(tokenize([text], kind)), kind, clean)


@given(st.text("abc ", min_size=1))
def test_characters_are_a_round_trip(text: str) -> None:
    codec = codec_of("abc ")
    assert codec.decode(codec.encode(text)) == text


@given(st.lists(st.sampled_from(["time", "machine"]), min_size=1))
def test_words_are_a_round_trip_with_single_spaces(words: list[str]) -> None:
    codec = codec_of("time machine", "word")
    assert codec.decode(codec.encode("  ".join(words))) == " ".join(words)


def test_a_text_is_read_in_lower_case_where_the_training_text_was() -> None:
    assert codec_of("ab").encode("Ab") == [1, 2]
    assert codec_of("ab", clean="none").encode("Ab") == [0, 2]


def test_other_characters_show_as_unknown_once_and_in_order() -> None:
    codec = codec_of("abc")
    assert codec.encode("a!b?!") == [1, 0, 2, 0, 0]
    assert codec.unknown("a!b?!") == ["!", "?"]
    assert codec.unknown("abc") == []
    assert codec.decode([1, 0]) == "a<unk>"


@pytest.mark.parametrize(("text", "kind"), [("", "char"), ("  ", "word")])
def test_an_empty_text_is_refused(text: str, kind: TokenKind) -> None:
    with pytest.raises(TextError, match=f"at least one {kind}, got '{text}'"):
        codec_of("a b", kind).encode(text)


def test_the_end_of_a_line_is_a_token_where_the_model_knows_it() -> None:
    words = Codec(Vocab([("one", 1), ("\n", 1), ("two", 1)]), "word", "none")
    assert words.split("one\n\ntwo ") == ["one", "\n", "\n", "two"]
    assert words.decode(words.encode("one two\none")) == "one two\none"
    assert codec_of("one two", "word").split("one\ntwo") == ["one", "two"]
    assert codec_of("ab", clean="none").split("a\n") == ["a", "\n"]


def test_a_document_begins_after_the_end_of_another() -> None:
    plain, documents = codec_of("ab"), Codec(Vocab([("a", 1)], reserved=("</s>",)), "char", "none")
    assert plain.begin([1]) == [1]
    assert documents.begin(documents.encode("a")) == [1, 2]
