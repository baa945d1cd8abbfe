"""The figures that models made of counts reach on parts of the notes' text that they have not seen."""

from pathlib import Path

import numpy as np
import pytest

from seqstep.metrics import mean_loss, perplexity
from seqstep.text.cleaning import clean_lines
from seqstep.text.ngram_models.table import MODELS, fit_counts
from seqstep.text.splits import DividedText, divide, split_by_length
from seqstep.text.tokens import Tokens, tokenize


@pytest.fixture(scope="module")
def chars(corpus_path: Path) -> Tokens:
    return tokenize(clean_lines(corpus_path), "char")


#: tokens of the training, the validation and the test part
SPLITS = {"notes": (9_500, 500, 5_000), "ninety_ten": (145_846, 7_676, 17_058)}


def divided(chars: Tokens, split: str) -> DividedText:
    return divide(chars, split_by_length(len(chars), *SPLITS[split]))


@pytest.mark.parametrize(
    ("split", "name", "order", "expected"),
    [
        ("notes", "uniform", 1, 28.0),
        ("notes", "unigram", 1, 16.94),
        ("notes", "markov_chain", 2, 10.02),
        ("notes", "laplace_trigram", 3, 7.38),
        ("notes", "witten_bell", 4, 5.86),
        ("notes", "kneser_ney", 6, 5.20),
        ("notes", "modified_kneser_ney", 6, 5.11),
        ("ninety_ten", "witten_bell", 5, 4.69),
        ("ninety_ten", "kneser_ney", 6, 4.33),
        ("ninety_ten", "modified_kneser_ney", 7, 4.18),
    ],
)
def test_perplexity_on_the_test_part(
    chars: Tokens, split: str, name: str, order: int, expected: float
) -> None:
    text = divided(chars, split)
    model = fit_counts(name, text.before_test, len(text.vocab), order)
    scores = model.log_probabilities(text.test.ids, text.before_test)
    assert len(scores) == len(text.test.ids)
    assert round(perplexity(mean_loss(scores)), 2) == expected


@pytest.mark.first_quick
@pytest.mark.parametrize("name", MODELS)
def test_probabilities_sum_to_1_after_every_context_of_the_test_text(chars: Tokens, name: str) -> None:
    text = divided(chars, "notes")
    model = fit_counts(name, text.train.ids, len(text.vocab), 6)
    contexts = np.lib.stride_tricks.sliding_window_view(text.test.ids, 5)
    sums = [model.probabilities(context).sum() for context in np.unique(contexts, axis=0)]
    assert len(sums) > 3000 and np.abs(np.array(sums) - 1).max() < 1e-9
