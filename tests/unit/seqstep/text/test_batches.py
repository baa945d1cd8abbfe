"""Minibatches: a text of consecutive numbers shows in each entry where it comes from."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.batches import Batch, random_batches, sequential_batches

Batches = Callable[[np.ndarray, int, int, np.random.Generator], Iterator[Batch]]
BOTH = pytest.mark.parametrize("batches", [random_batches, sequential_batches])


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int, int]:
    """A batch, its steps and a number of tokens that suffices for it."""
    batch, steps = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    return batch, steps, (batch + 1) * steps + draw(st.integers(0, 60))


def offset_of(seed: int, steps: int) -> int:
    return int(np.random.default_rng(seed).integers(steps))


@BOTH
@given(size=sizes(), seed=st.integers(0, 99))
def test_labels_are_the_inputs_one_token_later(
    batches: Batches, size: tuple[int, int, int], seed: int
) -> None:
    batch, steps, tokens = size
    dealt = list(batches(np.arange(tokens), batch, steps, np.random.default_rng(seed)))
    assert dealt
    for inputs, labels in dealt:
        assert inputs.shape == labels.shape == (batch, steps)
        assert (labels == inputs + 1).all()
        assert (np.diff(inputs, axis=1) == 1).all()
        assert labels.max() < tokens


@given(size=sizes(), seed=st.integers(0, 99))
def test_sequential_batches_visit_every_token_of_the_partition_once(
    size: tuple[int, int, int], seed: int
) -> None:
    batch, steps, tokens = size
    dealt = [x for x, _ in sequential_batches(np.arange(tokens), batch, steps, np.random.default_rng(seed))]
    rows = np.concatenate(dealt, axis=1)
    offset = offset_of(seed, steps)
    columns = (tokens - offset - 1) // batch
    walked = columns // steps * steps
    for row, visited in enumerate(rows):
        first = offset + row * columns
        assert visited.tolist() == list(range(first, first + walked))


@given(size=sizes(), seed=st.integers(0, 99))
def test_random_batches_visit_no_token_twice_and_leave_less_than_a_batch(
    size: tuple[int, int, int], seed: int
) -> None:
    batch, steps, tokens = size
    dealt = [x for x, _ in random_batches(np.arange(tokens), batch, steps, np.random.default_rng(seed))]
    visited = np.concatenate(dealt).ravel().tolist()
    assert len(set(visited)) == len(visited)
    offset = offset_of(seed, steps)
    assert all((row[0] - offset) % steps == 0 for inputs in dealt for row in inputs)
    assert len(dealt) == (tokens - offset - 1) // steps // batch


def test_sequential_batches_of_the_notes_example() -> None:
    seed = next(seed for seed in range(99) if offset_of(seed, 5) == 1)
    dealt = list(sequential_batches(np.arange(35), 2, 5, np.random.default_rng(seed)))
    assert [inputs.tolist() for inputs, _ in dealt] == [
        [[1, 2, 3, 4, 5], [17, 18, 19, 20, 21]],
        [[6, 7, 8, 9, 10], [22, 23, 24, 25, 26]],
        [[11, 12, 13, 14, 15], [27, 28, 29, 30, 31]],
    ]


@BOTH
def test_every_offset_below_the_steps_is_drawn_and_no_other(batches: Batches) -> None:
    rng = np.random.default_rng(0)
    first = {min(int(x.min()) for x, _ in batches(np.arange(40), 2, 5, rng)) for _ in range(300)}
    offsets = first if batches is sequential_batches else {start % 5 for start in first}
    assert offsets == {0, 1, 2, 3, 4}


def test_random_batches_are_not_in_the_order_of_the_text() -> None:
    dealt = random_batches(np.arange(1000), 4, 5, np.random.default_rng(0))
    starts = np.concatenate([inputs[:, 0] for inputs, _ in dealt])
    assert (np.diff(starts) < 0).any()


@BOTH
def test_the_same_seed_deals_the_same_batches(batches: Batches) -> None:
    one, other = (list(batches(np.arange(99), 2, 5, np.random.default_rng(7))) for _ in range(2))
    assert np.array_equal(one, other)


@BOTH
def test_the_shortest_text_fills_a_batch_at_every_offset_and_a_shorter_one_is_refused(
    batches: Batches,
) -> None:
    for seed in range(30):
        assert list(batches(np.arange(15), 2, 5, np.random.default_rng(seed)))
    with pytest.raises(TextError, match=r"at least 15 tokens .* got 14; .*rnn\.batch or rnn\.steps"):
        next(batches(np.arange(14), 2, 5, np.random.default_rng(0)))
