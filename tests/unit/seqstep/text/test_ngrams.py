"""N-grams against `collections.Counter`, and Zipf's line where it is exact."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.ngrams import count_ngrams, fit_zipf, pack

SMALL, WIDE = st.integers(0, 3), st.integers(0, 2**62)


def counter(ids: list[int], n: int) -> list[tuple[tuple[int, ...], int]]:
    grams = zip(*(ids[start:] for start in range(n)), strict=False)
    return sorted(Counter(grams).items(), key=lambda item: -item[1])


def test_bigrams_by_hand() -> None:
    bigrams = count_ngrams(np.array([1, 2, 1, 2, 3], dtype=np.uint8), 2)
    assert bigrams.top(2) == [((1, 2), 2), ((2, 1), 1)]
    assert bigrams.top(99) == [((1, 2), 2), ((2, 1), 1), ((2, 3), 1)]
    assert (len(bigrams), bigrams.order) == (3, 2)
    assert bigrams.share_once() == pytest.approx(2 / 3)


@given(st.lists(SMALL, min_size=5) | st.lists(WIDE, min_size=5, max_size=9), st.integers(1, 5))
def test_counts_and_the_order_of_ties_equal_a_counter(ids: list[int], n: int) -> None:
    counted = count_ngrams(np.array(ids), n)
    assert counted.top(len(counted)) == counter(ids, n)
    assert counted.counts.sum() == len(ids) - n + 1


@pytest.mark.parametrize("n", [0, 4])
def test_a_length_that_does_not_fit_is_refused(n: int) -> None:
    with pytest.raises(TextError, match=f"1 to 3 tokens .*got n = {n}"):
        count_ngrams(np.array([1, 2, 3]), n)


@given(st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1))
def test_packing_keeps_ngrams_apart_and_in_order(grams: list[tuple[int, ...]]) -> None:
    keys = pack(np.array(grams), 4).tolist()
    assert sorted(zip(keys, grams, strict=True)) == list(zip(sorted(keys), sorted(grams), strict=True))
    assert len(set(keys)) == len(set(grams))


def test_packing_leaves_ngrams_that_do_not_fit_into_63_bits() -> None:
    grams = np.array([[1, 2, 3]])
    assert pack(grams, 2**21) is grams
    assert pack(grams, 2**21 - 1).ndim == 1


@pytest.mark.parametrize("slope", [-1.0, -0.5])
def test_zipfs_line_is_found_where_it_is_exact(slope: float) -> None:
    counts = 1e6 * np.arange(1, 200) ** slope
    fit = fit_zipf(counts)
    assert (fit.first_rank, fit.last_rank) == (10, 199)
    assert fit.slope == pytest.approx(slope)
    assert fit.frequency(np.arange(1, 200)) == pytest.approx(counts)


def test_zipfs_line_leaves_out_the_first_ranks_and_the_single_ones() -> None:
    exact = 1e4 / np.arange(1, 101)
    exact[:9] = 1e7
    fit = fit_zipf(np.concatenate([exact, np.ones(1000)]))
    assert (fit.first_rank, fit.last_rank) == (10, 100)
    assert fit.slope == pytest.approx(-1)


def test_zipfs_line_takes_all_ranks_of_a_short_text() -> None:
    fit = fit_zipf(np.array([4, 2, 1]))
    assert (fit.first_rank, fit.last_rank) == (1, 3)
    assert fit.slope == pytest.approx(np.polyfit(np.log([1, 2, 3]), np.log([4, 2, 1]), 1)[0])


def test_zipfs_line_of_one_rank_has_no_slope() -> None:
    assert np.isnan(fit_zipf(np.array([7])).slope)
