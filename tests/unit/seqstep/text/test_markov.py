"""Markov chains against sums over all paths."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.markov import after, fit_transitions, reverse

STATES = range(3)
TEXTS = st.lists(st.integers(0, 2), min_size=2)


@st.composite
def chains(draw: st.DrawFn) -> np.ndarray:
    """Transitions between three states, some of which may be impossible."""
    weights = np.array(draw(st.lists(st.integers(0, 5), min_size=9, max_size=9)), dtype=float).reshape(3, 3)
    weights[weights.sum(axis=1) == 0] = 1
    return weights / weights.sum(axis=1, keepdims=True)


def test_transitions_by_hand() -> None:
    fitted = fit_transitions(np.array([0, 1, 0, 0, 2], dtype=np.uint8), 3)
    assert fitted == pytest.approx(np.array([[1 / 3, 1 / 3, 1 / 3], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]))


@given(TEXTS)
def test_transitions_are_counts_and_their_rows_sum_to_1(text: list[int]) -> None:
    fitted = fit_transitions(np.array(text), 3)
    assert fitted.sum(axis=1) == pytest.approx(np.ones(3))
    pairs = list(pairwise(text))
    for now, later in pairs:
        assert fitted[now, later] == pytest.approx(pairs.count((now, later)) / text[:-1].count(now))


@pytest.mark.parametrize(
    ("text", "found"),
    [([], "got 0 tokens"), ([1], "got 1 tokens"), ([0, 3], "between 0 and 3"), ([-1, 0], "between -1 and 0")],
)
def test_a_text_that_is_no_chain_of_states_is_refused(text: list[int], found: str) -> None:
    with pytest.raises(TextError, match=found):
        fit_transitions(np.array(text, dtype=int), 3)


@given(chains())
def test_two_steps_are_the_sum_over_the_state_between(chain: np.ndarray) -> None:
    two = after(chain)
    for now in STATES:
        for later in STATES:
            total = sum(chain[now, between] * chain[between, later] for between in STATES)
            assert two[now, later] == pytest.approx(total)


@given(chains(), st.integers(0, 5), st.integers(0, 5))
def test_steps_add_up(chain: np.ndarray, first: int, second: int) -> None:
    assert after(chain, first) @ after(chain, second) == pytest.approx(after(chain, first + second))


def test_no_step_stays_and_one_step_is_the_chain() -> None:
    chain = fit_transitions(np.array([0, 1, 2, 0, 2]), 3)
    assert after(chain, 0) == pytest.approx(np.eye(3))
    assert after(chain, 1) == pytest.approx(chain)


def test_steps_back_are_refused_with_the_function_that_looks_back() -> None:
    with pytest.raises(TextError, match="got -1; `reverse` looks back"):
        after(np.eye(3), -1)


@given(chains(), st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(any))
def test_reverse_equals_bayes_by_enumeration(chain: np.ndarray, weights: list[int]) -> None:
    now = np.array(weights) / sum(weights)
    backwards = reverse(chain, now)
    assert backwards.sum(axis=1) == pytest.approx(np.ones(3))
    for later in STATES:
        evidence = sum(now[state] * chain[state, later] for state in STATES)
        for state in STATES:
            expected = now[state] * chain[state, later] / evidence if evidence > 0 else 1 / 3
            assert backwards[later, state] == pytest.approx(expected)
