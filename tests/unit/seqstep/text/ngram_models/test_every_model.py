"""What holds for each model in the table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import ConfigError, TextError
from seqstep.text.ngram_models.table import MODELS, fit_counts
from seqstep.text.ngram_models.trie_model import TrieModel

VOCAB = 5
TEXTS = st.lists(st.integers(0, VOCAB - 2), min_size=4, max_size=40).map(np.array)  # 4 is never seen
STRANGE_TEXTS = st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=12).map(np.array)
every_model = pytest.mark.parametrize("name", MODELS)


@every_model
@settings(max_examples=40)
@given(ids=TEXTS, order=st.integers(1, 4), text=STRANGE_TEXTS)
def test_probabilities_sum_to_1_after_every_context_seen_and_unseen(
    name: str, ids: np.ndarray, order: int, text: np.ndarray
) -> None:
    model = fit_counts(name, ids, VOCAB, order)
    for end in range(len(text) + 1):
        probabilities = model.probabilities(text[:end])
        assert probabilities.shape == (VOCAB,) and (probabilities > 0).all()
        assert abs(probabilities.sum() - 1) < 1e-9


@every_model
@settings(max_examples=40)
@given(ids=TEXTS, order=st.integers(1, 4), text=STRANGE_TEXTS, cut=st.integers(0, 12))
def test_each_token_is_scored_once_by_its_probability_after_all_before_it(
    name: str, ids: np.ndarray, order: int, text: np.ndarray, cut: int
) -> None:
    model = fit_counts(name, ids, VOCAB, order)
    expected = [np.log(model.probabilities(text[:i])[token]) for i, token in enumerate(text)]
    assert model.log_probabilities(text) == pytest.approx(expected)
    going_on = model.log_probabilities(text[cut:], before=text[:cut])
    assert going_on == pytest.approx(expected[cut:])


@pytest.mark.parametrize("name", ["witten_bell", "kneser_ney", "modified_kneser_ney"])
@settings(max_examples=40)
@given(ids=TEXTS, order=st.integers(1, 4), text=STRANGE_TEXTS, cut=st.integers(0, 12))
def test_distributions_are_the_probabilities_in_every_place(
    name: str, ids: np.ndarray, order: int, text: np.ndarray, cut: int
) -> None:
    model = fit_counts(name, ids, VOCAB, min(order, len(ids)))
    assert isinstance(model, TrieModel)
    expected = [model.probabilities(text[:end]) for end in range(min(cut, len(text)), len(text))]
    found = model.distributions(text[cut:], before=text[:cut])
    np.testing.assert_allclose(found, np.reshape(expected, (-1, VOCAB)), rtol=1e-6)


@every_model
def test_the_models_know_how_large_their_vocabulary_is_and_hold_to_it(name: str) -> None:
    model = fit_counts(name, np.array([0, 1, 0, 1]), VOCAB, 2)
    assert model.vocab == VOCAB
    for ask in (model.probabilities, model.log_probabilities):
        with pytest.raises(TextError, match="tokens between 0 and 4, got some"):
            ask(np.array([VOCAB]))


@pytest.mark.parametrize("name", ["witten_bell", "kneser_ney", "modified_kneser_ney"])
def test_an_order_above_the_texts_length_is_refused(name: str) -> None:
    with pytest.raises(TextError, match=r"an order of 1 to 3, .* got 4; choose a lower order"):
        fit_counts(name, np.array([0, 1, 2]), VOCAB, 4)


def test_an_unknown_model_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(ConfigError, match=r"no model of counts 'katz'; there are: uniform, unig"):
        fit_counts("katz", np.array([0, 1, 2]), VOCAB, 2)
