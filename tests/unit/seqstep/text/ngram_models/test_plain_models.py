"""The models without smoothing of their own: uniform, unigram, the Markov chain, the notes' trigram."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.metrics import mean_loss, perplexity
from seqstep.text.markov import fit_transitions
from seqstep.text.ngram_models.laplace import Laplace
from seqstep.text.ngram_models.markov_chain import MarkovChain
from seqstep.text.ngram_models.uniform import Uniform
from seqstep.text.ngram_models.unigram import Unigram
from seqstep.text.smoothing import LaplaceTrigram

VOCAB = 4
TEXT = np.array([0, 1, 0, 1, 2])
TEXTS = st.lists(st.integers(0, VOCAB - 1), min_size=3, max_size=30).map(np.array)


def test_a_uniform_model_has_the_vocabularys_size_as_perplexity() -> None:
    assert perplexity(mean_loss(Uniform(28).log_probabilities(np.arange(28)))) == pytest.approx(28)


def test_unigrams_by_hand() -> None:
    # five tokens and one more that is shared by four
    expected = [2.25 / 6, 2.25 / 6, 1.25 / 6, 0.25 / 6]
    assert Unigram(TEXT, VOCAB).probabilities([1]) == pytest.approx(expected)
    assert Unigram(TEXT, VOCAB, epsilon=0).probabilities([]) == pytest.approx([0.4, 0.4, 0.2, 0])


def test_the_markov_chain_by_hand() -> None:
    chain = MarkovChain(TEXT, VOCAB)
    assert chain.probabilities([0]) == pytest.approx([1 / 6, 3 / 6, 1 / 6, 1 / 6])
    assert chain.probabilities([0, 1]) == pytest.approx([2 / 6, 1 / 6, 2 / 6, 1 / 6])
    for unknown in ([], [2], [3]):
        assert chain.probabilities(unknown) == pytest.approx([1 / 4] * 4)


@given(TEXTS)
def test_without_pseudo_counts_the_chain_is_the_notes_one(ids: np.ndarray) -> None:
    chain, transitions = MarkovChain(ids, VOCAB, pseudo_count=0), fit_transitions(ids, VOCAB)
    rows = [chain.probabilities([state]) for state in range(VOCAB)]
    assert np.array(rows) == pytest.approx(transitions)


def test_a_pair_that_never_occurred_is_impossible_to_the_notes_chain() -> None:
    chain = MarkovChain(TEXT, VOCAB, pseudo_count=0)
    scores = chain.log_probabilities(np.array([1, 1]), before=[0])
    assert scores.tolist() == [0, -math.inf]
    assert perplexity(mean_loss(scores)) == math.inf


@given(TEXTS, TEXTS)
@pytest.mark.thorough
def test_the_notes_trigram_scores_as_it_always_did(ids: np.ndarray, text: np.ndarray) -> None:
    trigram, model = LaplaceTrigram(ids, VOCAB), Laplace(ids, VOCAB)
    assert model.log_probabilities(text)[1:] == pytest.approx(trigram.log_probabilities(text))
    assert model.log_probabilities(text).sum() == pytest.approx(trigram.log_probability(text))
