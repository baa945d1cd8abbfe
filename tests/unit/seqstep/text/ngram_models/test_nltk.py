"""Witten–Bell and Kneser–Ney against NLTK's, where the definitions agree.

NLTK ends in the plain frequencies of tokens (for Kneser–Ney, of the kinds of tokens before each); ours in
those mixed with the uniform distribution. So ours is given NLTK's first order here. And NLTK weighs the
shorter model by all tokens after a context, ours by those that count there; they differ only for n-grams that
begin the text and do not occur again, so these texts end as they begin.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import KneserNeyInterpolated, Vocabulary, WittenBellInterpolated
from nltk.lm.api import LanguageModel
from nltk.util import everygrams

from seqstep.text.ngram_models.kneser_ney import Discounts, KneserNey
from seqstep.text.ngram_models.trie_model import Interpolation
from seqstep.text.ngram_models.witten_bell import WittenBell

VOCAB = 4
TEXTS = st.lists(st.integers(0, VOCAB - 1), min_size=8, max_size=40)
CONTEXTS = st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=3), min_size=1, max_size=10)
orders = pytest.mark.parametrize("order", [2, 3, 4])


def circular(ids: list[int], order: int) -> list[int]:
    return [*ids, *ids[:order]]


def fitted(theirs: LanguageModel, ids: list[int], order: int) -> LanguageModel:
    words = [str(token) for token in ids]
    theirs.fit([list(everygrams(words, max_len=order))])
    return theirs


def assert_equal(ours: Interpolation, theirs: LanguageModel, contexts: list[list[int]]) -> None:
    level = ours.trie.levels[0]
    first = [theirs.score(str(token)) for token in level.tokens]
    ours.direct[0], ours.weights[0] = np.array([*first, 0.0]), np.array([0.0, 1.0])
    for context in contexts:
        near = context[max(0, len(context) - ours.order + 1) :]
        words = [str(token) for token in near]
        expected = [theirs.score(str(token), words) for token in level.tokens]
        assert ours.probabilities(near)[level.tokens] == pytest.approx(expected)


def vocabulary() -> Vocabulary:
    return Vocabulary([str(token) for token in range(VOCAB)], unk_cutoff=1)


@orders
@settings(max_examples=25)
@given(TEXTS, CONTEXTS)
def test_witten_bell_equals_nltks(order: int, ids: list[int], contexts: list[list[int]]) -> None:
    theirs = fitted(WittenBellInterpolated(order, vocabulary=vocabulary()), ids, order)
    assert_equal(WittenBell(np.array(ids), VOCAB, order), theirs, contexts)


@orders
@settings(max_examples=25)
@given(TEXTS, CONTEXTS, st.floats(0.05, 1))
def test_interpolated_kneser_ney_equals_nltks(
    order: int, ids: list[int], contexts: list[list[int]], discount: float
) -> None:
    ids = circular(ids, order)
    theirs = KneserNeyInterpolated(order, discount=discount, vocabulary=vocabulary())
    ours = KneserNey(np.array(ids), VOCAB, order, discounts=(Discounts(*[discount] * 3),) * order)
    assert_equal(ours, fitted(theirs, ids, order), contexts)
