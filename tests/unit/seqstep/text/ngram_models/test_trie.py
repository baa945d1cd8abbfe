"""The trie of n-grams against counting with a dictionary."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.ngram_models.trie import ABSENT, NgramTrie, count_trie

VOCAB = 4
TEXTS = st.lists(st.integers(0, VOCAB - 1), min_size=3, max_size=25)
ORDER = 3


def grams_of(trie: NgramTrie) -> list[list[tuple[int, ...]]]:
    """The n-grams of each level as tuples, the empty one first."""
    levels: list[list[tuple[int, ...]]] = [[()]]
    for level in trie.levels:
        above = levels[-1]
        pairs = zip(level.contexts.tolist(), level.tokens.tolist(), strict=True)
        levels.append([(*above[context], token) for context, token in pairs])
    return levels


def windows(ids: list[int], n: int) -> list[tuple[int, ...]]:
    return [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]


@given(TEXTS)
def test_every_ngram_is_held_once_with_its_count(ids: list[int]) -> None:
    trie, counts = count_trie(np.array(ids, dtype=np.uint8), VOCAB, ORDER)
    levels = grams_of(trie)
    assert trie.order == ORDER and trie.contexts() == [len(level) for level in levels[:-1]]
    for n, grams, counted in zip((1, 2, 3), levels[1:], counts, strict=True):
        found = dict(zip(grams, counted.tolist(), strict=True))
        assert {gram: count for gram, count in found.items() if count} == Counter(windows(ids, n))
        assert grams == sorted(found)
    assert levels[1] == [(token,) for token in range(VOCAB)]
    assert all((counted > 0).all() for counted in counts[1:])


@given(TEXTS, TEXTS)
def test_following_a_text_names_the_ngram_before_each_place(ids: list[int], text: list[int]) -> None:
    trie, _ = count_trie(np.array(ids), VOCAB, ORDER)
    for n, (grams, ended) in enumerate(zip(grams_of(trie), trie.follow(np.array(text)), strict=True)):
        expected = [tuple(text[i - n : i]) if i >= n else None for i in range(len(text) + 1)]
        found = [grams[node] if node != ABSENT else None for node in ended.tolist()]
        assert found == [gram if gram in grams else None for gram in expected]


@given(TEXTS)
def test_the_shorter_ngram_is_the_one_without_the_first_token(ids: list[int]) -> None:
    trie, _ = count_trie(np.array(ids), VOCAB, ORDER)
    levels = grams_of(trie)
    for above, grams, shorter in zip(levels, levels[1:], trie.shorter(), strict=False):
        assert [above[node] for node in shorter] == [gram[1:] for gram in grams]


@given(TEXTS)
def test_what_follows_a_context_stands_side_by_side(ids: list[int]) -> None:
    trie, _ = count_trie(np.array(ids), VOCAB, ORDER)
    levels = grams_of(trie)
    for above, grams, level in zip(levels, levels[1:], trie.levels, strict=False):
        for context, gram in enumerate(above):
            assert grams[level.following(context)] == [longer for longer in grams if longer[:-1] == gram]


def test_long_ngrams_of_a_large_vocabulary_are_counted() -> None:
    vocab = 2**20  # eight of these don't fit into 63 bits
    ids = np.tile(np.array([vocab - 1, 0, vocab - 2]), 4)
    trie, counts = count_trie(ids, vocab, 8)
    assert [sorted(counted[counted > 0].tolist()) for counted in counts] == [
        sorted(Counter(windows(ids.tolist(), n)).values()) for n in range(1, 9)
    ]
    assert (trie.follow(ids)[8][8:] != ABSENT).all()


@pytest.mark.parametrize("order", [0, 4])
def test_an_order_that_the_text_does_not_fill_is_refused(order: int) -> None:
    with pytest.raises(TextError, match=f"an order of 1 to 3, the number of tokens .* got {order}; choose"):
        count_trie(np.array([0, 1, 0]), 2, order)


@pytest.mark.parametrize("stranger", [-1, 2])
def test_a_token_outside_the_vocabulary_is_refused(stranger: int) -> None:
    with pytest.raises(TextError, match="tokens between 0 and 1, got some"):
        count_trie(np.array([0, 1, stranger]), 2, 2)
