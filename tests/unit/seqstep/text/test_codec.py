"""From a user's text to indices and back: a text is read as the one that the vocabulary is of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.settings.config import Clean, Documents, LineEnds, Locale, TextConfig, TokenKind
from seqstep.text.characters import Characters
from seqstep.text.codec import Codec
from seqstep.text.documents import MARK
from seqstep.text.dropped import Dropped
from seqstep.text.tokens import read_tokens, tokenize
from seqstep.text.vocab import Vocab


def codec_of(text: str, kind: TokenKind = "char", clean: Clean = "ascii_letters") -> Codec:
    return Codec(Vocab.of(tokenize([text], kind)), kind, clean)


@given(st.text("abc ", min_size=1).filter(str.strip))
def test_characters_are_a_round_trip_with_single_spaces(text: str) -> None:
    codec = codec_of("abc ")
    assert codec.decode(codec.encode(text)) == " ".join(text.split())


@given(st.lists(st.sampled_from(["time", "machine"]), min_size=1))
def test_words_are_a_round_trip_with_single_spaces(words: list[str]) -> None:
    codec = codec_of("time machine", "word")
    assert codec.decode(codec.encode("  ".join(words))) == " ".join(words)


def test_a_text_is_cleaned_as_the_training_text_was() -> None:
    assert codec_of("ab ").encode("A, b!") == codec_of("ab ").encode("a b") == [1, 3, 2]
    assert codec_of("ab", clean="none").encode("Ab") == [0, 2]


def test_other_tokens_show_as_unknown_once_and_in_order() -> None:
    codec = codec_of("abc")
    assert codec.encode("aXbYX!") == [1, 0, 2, 0, 0]
    assert codec.unknown("aXbYX!") == ["x", "y"]
    assert codec.unknown("abc") == []
    assert codec.decode([1, 0]) == "a<unk>"


@pytest.mark.parametrize(("text", "kind"), [("", "char"), ("  ", "word"), ("42!", "char"), ("\n", "word")])
def test_a_text_without_a_token_is_refused(text: str, kind: TokenKind) -> None:
    for read in (codec_of("a b", kind).encode, codec_of("a b", kind).encode_prefix):
        with pytest.raises(TextError) as refused:
            read(text)
        assert f"at least one {kind} after text.clean=ascii_letters, got {text!r}" in str(refused.value)


def test_the_end_of_a_line_is_a_token_where_the_model_keeps_it() -> None:
    words = Codec(Vocab([("one", 1), ("\n", 1), ("two", 1)]), "word", "none", "keep")
    assert words.split("one\n\ntwo ") == ["one", "\n", "\n", "two"]
    assert words.decode(words.encode("one two\none")) == "one two\none"
    assert codec_of("one two", "word").split("one\ntwo") == ["one", "two"]
    assert codec_of("ab").split("a\nb") == ["a", "b"]
    assert Codec(Vocab([("a", 1)]), "char", "none", "keep").split("a\n") == ["a", "\n"]
    assert Codec(Vocab([("a", 1)]), "char", "ascii_letters", "space").split("a\nb\n") == ["a", " ", "b"]


def test_the_white_space_at_the_end_of_a_prefix_parts_it_from_what_follows() -> None:
    codec = codec_of("abc ")
    assert codec.encode_prefix("A b, ") == codec.encode("a b") + codec.encode_prefix(" c")[:0] + [4]
    assert codec.encode_prefix("a b") == codec.encode("a b")
    assert codec_of("a b", "word").encode_prefix("a ") == [1]
    assert codec_of("ab ", clean="none").encode_prefix("a  ") == [1, 3, 3]


def test_documents_stand_between_their_ends() -> None:
    vocab = Vocab([("a", 1), ("b", 1)], reserved=("</s>",))
    lines = Codec(vocab, "char", "none", "space", "line")
    assert lines.encode("a\nb") == lines.encode("a\n\nb\n") == [1, 2, 1, 3, 1]
    assert lines.encode_prefix("a") == [2] and lines.begin([2]) == [1, 2]
    assert lines.encode_prefix("a\nb") == [2, 1, 3]
    assert lines.encode_prefix("") == [] and lines.begin([]) == [1]
    files = Codec(vocab, "word", "ascii_letters", "join", "file")
    assert files.encode("a\n\nb") == [1, 2, 3, 1]
    assert codec_of("ab").begin([1]) == [1]
    with pytest.raises(TextError, match="control character U\\+0003"):
        lines.encode(MARK)
    with pytest.raises(TextError, match="at least one char"):
        lines.encode("\n\n")


def test_letters_that_are_dropped_are_counted() -> None:
    def dropped(text: str) -> Dropped:
        characters = Characters()
        characters.add(text)
        return codec_of("ab").dropped(characters)

    assert dropped("größe").letters == 2
    assert "40.0% of the letters (2 Latin" in dropped("größe").said
    assert dropped("grosse, 42").said == ""


def test_ends_of_lines_and_a_mark_of_the_order_of_bytes_are_read_as_in_a_file() -> None:
    codec = Codec(Vocab([("a", 1)]), "char", "none", "keep")
    assert codec.split("\ufeffa\r\nb\rc") == ["a", "\n", "b", "\n", "c"]


def test_what_is_written_like_the_end_of_a_document_is_refused_where_that_is_known() -> None:
    vocab = Vocab([("a", 1)], reserved=("</s>",))
    with pytest.raises(TextError, match="without the word </s>"):
        Codec(vocab, "word", "none", documents="line").split("a </s> a")
    assert Codec(vocab, "word", "none").split("a </s>") == ["a", "</s>"]


TEXTS = st.text(st.sampled_from("ab Bé.\n\u200c\u00adIİΣ中ไ3"), min_size=1, max_size=40)


@given(
    TEXTS,
    st.sampled_from(["char", "word"]),
    st.sampled_from(["ascii_letters", "unicode_letters", "none"]),
    st.sampled_from(["join", "space", "keep"]),
    st.sampled_from(["none", "file", "line", "blank_line"]),
    st.sampled_from(["", "tr"]),
)
def test_a_model_reads_its_training_text_as_it_was_trained_on_it(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    kind: TokenKind,
    clean: Clean,
    lines: LineEnds,
    documents: Documents,
    locale: Locale,
) -> None:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(text, newline="")
    config = TextConfig(clean=clean, lines=lines, documents=documents, locale=locale, max_dropped=1)
    codec = Codec(Vocab([]), kind, clean, config.line_ends, documents, locale)
    try:
        (tokens,) = read_tokens(path, config, [kind]).tokens
    except TextError:
        with pytest.raises(TextError):
            codec.split(text)
    else:
        assert codec.split(text) == [tokens.types[id_] for id_ in tokens.ids]
