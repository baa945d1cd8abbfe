"""Where words part, and what stands between them."""

import numpy as np
import pytest

from seqstep.text.spacing import is_unspaced, join_words, part_words, show_lines, spaced_lengths
from seqstep.text.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't stop", "don't stop"),
        ("größe café Ελλάδα слово", "größe café Ελλάδα слово"),
        ("می\u200cخواهم کتاب", "می\u200cخواهم کتاب"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
        ("한국어 문장", "한국어 문장"),
        ("中文字", "中 文 字"),
        ("hello世界", "hello 世 界"),
        ("私はカタカナです", "私 は カタカナ で す"),
        ("ที่รัก", "ที่ รั ก"),
        ("“quoted” – 7", "“quoted” – 7"),
        ("你好,world!", "你 好 , world !"),
    ],
)
def test_words_part_by_the_rules_of_unicode_where_no_spaces_are_written(text: str, words: str) -> None:
    assert part_words(text) == words
    assert is_unspaced(text) == (text != words)
    assert part_words(words) == words


def test_words_are_joined_as_they_were_parted() -> None:
    words = ["hello", "世", "界", "is", "here", "\n", "two", "</s>", "カタカナ", "で", "す"]
    assert join_words(words) == "hello世界is here\ntwo</s>カタカナです"
    assert join_words([]) == "" and join_words(["one"]) == "one"


def test_lengths_are_of_words_with_the_space_after_them_where_there_is_one() -> None:
    types = ["one", "two", "\n", "</s>", "世", "界"]
    ids = np.array([3, 0, 1, 2, 2, 4, 5, 0, 3])
    assert spaced_lengths(types, ids).tolist() == [1, 4, 3, 1, 1, 1, 1, 3, 1]


def test_words_of_a_plain_text_all_have_a_space() -> None:
    assert tokenize(["one two", "three"], "word").lengths().tolist() == [4, 4, 6]


def test_ends_of_lines_are_shown() -> None:
    assert show_lines("a\n\nb") == "a↵↵b"
