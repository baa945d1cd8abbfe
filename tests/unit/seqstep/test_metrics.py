"""Metrics by hand and by the laws that tie them together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.metrics import bits_per_char, bits_per_token, mae, mean_loss, mse, perplexity, rmse

# Thousandths: the square of a number below 1e-162 is 0 in floating point.
NUMBERS = st.integers(-(10**6), 10**6).map(lambda thousandths: thousandths / 1000)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1).map(np.array)


def test_errors_by_hand() -> None:
    forecast, target = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 6.0])
    assert mse(forecast, target) == pytest.approx(13 / 3)
    assert rmse(forecast, target) == pytest.approx((13 / 3) ** 0.5)
    assert mae(forecast, target) == pytest.approx(5 / 3)


@given(PAIRS)
def test_the_mean_absolute_error_is_at_most_the_root_of_the_mean_square(pairs: np.ndarray) -> None:
    forecast, target = pairs.T
    assert mae(forecast, target) <= rmse(forecast, target) * (1 + 1e-9)
    assert rmse(forecast, target) == rmse(target, forecast)
    assert rmse(target, target) == mae(target, target) == 0


def test_errors_of_no_values_are_nan() -> None:
    assert math.isnan(rmse(np.array([]), np.array([])))
    assert math.isnan(mae(np.array([]), np.array([])))


@pytest.mark.parametrize("vocab", [1, 28, 4580])
def test_the_perplexity_of_a_uniform_model_is_the_vocabularys_size(vocab: int) -> None:
    loss = mean_loss(np.log(np.full(50, 1 / vocab)))
    assert perplexity(loss) == pytest.approx(vocab)
    assert bits_per_token(loss) == pytest.approx(math.log2(vocab))


def test_perplexity_is_exp_of_the_mean_loss_and_not_a_mean_of_perplexities() -> None:
    logs = np.log([0.5, 0.125])
    assert perplexity(mean_loss(logs)) == pytest.approx(4)


@pytest.mark.parametrize("loss", [math.inf, 1e4])
def test_a_token_of_probability_0_makes_the_perplexity_infinite(loss: float) -> None:
    assert perplexity(loss) == math.inf


def test_a_perfect_model_has_perplexity_1() -> None:
    assert perplexity(mean_loss(np.log(np.ones(5)))) == 1


def test_bits_per_character_share_a_tokens_bits_among_its_characters() -> None:
    assert bits_per_char(np.log([1 / 2, 1 / 8]), chars=2) == pytest.approx((1 + 3) / 2)
    assert bits_per_char(np.log([1 / 2, 1 / 8]), chars=8) == pytest.approx((1 + 3) / 8)
