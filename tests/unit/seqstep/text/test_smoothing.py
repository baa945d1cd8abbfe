"""The smoothed trigram against the notes' formulas, counted naively."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.smoothing import LaplaceTrigram

VOCAB = 4
TEXTS = st.lists(st.integers(0, VOCAB - 2), min_size=3, max_size=30)  # index 3 is never seen
WEIGHTS = st.tuples(*[st.floats(0.01, 100)] * 3)
PAIRS = [(first, second) for first in range(VOCAB) for second in range(VOCAB)]


def count(ids: list[int], gram: tuple[int, ...]) -> int:
    return sum(tuple(ids[i : i + len(gram)]) == gram for i in range(len(ids) - len(gram) + 1))


def formula(ids: list[int], gram: tuple[int, ...], weights: tuple[float, float, float]) -> float:
    if len(gram) == 1:
        return (count(ids, gram) + weights[0] / VOCAB) / (len(ids) + weights[0])
    weight, prior = weights[len(gram) - 1], formula(ids, gram[-1:], weights)
    context = sum(count(ids, (*gram[:-1], token)) for token in range(VOCAB))
    return (count(ids, gram) + weight * prior) / (context + weight)


def test_probabilities_by_hand() -> None:
    model = LaplaceTrigram(np.array([0, 1, 0, 1, 2]), VOCAB)
    assert model.probability([[1]])[0] == pytest.approx((2 + 1 / 4) / 6)
    assert model.probability([[0, 1]])[0] == pytest.approx((2 + 2.25 / 6) / (2 + 1))
    assert model.probability([[0, 1, 2]])[0] == pytest.approx((1 + 1.25 / 6) / (2 + 1))
    assert model.probability([[2, 1]])[0] == pytest.approx(2.25 / 6)  # the last token is no context


@given(TEXTS, WEIGHTS)
@pytest.mark.thorough
def test_probabilities_equal_the_formulas(ids: list[int], weights: tuple[float, float, float]) -> None:
    model = LaplaceTrigram(np.array(ids, dtype=np.uint8), VOCAB, weights)
    for grams in ([(x,) for x in range(VOCAB)], PAIRS, [(*pair, 1) for pair in PAIRS]):
        expected = [formula(ids, gram, weights) for gram in grams]
        assert model.probability(grams) == pytest.approx(expected)


@given(TEXTS, WEIGHTS)
def test_probabilities_sum_to_1_after_every_context(
    ids: list[int], weights: tuple[float, float, float]
) -> None:
    model = LaplaceTrigram(np.array(ids), VOCAB, weights)
    for context in [(), *[(x,) for x in range(VOCAB)], *PAIRS]:
        assert model.probability([(*context, x) for x in range(VOCAB)]).sum() == pytest.approx(1)


def test_an_unseen_token_has_a_probability() -> None:
    model = LaplaceTrigram(np.array([0, 1, 2]), VOCAB)
    assert (model.probability([(*pair, 3) for pair in PAIRS]) > 0).all()


@given(TEXTS, st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=9))
@pytest.mark.thorough
def test_a_texts_probability_is_the_product_of_its_tokens(ids: list[int], text: list[int]) -> None:
    model, weights = LaplaceTrigram(np.array(ids), VOCAB), (1.0, 1.0, 1.0)
    grams = [tuple(text[max(0, i - 2) : i + 1]) for i in range(len(text))]
    logs = [math.log(formula(ids, gram, weights)) for gram in grams]
    text_ids = np.array(text, dtype=np.uint8)
    assert model.log_probabilities(text_ids) == pytest.approx(logs[1:])
    assert model.log_probability(text_ids) == pytest.approx(sum(logs))
    assert model.log_probability(text_ids[:1]) == pytest.approx(logs[0])


@given(TEXTS)
@pytest.mark.thorough
def test_all_texts_of_three_tokens_together_have_probability_1(ids: list[int]) -> None:
    model = LaplaceTrigram(np.array(ids), VOCAB)
    texts = [np.array([*pair, last]) for pair in PAIRS for last in range(VOCAB)]
    assert sum(math.exp(model.log_probability(text)) for text in texts) == pytest.approx(1)


def test_too_few_tokens_are_refused() -> None:
    with pytest.raises(TextError, match="at least 3 tokens to count trigrams of, got 2"):
        LaplaceTrigram(np.array([0, 1]), VOCAB)


def test_longer_ngrams_are_refused() -> None:
    with pytest.raises(TextError, match="got n = 4"):
        LaplaceTrigram(np.array([0, 1, 2]), VOCAB).probability([[0, 1, 2, 0]])


def test_a_vocabulary_too_large_for_trigrams_is_refused() -> None:
    with pytest.raises(TextError, match="too large"):
        LaplaceTrigram(np.array([0, 1, 2**22]), 2**22 + 1)
