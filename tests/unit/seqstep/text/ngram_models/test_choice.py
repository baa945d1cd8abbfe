import numpy as np
import pytest

from seqstep.errors import TextError
from seqstep.metrics import mean_loss
from seqstep.text.ngram_models.choice import choose_order, fit_chosen
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.ngram_models.trie_model import TrieModel

# Every third token is the sum of the two before it: two tokens back tell more than one.
PAIRS = np.random.default_rng(0).integers(0, 3, (200, 2))
IDS = np.column_stack([PAIRS, PAIRS.sum(axis=1) % 3]).ravel()


def test_the_order_is_the_best_on_the_end_of_the_training_text() -> None:
    known, valid = IDS[:480], IDS[480:]
    losses = [
        mean_loss(fit_counts("witten_bell", known, 3, order).log_probabilities(valid, known))
        for order in (1, 2, 3)
    ]
    assert np.argmin(losses) == 2
    assert choose_order("witten_bell", IDS, 3, (1, 2, 3), 0.2) == 3


def test_a_model_is_fitted_on_all_of_the_training_text_once_its_order_is_chosen() -> None:
    model = fit_chosen("kneser_ney", IDS, 3, (1, 2, 3), 0.2)
    assert isinstance(model, TrieModel)
    same = fit_counts("kneser_ney", IDS, 3, model.order)
    assert model.probabilities([1, 2]).tolist() == same.probabilities([1, 2]).tolist()


def test_a_text_too_short_for_the_orders_is_refused() -> None:
    with pytest.raises(
        TextError, match=r"at least 7 tokens to count .* got 6 and 2; .*comparison[.]orders .*valid_share"
    ):
        choose_order("witten_bell", IDS[:8], 3, (2, 7), 0.2)


def test_what_a_model_keeps_is_counted() -> None:
    ids = np.array([0, 1, 0, 1])
    kept = {name: fit_counts(name, ids, 2, 2).parameters for name in ("uniform", "unigram", "markov_chain")}
    assert kept == {"uniform": 0, "unigram": 2, "markov_chain": 4}  # two tokens; and 01, 10
    assert fit_counts("laplace_trigram", ids, 2, 3).parameters == 6  # and 010, 101
