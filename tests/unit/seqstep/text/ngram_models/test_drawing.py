"""Texts drawn from models of counts: greedy at 0, by the model's own distribution at 1."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.ngram_models.drawing import draw
from seqstep.text.ngram_models.table import MODELS, fit_counts
from seqstep.text.ngram_models.unigram import Unigram

VOCAB = 5
TEXTS = st.lists(st.integers(0, VOCAB - 2), min_size=4, max_size=40).map(np.array)
every_model = pytest.mark.parametrize("name", MODELS)
IDS = np.random.default_rng(0).choice(VOCAB, 200, p=[0.4, 0.3, 0.2, 0.05, 0.05])

#: 99.9 % quantile of chi-square with VOCAB - 1 degrees of freedom
LARGEST = 18.47


@every_model
@settings(max_examples=20)
@given(ids=TEXTS, prefix=st.lists(st.integers(0, VOCAB - 1), max_size=3), seed=st.integers(0, 2**63 - 1))
def test_temperature_0_takes_the_most_likely_token_whatever_the_seed(
    name: str, ids: np.ndarray, prefix: list[int], seed: int
) -> None:
    model = fit_counts(name, ids, VOCAB, 3)
    drawn = draw(model, prefix, 6, 0.0, seed)
    for place, token in enumerate(drawn):
        assert token == model.probabilities(prefix + drawn[:place]).argmax()
    assert len(drawn) == 6


@every_model
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_tokens_are_drawn_as_often_as_the_model_says(name: str, temperature: float) -> None:
    model, draws = fit_counts(name, IDS, VOCAB, 3), 1000
    context = [0, 1]
    expected = model.probabilities(context) ** (1 / temperature)
    expected *= draws / expected.sum()
    first = [draw(model, context, 1, temperature, seed)[0] for seed in range(draws)]
    observed = np.bincount(first, minlength=VOCAB)
    assert ((observed - expected) ** 2 / expected).sum() < LARGEST


def test_a_long_text_follows_the_model_token_by_token() -> None:
    model = Unigram(IDS, VOCAB)
    expected = 1500 * model.probabilities([])
    observed = np.bincount(draw(model, [], 1500, 1.0, 3), minlength=VOCAB)
    assert ((observed - expected) ** 2 / expected).sum() < LARGEST


@given(temperature=st.floats(min_value=0, max_value=1e-3), seed=st.integers(0, 1000))
def test_a_temperature_close_to_0_comes_to_the_most_likely_token(temperature: float, seed: int) -> None:
    model = fit_counts("witten_bell", IDS, VOCAB, 2)
    assert draw(model, [1], 8, temperature, seed) == draw(model, [1], 8)


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    model = fit_counts("kneser_ney", IDS, VOCAB, 2)
    texts = [draw(model, [1], 30, 1.0, seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(("length", "temperature"), [(-1, 1.0), (3, -0.1), (3, math.nan)])
def test_a_request_that_makes_no_sense_is_refused(length: int, temperature: float) -> None:
    with pytest.raises(TextError, match="a length and a temperature of 0 or more, got"):
        draw(Unigram(IDS, VOCAB), [0], length, temperature)
