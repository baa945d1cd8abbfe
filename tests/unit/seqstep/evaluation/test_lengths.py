import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.evaluation.lengths import check_comparison, why_no_words
from seqstep.evaluation.texts import split_after
from seqstep.settings.config import ComparisonConfig, LanguageConfig, RNNConfig
from seqstep.text.tokens import tokenize

ALL = {"enabled": True}


def check(tokens: int, test_tokens: int = 5000, **comparison: object) -> None:
    config = ComparisonConfig.model_validate(comparison)
    check_comparison(tokens, RNNConfig(), LanguageConfig(test_tokens=test_tokens), config)


def test_the_carried_story_is_long_enough() -> None:
    check(21_236, **ALL)


@pytest.mark.parametrize(
    ("words", "settings", "reason"),
    [
        ("one two " * 2150, {}, ""),
        ("one two " * 95, {}, "the words at the end of the text: .*blocks of 20 tokens, got 19.*word_block"),
        ("acgtacgt", {}, "left out, for models can't be compared on the words .*at least 1 tokens"),
        (" ".join(map(str, range(900))), {}, "word_min_freq=2 leaves no word but <unk>.*lower it"),
        (" ".join(map(str, range(900))), {"word_min_freq": 1}, ""),
    ],
)
def test_words_are_left_out_where_there_are_too_few(
    words: str, settings: dict[str, object], reason: str
) -> None:
    told = why_no_words(tokenize([words], "word"), ComparisonConfig.model_validate(ALL | settings))
    assert bool(told) == bool(reason) and re.search(reason, told)


@pytest.mark.parametrize(
    ("lengths", "settings", "words"),
    [
        ((6800, 5000), ALL, ["after the start", "rnn.max_tokens", "a text of 6800 tokens"]),
        ((21_236, 0), ALL, ["at most 0 of it (language.test_tokens)", "language.test_tokens above 0"]),
        ((10_080, 5000), ALL, ["after the start", "blocks of 100 tokens, got 80", "language.test_to"]),
        ((900, 5000), {}, ["end of the text", "got 90 tokens; lower comparison.block", "test_share"]),
        ((21_236, 5000), {"block": 100_000}, ["two blocks of 100000 tokens, got 2124"]),
        ((500, 5000), {"orders": [500], "block": 9}, ["at least 500 tokens to count", "comparison.ord"]),
        ((2000, 5000), {"valid_share": 1e-9}, ["got 1800 and 0", "another comparison.valid_share"]),
        ((3, 5000), {}, ["end of the text", "at least 1 tokens in the test part"]),
    ],
)
def test_a_text_that_is_too_short_is_refused_with_the_settings_that_change_that(
    lengths: tuple[int, int], settings: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(TextError) as refused:
        check(*lengths, **settings)
    assert [word for word in words if word not in str(refused.value)] == []


def test_the_start_of_the_text_matters_only_where_it_is_compared_on() -> None:
    check(6800)
    with pytest.raises(TextError):
        check(6800, **ALL)


@given(st.integers(0, 99), st.integers(1, 99), st.integers(0, 99))
def test_what_follows_the_start_is_tested_as_far_as_the_text_goes(tokens: int, train: int, test: int) -> None:
    expected = list(range(tokens))[train : train + test]
    if not expected:
        with pytest.raises(TextError):
            split_after(tokens, train, test)
    else:
        assert list(range(tokens))[split_after(tokens, train, test).test] == expected
