import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.evaluation.lengths import check_comparison
from seqstep.evaluation.texts import split_after
from seqstep.settings.config import ComparisonConfig, LanguageConfig, RNNConfig

ALL = {"enabled": True}


def check(tokens: int, words: int, test_tokens: int = 5000, **comparison: object) -> None:
    config = ComparisonConfig.model_validate(comparison)
    check_comparison(tokens, words, RNNConfig(), LanguageConfig(test_tokens=test_tokens), config)


def test_the_carried_story_is_long_enough() -> None:
    check(21_236, 4_300, **ALL)


@pytest.mark.parametrize(
    ("lengths", "settings", "words"),
    [
        ((6800, 1400, 5000), ALL, ["after the start", "rnn.max_tokens", "a text of 6800 tokens"]),
        ((21_236, 4300, 0), ALL, ["at most 0 of it (language.test_tokens)", "language.test_tokens above 0"]),
        ((10_080, 4300, 5000), ALL, ["after the start", "blocks of 100 tokens, got 80", "language.test_to"]),
        ((900, 200, 5000), {}, ["end of the text", "got 90 tokens; lower comparison.block", "test_share"]),
        ((21_236, 4300, 5000), {"block": 100_000}, ["two blocks of 100000 tokens, got 2124"]),
        ((21_236, 190, 5000), ALL, ["the words", "two blocks of 20 tokens, got 19", "comparison.word_block"]),
        ((500, 200, 5000), {"orders": [500], "block": 9}, ["at least 500 tokens to count", "comparison.ord"]),
        ((2000, 99, 5000), {"valid_share": 1e-9}, ["got 1800 and 0", "another comparison.valid_share"]),
        ((3, 1, 5000), {}, ["end of the text", "at least 1 tokens in the test part"]),
    ],
)
def test_a_text_that_is_too_short_is_refused_with_the_settings_that_change_that(
    lengths: tuple[int, int, int], settings: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(TextError) as refused:
        check(*lengths, **settings)
    assert [word for word in words if word not in str(refused.value)] == []


def test_the_start_of_the_text_matters_only_where_it_is_compared_on() -> None:
    check(6800, 30)
    with pytest.raises(TextError):
        check(6800, 30, **ALL)


@given(st.integers(0, 99), st.integers(1, 99), st.integers(0, 99))
def test_what_follows_the_start_is_tested_as_far_as_the_text_goes(tokens: int, train: int, test: int) -> None:
    expected = list(range(tokens))[train : train + test]
    if not expected:
        with pytest.raises(TextError):
            split_after(tokens, train, test)
    else:
        assert list(range(tokens))[split_after(tokens, train, test).test] == expected
