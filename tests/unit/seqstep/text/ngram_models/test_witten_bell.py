"""Witten–Bell against its formula, by hand and counted naively."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.text.ngram_models.witten_bell import WittenBell

VOCAB = 4
TEXTS = st.lists(st.integers(0, VOCAB - 2), min_size=3, max_size=30)  # index 3 is never seen
CONTEXTS = st.lists(st.integers(0, VOCAB - 1), max_size=4)


def formula(ids: list[int], context: list[int], token: int) -> float:
    """P(token | context), all of the context read."""
    n = len(context)
    after = [ids[i + n] for i in range(len(ids) - n) if ids[i : i + n] == context]
    shorter = formula(ids, context[1:], token) if context else 1 / VOCAB
    kinds = len(set(after))
    return (after.count(token) + kinds * shorter) / (len(after) + kinds) if after else shorter


def test_probabilities_by_hand() -> None:
    model = WittenBell(np.array([0, 1, 0, 1, 2]), VOCAB, order=3)
    # five tokens of three kinds: of 8 parts, 3 are shared by all four
    p0 = p1 = (2 + 3 / 4) / 8
    p2, p3 = (1 + 3 / 4) / 8, (3 / 4) / 8
    assert model.probabilities([]) == pytest.approx([p0, p1, p2, p3])
    # 0 is followed twice by one kind, 1 once each by two
    assert model.probabilities([0]) == pytest.approx([p0 / 3, (2 + p1) / 3, p2 / 3, p3 / 3])
    after_1 = [(1 + 2 * p0) / 4, 2 * p1 / 4, (1 + 2 * p2) / 4, 2 * p3 / 4]
    assert model.probabilities([1]) == pytest.approx(after_1)
    # 0 1 is followed by 0 and by 2
    assert model.probabilities([0, 1]) == pytest.approx(
        [(1 + 2 * after_1[0]) / 4, after_1[1] / 2, (1 + 2 * after_1[2]) / 4, after_1[3] / 2]
    )
    # 2 ends the text and 3 does not occur: nothing is known of what follows them
    assert model.probabilities([2]) == pytest.approx([p0, p1, p2, p3])
    assert model.probabilities([3, 1]) == pytest.approx(after_1)


@given(TEXTS, CONTEXTS, st.integers(1, 3))
def test_probabilities_equal_the_formula(ids: list[int], context: list[int], order: int) -> None:
    model = WittenBell(np.array(ids, dtype=np.uint8), VOCAB, order)
    read = context[max(0, len(context) - order + 1) :]
    assert model.probabilities(context) == pytest.approx([formula(ids, read, w) for w in range(VOCAB)])
