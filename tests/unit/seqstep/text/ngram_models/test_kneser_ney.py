"""Kneser–Ney against its formula, by hand and counted naively."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.ngram_models.kneser_ney import (
    USUAL,
    USUAL_MODIFIED,
    Discounts,
    KneserNey,
    estimate_modified,
    estimate_single,
)

VOCAB = 4
HALF = Discounts(0.5, 0.5, 0.5)
TEXTS = st.lists(st.integers(0, VOCAB - 2), min_size=3, max_size=30)  # index 3 is never seen
CONTEXTS = st.lists(st.integers(0, VOCAB - 1), max_size=4)


def formula(ids: list[int], context: list[int], token: int, model: KneserNey) -> float:
    """P(token | context) with the model's discounts, all of the context read."""
    n = len(context) + 1
    grams = [ids[i : i + n] for i in range(len(ids) - n + 1)]
    if n < model.order:
        grams = [list(gram)[1:] for gram in {tuple(ids[i : i + n + 1]) for i in range(len(ids) - n)}]
    counts = [grams.count([*context, w]) for w in range(VOCAB)]
    shorter = formula(ids, context[1:], token, model) if context else 1 / VOCAB
    if not sum(counts):
        return shorter
    taken = [(0.0, *model.discounts[n - 1][:3])[min(count, 3)] for count in counts]
    return (counts[token] - taken[token] + sum(taken) * shorter) / sum(counts)


def test_probabilities_by_hand() -> None:
    model = KneserNey(np.array([0, 1, 0, 1, 2]), VOCAB, order=2, discounts=(HALF, HALF))
    # 0, 1 and 2 have one kind of token before them: half of the three parts is shared by all four
    seen, unseen = 0.5 / 3 + 0.5 / 4, 0.5 / 4
    assert model.probabilities([]) == pytest.approx([seen, seen, seen, unseen])
    # 0 1 occurs twice; 1 0 and 1 2 once
    assert model.probabilities([0]) == pytest.approx([seen / 4, (1.5 + seen / 2) / 2, seen / 4, unseen / 4])
    assert model.probabilities([1]) == pytest.approx(
        [(0.5 + seen) / 2, seen / 2, (0.5 + seen) / 2, unseen / 2]
    )
    assert model.probabilities([2]) == pytest.approx([seen, seen, seen, unseen])


def test_a_token_that_only_begins_the_text_follows_nothing_and_shares_what_is_freed() -> None:
    model = KneserNey(np.array([2, 0, 1, 0, 1]), VOCAB, order=2, discounts=(HALF, HALF))
    # 0 comes after 2 and 1, 1 after 0, 2 after nothing
    shared = 1 / 3 / 4
    assert model.probabilities([]) == pytest.approx([1.5 / 3 + shared, 0.5 / 3 + shared, shared, shared])


def test_the_modified_form_takes_more_from_larger_counts() -> None:
    usual = (USUAL_MODIFIED,)
    model = KneserNey(np.array([0, 0, 0, 1, 1, 2]), VOCAB, order=1, modified=True, discounts=usual)
    shared = (1.5 + 1 + 0.5) / 6 / 4
    assert model.probabilities([]) == pytest.approx(
        [(3 - 1.5) / 6 + shared, (2 - 1) / 6 + shared, (1 - 0.5) / 6 + shared, shared]
    )


@given(TEXTS, CONTEXTS, st.integers(1, 3), st.booleans())
def test_probabilities_equal_the_formula(
    ids: list[int], context: list[int], order: int, modified: bool
) -> None:
    model = KneserNey(np.array(ids, dtype=np.uint8), VOCAB, order, modified)
    read = context[max(0, len(context) - order + 1) :]
    expected = [formula(ids, read, token, model) for token in range(VOCAB)]
    assert model.probabilities(context) == pytest.approx(expected)


def test_discounts_are_estimated_from_how_many_ngrams_are_rare() -> None:
    counts = np.array([1, 1, 1, 1, 2, 2, 3, 4, 9])  # n1 = 4, n2 = 2, n3 = n4 = 1, so Y = 1/2
    assert estimate_single(counts) == Discounts(0.5, 0.5, 0.5, estimated=True)
    one, two, more = 1 - 2 / 2 * 2 / 4, 2 - 3 / 2 * 1 / 2, 3 - 4 / 2 * 1 / 1
    assert estimate_modified(counts) == Discounts(one, two, more, estimated=True)


def test_each_order_has_discounts_of_its_own_from_its_own_counts() -> None:
    ids = np.array([0, 0, 1, 0, 2, 0, 0, 1, 1, 2, 2, 1])
    model = KneserNey(ids, VOCAB, order=2)
    # before 0: 0 1 2, before 1: 0 1 2, before 2: 0 1 2; twice: 00 01, once: 10 02 20 11 12 22 21
    assert model.discounts == (USUAL, Discounts(*[7 / (7 + 2 * 2)] * 3, estimated=True))


@pytest.mark.parametrize("counts", [[2, 2, 3], [1, 1, 3]])
def test_without_rare_ngrams_the_usual_discount_is_taken(counts: list[int]) -> None:
    assert estimate_single(np.array(counts)) == USUAL and not USUAL.estimated


@pytest.mark.parametrize(
    "counts",
    [
        *([2, 3, 4], [1, 3, 4], [1, 2, 4]),
        [*[1] * 10, 2, *[3] * 5],  # two would be 2 - 3 × 10 / 12 × 5
        [1, 2, 3, *[4] * 9],  # more would be 3 - 4 / 3 × 9
        [1, 1, *[2] * 3, *[3] * 8],  # two would be 2 - 3 / 4 × 8 / 3, which is 0
    ],
)
def test_where_a_modified_discount_has_no_estimate_the_usual_ones_are_taken(counts: list[int]) -> None:
    assert estimate_modified(np.array(counts)) == USUAL_MODIFIED and not USUAL_MODIFIED.estimated


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60))
def test_every_discount_is_above_0_and_at_most_its_count(counts: list[int]) -> None:
    for found in (estimate_single(np.array(counts)), estimate_modified(np.array(counts))):
        assert 0 < found.one <= 1 and 0 < found.two <= 2 and 0 < found.more <= 3


@pytest.mark.parametrize(
    ("discounts", "message"),
    [
        ((HALF,), "expected discounts for each of 2 orders, got 1"),
        ((HALF, Discounts(1.1, 1, 1)), "of at most 1, 2 and 3, got (1.1, 1, 1)"),
        ((HALF, Discounts(0, 1, 1)), "expected discounts above 0"),
    ],
)
def test_discounts_that_do_not_fit_are_refused(discounts: tuple[Discounts, ...], message: str) -> None:
    with pytest.raises(TextError, match=re.escape(message)):
        KneserNey(np.array([0, 1, 0]), VOCAB, 2, discounts=discounts)
