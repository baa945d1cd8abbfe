"""Language models side by side: how the text is parted, and what is measured on the parts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.evaluation.train_and_test import Scores, TrainAndTest, comparison_table, score
from seqstep.evaluation.unknown import spelling_after
from seqstep.text.tokens import tokenize
from seqstep.text.vocab import Vocab


def uniform(ids: np.ndarray) -> np.ndarray:
    """Find all of four tokens equally likely."""
    return np.full(len(ids) - 1, math.log(1 / 4))


@given(
    st.integers(2, 50).flatmap(
        lambda tokens: st.tuples(st.just(tokens), st.integers(1, tokens), st.integers(0, 60))
    )
)
def test_each_token_is_scored_once_and_the_parts_touch(sizes: tuple[int, int, int]) -> None:
    tokens, train_tokens, test_tokens = sizes
    ids = np.arange(tokens)
    parts = TrainAndTest.divide(ids, train_tokens, test_tokens)
    assert parts.train.tolist() == list(range(train_tokens))
    assert parts.test[1:].tolist() == list(range(train_tokens, min(tokens, train_tokens + test_tokens)))
    assert len(parts.test) != 1 and (len(parts.test) == 0 or parts.test[0] == parts.train[-1])


def test_a_text_that_all_trains_leaves_no_test_part_and_test_figures_are_nan() -> None:
    parts = TrainAndTest.divide(np.array([1, 2, 3]), 10, 5)
    assert parts.train.tolist() == [1, 2, 3] and len(parts.test) == 0
    result = score(uniform, parts)
    assert result.train_perplexity == pytest.approx(4)
    assert math.isnan(result.test_perplexity) and math.isnan(result.test_bits_per_char)
    assert math.isnan(parts.unseen_share())


def test_the_unseen_share_leaves_the_context_token_out() -> None:
    assert TrainAndTest.divide(np.array([1, 1, 2, 2, 1, 3]), 2, 4).unseen_share() == 3 / 4


def test_a_uniform_model_over_4_characters_needs_2_bits_for_each() -> None:
    result = score(uniform, TrainAndTest.divide(np.array([1, 2, 3, 1, 2]), 3, 2))
    assert result == pytest.approx(Scores(4, 4, 2))


def test_a_word_models_bits_are_shared_by_its_letters_and_the_space_after_each() -> None:
    words = tokenize(["seven seven or seven or"], "word")
    # scored: "or seven or ", 3 words at 2 bits each, 12 characters
    result = score(uniform, TrainAndTest.divide(words.ids + 1, 2, 3, words.lengths()))
    assert result.test_bits_per_char == pytest.approx(3 * 2 / 12)


def test_bits_per_character_are_not_told_of_a_text_with_unknown_tokens() -> None:
    assert math.isnan(score(uniform, TrainAndTest.divide(np.array([1, 2, 3, 0, 2]), 3, 2)).test_bits_per_char)
    assert score(
        uniform, TrainAndTest.divide(np.array([1, 2, 0, 1, 2]), 3, 2)
    ).test_bits_per_char == pytest.approx(2)


def test_the_letters_of_unknown_tokens_are_paid_for_where_something_predicts_them() -> None:
    parts = TrainAndTest.divide(np.array([1, 2, 3, 0, 2]), 3, 2)
    assert score(uniform, parts, spelling=math.log(1 / 16)).test_bits_per_char == pytest.approx((4 + 4) / 2)


def test_the_letters_after_a_training_part_are_spelled_as_its_own_are() -> None:
    text = tokenize(["abab" * 5 + "abx"], "char")
    vocab = Vocab.of(text, min_freq=2)
    assert spelling_after(text.first(22), 20, vocab) == spelling_after(text, 99, vocab) == 0.0
    assert spelling_after(text, 20, vocab) < 0
    words = tokenize(["a a b"], "word")
    assert math.isnan(spelling_after(words, 1, Vocab.of(words, min_freq=2)))


def test_a_perfect_model_has_a_perplexity_of_1_and_needs_no_bits() -> None:
    result = score(lambda ids: np.zeros(len(ids) - 1), TrainAndTest.divide(np.array([1, 2, 3, 1, 2]), 3, 2))
    assert result == Scores(1, 1, 0)


def test_the_table_puts_the_best_on_unseen_text_first_and_the_unmeasured_last() -> None:
    scores = {"worse": Scores(2, 9, 3), "untested": Scores(1, math.nan, math.nan), "best": Scores(3, 5, 2)}
    table = comparison_table(scores, {"worse": 0.25})
    assert table["model"].tolist() == ["best", "worse", "untested"]
    assert list(table) == ["model", *Scores._fields, "copied_share"]
    assert table["copied_share"].tolist()[1] == 0.25 and table["copied_share"].isna().tolist() == [1, 0, 1]
