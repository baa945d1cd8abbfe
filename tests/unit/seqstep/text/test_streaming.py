"""The text as a stream, in tiny parts, against the plain way: lists of lines and of tokens, and a counter."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unicodedata import normalize
from unittest import mock

import numpy as np
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.settings.config import Clean, LineEnds, Locale, TextConfig, TokenKind
from seqstep.text import counting, id_file, merging, tokens
from seqstep.text.ahead import ahead
from seqstep.text.characters import Characters
from seqstep.text.cleaning import clean_line, clean_lines, clean_parts
from seqstep.text.counting import count_chunks
from seqstep.text.ngrams import count_ngrams, count_ngrams_up_to
from seqstep.text.reading import read_lines, read_parts
from seqstep.text.spacing import part_words
from seqstep.text.tokens import load_tokens, read_tokens, tokenize
from seqstep.text.vocab import Vocab

JOINERS = "\u200c\u200d"
DROPPED = {
    "ascii_letters": r"[^A-Za-z]+",
    "unicode_letters": rf"[^\p{{L}}\p{{Mn}}\p{{Mc}}{JOINERS}]+",
}
LINES = st.sampled_from(["join", "space", "keep"])
CLEAN = st.sampled_from(["ascii_letters", "unicode_letters", "none"])
KINDS: list[TokenKind] = ["char", "word"]
# Ends of lines of all kinds, white space, letters that change in lower case by what stands around them or
# become two, marks, characters of one to four bytes, the byte order mark.
CHARACTERS = (
    "aaabBzI  ,.'1\n\n\r\t\x0b\x0c\x1c\x1f\x85\xa0\u2028\u3000éßİΣσΑǅ\u0301\u0345中क\u0947𝒳🙂\ufeff\x00K"
    "\u200c\u200d\u200b\xad\u200e\ufe0f\u20e3e\u0301\u030c"
)
TEXTS = st.text(st.sampled_from(CHARACTERS), max_size=60) | st.text(max_size=20)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "text.txt"


def plain_lines(path: Path, clean: Clean) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        lines = file.readlines()
    return [plain_line(line.rstrip("\r\n"), clean) for line in lines]


def plain_line(line: str, clean: Clean) -> str:
    if clean == "none":
        return line
    if clean == "ascii_letters":
        return str(regex.sub(DROPPED[clean], " ", line)).strip().lower()
    seen = regex.sub(r"[\p{WB=Format}\p{Variation_Selector}]", "", line)
    words = [word.strip(JOINERS) for word in regex.sub(DROPPED[clean], " ", seen).split(" ")]
    composed = normalize("NFC", " ".join(word for word in words if word))
    return normalize("NFC", composed.lower())


def plain_tokens(lines: Sequence[str], kind: TokenKind) -> list[str]:
    return [token for line in lines for token in (part_words(line).split() if kind == "word" else line)]


def plain_text(path: Path, clean: Clean, line_ends: str) -> str:
    with path.open(encoding="utf-8-sig") as file:
        lines = [plain_line(line, clean) for line in file.read().split("\n")]
    if line_ends == "space" and clean != "none":
        return " ".join(line for line in lines if line)
    return {"join": "", "space": " ", "keep": "\n"}[line_ends].join(lines)


@contextmanager
def tiny_blocks() -> Iterator[None]:
    """Let everything that is taken into memory at once be tiny."""
    sizes: list[tuple[Any, str, int]] = [
        (tokens, "BLOCK", 3),
        (id_file, "_BLOCK", 2),
        (counting, "_BLOCK", 3),
        (counting, "_PLACE_BITS", 2),
        (merging, "_STEP", 2),
        (merging, "_PART", 4),
    ]
    with ExitStack() as stack:
        for module, name, size in sizes:
            stack.enter_context(mock.patch.object(module, name, size))
        yield


@given(TEXTS, CLEAN, st.integers(1, 9))
@example("a\r\nb\r", "none", 2)
@example("\ufeff\ufeffa", "none", 1)
@example("ΟΔΟΣ ΟΔΟΣ\nΣ", "unicode_letters", 3)
@example(" \n \n  a  b  \n  ", "ascii_letters", 2)
@example("a" * 40 + " b", "none", 4)
def test_tokens_equal_the_plain_ones_wherever_the_parts_end(
    path: Path, text: str, clean: Clean, characters: int
) -> None:
    path.write_bytes(text.encode())
    lines, config = plain_lines(path, clean), TextConfig(clean=clean, lines="join", max_dropped=1)
    if not plain_tokens(lines, "word"):
        with pytest.raises(TextError, match=f"got {len(lines)} lines without any"):
            read_tokens(path, config, KINDS, characters=characters)
        return
    with tiny_blocks():
        read = read_tokens(path, config, KINDS, characters=characters)
        assert read.characters.lines == len(lines)
        for kind, streamed in zip(KINDS, read.tokens, strict=True):
            plain = plain_tokens(lines, kind)
            assert [streamed.types[index] for index in streamed.ids] == plain
            assert list(streamed.types) == list(dict.fromkeys(plain))
            assert streamed.ids.dtype == np.min_scalar_type(len(streamed.types) - 1)
            assert dict(zip(streamed.types, streamed.counts(), strict=True)) == Counter(plain)


@given(TEXTS, CLEAN, LINES, st.integers(1, 9))
@example("a\n\n b \nc\n", "none", "space", 1)
@example("a\n\n b \n\nc\n", "ascii_letters", "space", 2)
def test_ends_of_lines_become_what_the_setting_says_wherever_the_parts_end(
    path: Path, text: str, clean: Clean, line_ends: LineEnds, characters: int
) -> None:
    path.write_bytes(text.encode())
    parts = clean_parts(read_parts(path, characters), clean, line_ends)
    expected = plain_text(path, clean, line_ends)
    clean_text = "".join(parts)
    assert (clean_text.replace("\n", "") if line_ends == "join" else clean_text) == expected


@given(TEXTS, st.integers(1, 9))
def test_without_cleaning_every_character_is_a_token(path: Path, text: str, characters: int) -> None:
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8-sig") as file:
        whole = file.read()
    if not whole.split():
        return
    read = read_tokens(path, TextConfig(clean="none"), KINDS, characters=characters)
    chars, words = ([tokens.types[index] for index in tokens.ids] for tokens in read.tokens)
    assert "".join(chars) == whole
    lines = [part_words(line).split() for line in whole.split("\n")]
    assert words == [word for line in lines for word in ("\n", *line)][1:]


@given(TEXTS, CLEAN, LINES, st.sampled_from(["", "tr"]))
def test_cleaning_twice_is_cleaning_once(
    text: str, clean: Clean, line_ends: LineEnds, locale: Locale
) -> None:
    once = "".join(clean_parts([text], clean, line_ends, locale))
    assert "".join(clean_parts([once], clean, line_ends, locale)) == once


@given(TEXTS)
def test_every_character_is_counted_as_one_kind(text: str) -> None:
    counted = Characters()
    for _ in counted.counted([text[:3], text[3:]]):
        pass
    kinds = (counted.letters, counted.digits, counted.punctuation, counted.spaces, counted.invisible)
    assert counted.line_ends + sum(kinds) == counted.total == len(text)
    assert min(kinds) >= 0


@given(TEXTS, CLEAN)
def test_lines_and_clean_lines_equal_the_plain_ones(path: Path, text: str, clean: Clean) -> None:
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8-sig") as file:
        lines = file.readlines()
    assert read_lines(path) == lines
    assert clean_lines(path, clean) == [clean_line(line, clean) for line in lines] == plain_lines(path, clean)


@given(TEXTS, CLEAN, st.integers(1, 9))
def test_no_clean_part_ends_inside_a_word(path: Path, text: str, clean: Clean, characters: int) -> None:
    path.write_bytes(text.encode())
    parts = list(clean_parts(read_parts(path, characters), clean))
    words = [word for part in parts for word in part_words(part).split()]
    assert words == plain_tokens(plain_lines(path, clean), "word")


def test_a_huge_line_is_read_in_parts(path: Path) -> None:
    path.write_text("word, " * 1000, encoding="utf-8")
    lengths = [len(part) for part in clean_parts(read_parts(path, 100))]
    assert max(lengths) <= 110
    assert sum(lengths) == len("word ") * 1000


@pytest.mark.parametrize("characters", [1, 2, 3, 100])
def test_a_byte_that_is_not_utf_8_is_named_in_whatever_part_it_is(path: Path, characters: int) -> None:
    path.write_bytes("é mächtig ".encode() + b"\xe4 end")
    with pytest.raises(TextError, match=r"text\.txt, got the byte 0xe4 .*set corpus.encoding"):
        read_tokens(path, TextConfig(clean="none"), KINDS, characters=characters)


def test_a_character_that_the_file_s_end_cuts_off_is_refused(path: Path) -> None:
    path.write_bytes("abc 中".encode()[:-1])
    with pytest.raises(TextError, match=r"got the byte 0xe4 in it; set corpus.encoding"):
        read_tokens(path, TextConfig(clean="none"), KINDS, characters=2)


@pytest.mark.parametrize("types", [256, 257, 300])
def test_saved_ids_are_the_bytes_that_numpy_writes(tmp_path: Path, types: int) -> None:
    (tmp_path / "text.txt").write_text(" ".join(map(str, [*range(types), 0])), encoding="utf-8")
    with tiny_blocks():
        (words,) = read_tokens(tmp_path / "text.txt", TextConfig(clean="none"), ["word"], (), 7).tokens
        words.save_ids(tmp_path / "ids.npy")
        words.save_types(tmp_path / "types.json")
    np.save(tmp_path / "numpy.npy", np.array([*range(types), 0], dtype=np.min_scalar_type(types - 1)))
    assert (tmp_path / "ids.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()
    again = load_tokens(tmp_path / "ids.npy", tmp_path / "types.json")
    assert isinstance(again.ids, np.memmap)
    assert (again.kind, again.types, again.ids.tolist()) == ("word", words.types, [*range(types), 0])


@given(st.lists(st.integers(0, 3) | st.integers(0, 2**22), min_size=1, max_size=40), st.integers(1, 4))
@example([0] * 30, 3)
@example([5, 4, 3, 2, 1, 0] * 5, 2)
def test_counts_and_ties_equal_a_counter_s_wherever_the_chunks_end(ids: list[int], n: int) -> None:
    n = min(n, len(ids))
    with tiny_blocks():
        counted = count_ngrams_up_to(np.array(ids), n)
    for order, counts in enumerate(counted, start=1):
        grams = Counter(zip(*(ids[start:] for start in range(order)), strict=False))
        assert counts.top(len(counts)) == grams.most_common()
        assert counts.grams.tolist() == [list(gram) for gram, _ in grams.most_common()]
        assert counts.counts.tolist() == [count for _, count in grams.most_common()]


@pytest.mark.parametrize("n", [3, 5, 7])
def test_ngrams_that_do_not_fit_into_64_bits_are_counted_too(n: int) -> None:
    ids = np.random.default_rng(0).integers(2**21, 2**22, size=20)[np.arange(200) % 23 % 20]
    with tiny_blocks():
        counts = count_ngrams(ids, n)
    grams = Counter(zip(*(ids.tolist()[start:] for start in range(n)), strict=False))
    assert counts.top(len(counts)) == grams.most_common()


def test_what_a_chunk_counts_is_sorted_and_starts_in_it() -> None:
    with tiny_blocks():
        first, second, third = count_chunks(np.array([2, 1, 2, 1, 2, 1, 1, 1, 3]), 2)
    assert [counted.first.tolist() for counted in first] == [[1, 0], [1, 0]]
    assert [counted.counts.tolist() for counted in second] == [[3, 1], [2, 1, 1]]
    assert [counted.first.tolist() for counted in third] == [[8]]


@given(st.lists(st.sampled_from("abcde"), min_size=1), st.integers(0, 3))
def test_a_text_is_read_in_the_vocabulary_s_indices_as_it_is_encoded(words: list[str], min_freq: int) -> None:
    text = tokenize([" ".join(words)], "word")
    vocab = Vocab(Counter(words).items(), min_freq)
    reader = vocab.reader(text)
    assert len(reader) == len(words)
    assert reader[1:4].tolist() == vocab[words[1:4]] == vocab.encode(text)[1:4].tolist()
    assert reader[np.array([0, -1])].tolist() == vocab[[words[0], words[-1]]]


def test_only_the_first_tokens_can_be_taken() -> None:
    text = tokenize(["a b c d"], "word")
    assert text.first(2).ids.tolist() == [0, 1]
    assert text.first(9).ids.tolist() == [0, 1, 2, 3]


def test_work_ahead_keeps_the_order_and_hands_on_an_error() -> None:
    assert list(ahead(lambda number: number * number, range(20))) == [number * number for number in range(20)]
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // number, [2, 1, 0]))


def test_work_ahead_takes_few_items_before_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = ahead(lambda number: number, items())
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()  # type: ignore[attr-defined]
