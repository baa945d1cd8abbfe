"""The bootstrap over blocks of a text."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import ConfigError, TextError
from seqstep.evaluation.bootstrap import loss_interval, perplexity_interval
from seqstep.metrics import mean_loss, perplexity

LOGS = st.lists(st.floats(-8, 0), min_size=4, max_size=60).map(np.array)


def bunched(rng: np.random.Generator, tokens: int, together: int) -> np.ndarray:
    """Log-probabilities of mean -2 that are equal for `together` neighbours."""
    return -np.repeat(rng.gamma(2, 1, tokens // together), together)


@settings(max_examples=20)
@given(LOGS, st.integers(1, 3), st.integers(0, 99))
def test_ends_are_percentiles_of_what_a_plain_bootstrap_draws(
    logs: np.ndarray, block: int, seed: int
) -> None:
    blocks = [logs[i : i + block].tolist() for i in range(0, len(logs), block)]
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(200):
        tokens = [x for i in rng.integers(len(blocks), size=len(blocks)) for x in blocks[i]]
        means.append(-sum(tokens) / len(tokens))
    means.sort()
    found = loss_interval(logs, block, level=0.9, resamples=200, seed=seed)
    assert found == pytest.approx((means[9], means[189]))  # 5 % lie below or at the one, 95 % the other


def test_intervals_of_bunched_losses_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    texts = [bunched(rng, 4000, 20) for _ in range(300)]
    found = [loss_interval(text, block=100, resamples=200) for text in texts]
    assert 0.91 < np.mean([low <= 2 <= high for low, high in found]) < 0.98
    # Single tokens would promise four or five times as much as there is to know.
    single = [loss_interval(text, block=1, resamples=200) for text in texts[:40]]
    assert np.mean([low <= 2 <= high for low, high in single]) < 0.6


def test_the_perplexitys_ends_are_those_of_the_loss_and_hold_it() -> None:
    logs = bunched(np.random.default_rng(1), 3000, 5)
    low, high = perplexity_interval(logs)
    assert (low, high) == tuple(map(math.exp, loss_interval(logs)))
    assert low < perplexity(mean_loss(logs)) < high


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    logs = bunched(np.random.default_rng(2), 3000, 5)
    assert loss_interval(logs, seed=3) == loss_interval(logs, seed=3) != loss_interval(logs, seed=4)


def test_equal_losses_leave_nothing_open() -> None:
    assert perplexity_interval(np.full(1050, math.log(1 / 28))) == pytest.approx((28, 28))


def test_a_small_difference_between_models_shows_where_both_find_the_same_tokens_hard() -> None:
    ours = bunched(np.random.default_rng(3), 3000, 5)
    theirs = ours - 0.01 - 0.02 * np.random.default_rng(4).random(3000)
    assert perplexity_interval(ours).high > perplexity_interval(theirs).low
    low, high = perplexity_interval(ours - theirs)
    assert math.exp(-0.022) < low < math.exp(-0.02) < high < math.exp(-0.018)


def test_an_impossible_token_leaves_the_upper_end_infinite() -> None:
    logs = bunched(np.random.default_rng(5), 3000, 5)
    logs[7] = -math.inf
    low, high = perplexity_interval(logs)
    assert math.isfinite(low) and high == math.inf


@pytest.mark.parametrize("tokens", [100, 0])
def test_too_short_a_text_is_refused_with_the_settings_that_change_that(tokens: int) -> None:
    with pytest.raises(TextError, match=rf"two blocks of 100 tokens, got {tokens} .*comparison[.]block"):
        loss_interval(np.zeros(tokens))


def test_something_else_than_numbers_is_refused() -> None:
    with pytest.raises(TextError, match="got nan among 200"):
        loss_interval(np.array([0.0, math.nan] * 100))


@pytest.mark.parametrize("wrong", [{"block": 0}, {"level": 1.0}, {"level": 0.0}, {"resamples": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected a block and resamples of at least 1"):
        loss_interval(np.zeros(300), **wrong)  # type: ignore[arg-type]
