"""Documents in a text: where they end, and that nothing is counted across."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.settings.config import Documents, TextConfig, TokenKind
from seqstep.text.documents import END, MARK, mark_documents, mark_starts
from seqstep.text.ngram_models.table import MODELS, fit_counts
from seqstep.text.ngram_models.trie import count_trie
from seqstep.text.ngrams import count_ngrams_there_are
from seqstep.text.splits import divide, split_by_share
from seqstep.text.tokens import read_tokens
from seqstep.text.vocab import Vocab, reserved_tokens

NAMES = "emma\nolivia\n\nava\n"
KINDS: list[TokenKind] = ["char", "word"]
TEXTS = st.lists(st.sampled_from("ab \n\n"), max_size=30).map("".join)


def parts_of(text: str, characters: int) -> list[str]:
    return [text[start : start + characters] for start in range(0, len(text), characters)]


def tokens_of(path: Path, text: str, characters: int = 3, **changes: Any) -> list[list[str]]:
    path.write_text(text, encoding="utf-8")
    read = read_tokens(path, TextConfig(**changes), KINDS, characters=characters)
    return [[tokens.types[index] for index in tokens.ids] for tokens in read.tokens]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents") / "text.txt"


@pytest.mark.parametrize("clean", ["ascii_letters", "none"])
def test_a_document_begins_and_ends_with_its_token(path: Path, clean: str) -> None:
    chars, words = tokens_of(path, NAMES, clean=clean, documents="line")
    assert "".join(chars).split(END) == ["", "emma", "olivia", "ava", ""]
    assert words == [END, "emma", END, "olivia", END, "ava", END]


def test_lines_that_clean_to_nothing_are_no_documents(path: Path) -> None:
    chars, _ = tokens_of(path, "* * *\nEmma!\n1898\n\nAva\n...\n", documents="line")
    assert "".join(chars) == "</s>emma</s>ava</s>"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [("keep", "a b\nc</s>d"), ("space", "a b c</s>d"), ("join", "a bc</s>d")],
)
def test_blank_lines_part_documents_of_several_lines(path: Path, lines: str, expected: str) -> None:
    chars, words = tokens_of(
        path, "a b\nc\n\n \t\n\nd\n\n", clean="none", documents="blank_line", lines=lines
    )
    assert "".join(chars) == f"</s>{expected}</s>"
    assert [word for word in words if word != "\n"] == [END, "a", "b", "c", END, "d", END]


@given(TEXTS, st.sampled_from(["line", "blank_line"]), st.integers(1, 5))
def test_marks_stand_alike_wherever_the_parts_end(text: str, documents: Documents, characters: int) -> None:
    whole = "".join(mark_documents([text], documents))
    assert "".join(mark_documents(parts_of(text, characters), documents)) == whole


@given(st.lists(st.text("ab\n", min_size=1, max_size=5), min_size=1, max_size=6), st.integers(1, 4))
def test_starts_of_documents_can_be_given(documents: list[str], characters: int) -> None:
    starts = np.cumsum([0, *map(len, documents[:-1])]).tolist()
    text = "".join(documents)
    assert "".join(mark_starts(parts_of(text, characters), np.array(starts))) == MARK.join(documents)


def test_a_text_with_given_starts_has_ends_there(path: Path) -> None:
    path.write_text("one\ntwo\nthree\n")
    (words,) = read_tokens(path, TextConfig(documents="file"), ["word"], starts=(0, 8), characters=2).tokens
    assert [words.types[index] for index in words.ids] == [END, "one", "two", END, "three", END]


@pytest.mark.parametrize(
    ("text", "words"), [("a\x03b\n", r"control character U\+0003"), ("a </s> b\n", "without the word </s>")]
)
def test_a_text_that_has_such_ends_itself_is_refused(path: Path, text: str, words: str) -> None:
    with pytest.raises(TextError, match=f"{words}.*set text.documents=none"):
        tokens_of(path, text, clean="none", documents="line")
    assert tokens_of(path, text, clean="none")[0] == list(text)


def test_a_text_of_ends_alone_is_none(path: Path) -> None:
    with pytest.raises(TextError, match="at least one char"):
        tokens_of(path, "\n \n\n", documents="line")


def test_an_end_counts_as_one_character(path: Path) -> None:
    path.write_text(NAMES)
    chars, words = read_tokens(path, TextConfig(documents="line"), KINDS).tokens
    assert chars.lengths().tolist() == [1] * len(chars)
    assert words.lengths().tolist() == [1, 4, 1, 6, 1, 3, 1]


def test_a_vocabulary_always_has_the_end_where_there_are_documents(path: Path) -> None:
    path.write_text(NAMES)
    config = TextConfig(documents="line", reserved=("<pad>",), min_freq=3)
    (chars,) = read_tokens(path, config, ["char"]).tokens
    vocab = Vocab.of(chars, config.min_freq, reserved_tokens(config))
    assert vocab.tokens[:3] == ("<unk>", "<pad>", END) and vocab.end == 2
    assert Vocab.from_json(vocab.to_json()).end == 2
    assert divide(chars, split_by_share(len(chars), 0.2, 0.2), 0, reserved_tokens(config)).vocab.end == 2
    assert reserved_tokens(TextConfig()) == () and Vocab.of(chars).end is None


DOCUMENTS = st.lists(st.lists(st.integers(2, 4), min_size=1, max_size=5), min_size=2, max_size=8)
ENDING = 1


def joined(documents: list[list[int]]) -> np.ndarray:
    return np.array([ENDING, *(token for document in documents for token in (*document, ENDING))])


def grams_of(documents: list[list[int]], n: int) -> Counter[tuple[int, ...]]:
    """Count in each document alone, between its own begin and end."""
    padded = ([ENDING, *document, ENDING] for document in documents)
    return Counter(
        gram for text in padded for gram in zip(*(text[start:] for start in range(n)), strict=False)
    )


@given(DOCUMENTS)
def test_ngrams_are_those_of_each_document(documents: list[list[int]]) -> None:
    ids = joined(documents)
    trie, counted = count_trie(ids, 5, 4, ENDING)
    assert counted[0][ENDING] == len(documents)
    grams = [(token,) for token in range(5)]
    for n, (level, counts) in enumerate(zip(trie.levels[1:], counted[1:], strict=True), start=2):
        grams = [
            (*grams[context], token) for context, token in zip(level.contexts, level.tokens, strict=True)
        ]
        assert dict(zip(grams, counts.tolist(), strict=True)) == grams_of(documents, n)
    for counts in count_ngrams_there_are(ids, 4, ENDING)[1:]:
        assert dict(counts.top(len(counts))) == grams_of(documents, counts.order)


@settings(max_examples=20)
@given(DOCUMENTS, st.sampled_from(list(MODELS)), st.lists(st.integers(1, 4), max_size=4))
def test_no_model_sees_what_is_before_an_end(
    documents: list[list[int]], name: str, before: list[int]
) -> None:
    model = fit_counts(name, joined(documents), 5, 3, ENDING)
    after = model.probabilities([*before, ENDING])
    assert after.sum() == pytest.approx(1)
    assert after == pytest.approx(model.probabilities([ENDING]))
    scored = model.log_probabilities(np.array([2, 3]), before=[*before, ENDING])
    assert scored == pytest.approx(model.log_probabilities(np.array([2, 3]), before=[ENDING]))
    assert scored[0] == pytest.approx(np.log(after[2]))


def test_bigrams_of_names_hold_their_begin_and_their_end(path: Path) -> None:
    path.write_text(NAMES)
    config = TextConfig(documents="line")
    (chars,) = read_tokens(path, config, ["char"]).tokens
    vocab = Vocab.of(chars, 0, reserved_tokens(config))
    _, bigrams, _ = count_ngrams_there_are(vocab.reader(chars), 3, vocab.end)
    counted = {"".join(vocab.to_tokens(gram)): count for gram, count in bigrams.top(len(bigrams))}
    plain = [pair for name in NAMES.split() for pair in pairwise([END, *name, END])]
    assert counted == Counter("".join(pair) for pair in plain)
    assert counted["a</s>"] == 3 and counted["</s>e"] == 1


@given(
    st.text(st.sampled_from("abu 4\n\n,"), max_size=24),
    st.sampled_from(["line", "blank_line"]),
    st.sampled_from(["join", "space", "keep"]),
    st.sampled_from(["ascii_letters", "unicode_letters", "none"]),
    st.integers(1, 5),
)
def test_where_parts_end_changes_no_token(
    path: Path, text: str, documents: str, lines: str, clean: str, characters: int
) -> None:
    changes = {"documents": documents, "lines": lines, "clean": clean}
    try:
        whole = tokens_of(path, text, 1000, **changes)
    except TextError:
        with pytest.raises(TextError):
            tokens_of(path, text, characters, **changes)
    else:
        assert tokens_of(path, text, characters, **changes) == whole
