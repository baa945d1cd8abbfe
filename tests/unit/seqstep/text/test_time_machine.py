"""Every figure that the notes print about the text."""

from pathlib import Path

import pytest

from seqstep.settings.config import TokenKind
from seqstep.text.cleaning import clean_line
from seqstep.text.ngrams import count_ngrams
from seqstep.text.reading import read_lines
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import Vocab

WORDS = {"the": 2261, "i": 1267, "and": 1245, "of": 1155, "a": 816}
WORDS |= {"to": 695, "was": 552, "in": 541, "that": 443, "my": 440}
BIGRAMS = [((4, 1), 309), ((8, 1), 169), ((2, 12), 130), ((2, 7), 112), ((3, 1), 109)]
BIGRAMS += [((1, 19), 102), ((11, 7), 99), ((6, 1), 85), ((14, 2), 78), ((4, 5), 73)]
TRIGRAMS = [((1, 19, 71), 59), ((1, 19, 50), 30), ((1, 177, 65), 24), ((11, 63, 6), 16), ((11, 7, 5), 15)]
TRIGRAMS += [((103, 3, 26), 15), ((63, 6, 13), 14), ((2, 107, 33), 14), ((2, 47, 1), 13), ((2, 110, 6), 13)]


@pytest.fixture(scope="module")
def lines(corpus_path: Path) -> list[str]:
    return [clean_line(line) for line in read_lines(corpus_path)]


@pytest.fixture(scope="module")
def words(lines: list[str]) -> Tokens:
    return tokenize(lines, "word")


@pytest.fixture(scope="module")
def vocab(words: Tokens) -> Vocab:
    return Vocab.of(words)


def test_lines(lines: list[str]) -> None:
    assert len(lines) == 3221
    assert lines[0] == "the time machine by h g wells"
    assert lines[10] == "twinkled and his usually pale face was flushed and animated the"


@pytest.mark.parametrize(("kind", "count", "size"), [("char", 170_580, 28), ("word", 32_775, 4580)])
def test_tokens_and_vocabulary(lines: list[str], kind: TokenKind, count: int, size: int) -> None:
    tokens = tokenize(lines, kind)
    assert len(tokens) == count
    assert len(Vocab.of(tokens)) == size


def test_first_words_of_the_vocabulary(vocab: Vocab) -> None:
    assert " ".join(vocab.tokens[:10]) == "<unk> the i and of a to was in that"


@pytest.mark.parametrize(
    ("line", "indices"),
    [
        (0, [1, 19, 50, 40, 2183, 2184, 400]),
        (10, [2186, 3, 25, 1044, 362, 113, 7, 1421, 3, 1045, 1]),
    ],
)
def test_indices_of_lines(lines: list[str], vocab: Vocab, line: int, indices: list[int]) -> None:
    assert vocab[lines[line].split()] == indices


def test_most_common_words(words: Tokens, vocab: Vocab) -> None:
    assert vocab.frequencies[:10] == list(WORDS.items())
    unigrams = count_ngrams(vocab.encode(words), 1)
    assert unigrams.top(10) == [((vocab[word],), count) for word, count in WORDS.items()]


@pytest.mark.parametrize(("n", "expected"), [(2, BIGRAMS), (3, TRIGRAMS)])
def test_most_common_bigrams_and_trigrams(
    words: Tokens, vocab: Vocab, n: int, expected: list[tuple[tuple[int, ...], int]]
) -> None:
    assert count_ngrams(vocab.encode(words), n).top(10) == expected
