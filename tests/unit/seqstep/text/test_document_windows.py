"""Windows on documents: every token once, none over the end of a document."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.text.document_windows import IGNORED, DocumentWindows, check_minibatch

END = 1
#: documents of few tokens or none, the last of which may lack its end; the text may begin with an end
TEXTS = st.lists(st.sampled_from([END, 2, 3, 4]), min_size=2, max_size=40).map(
    lambda ids: np.array(ids, np.uint8)
)
RNG = np.random.default_rng


def documents_of(ids: np.ndarray) -> list[list[int]]:
    """Each document with the end before it, by a plain loop."""
    found = [[int(ids[0])]]
    for token in ids[1:].tolist():
        found[-1].append(token)
        if token == END:
            found.append([END])
    return [document for document in found if len(document) > 1]


def windows_of(ids: np.ndarray, steps: int) -> list[tuple[list[int], list[int]]]:
    """Inputs and labels of the windows on each document, by a plain loop."""
    return [
        (document[start:-1][:steps], document[start + 1 :][:steps])
        for document in documents_of(ids)
        for start in range(0, len(document) - 1, steps)
    ]


def dealt(ids: np.ndarray, steps: int, batch: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    windows = DocumentWindows(ids, END, steps)
    return [windows.read(places) for places in windows.deal(batch, RNG(seed))]


@given(ids=TEXTS, steps=st.integers(1, 9), seed=st.integers(0, 9))
def test_every_window_is_of_one_document_and_filled_up_at_its_end(
    ids: np.ndarray, steps: int, seed: int
) -> None:
    found = []
    for inputs, labels in dealt(ids, steps, 1, seed):
        assert inputs.shape == labels.shape == (1, steps) and labels.dtype == np.int64
        real = int((labels != IGNORED).sum())
        assert (inputs[0, real:] == END).all() and (labels[0, real:] == IGNORED).all()
        found.append((inputs[0, :real].tolist(), labels[0, :real].tolist()))
    expected = windows_of(ids, steps)
    assert [found[place] for place in np.argsort(RNG(seed).permutation(len(expected)))] == expected


@given(ids=TEXTS)
def test_windows_as_long_as_the_text_are_its_documents(ids: np.ndarray) -> None:
    windows = DocumentWindows(ids, END, len(ids))
    assert windows.sizes.tolist() == [len(document) - 1 for document in documents_of(ids)]
    assert int(windows.sizes.sum()) == len(ids) - 1


@given(ids=TEXTS, steps=st.integers(1, 9), batch=st.integers(1, 4))
def test_what_fills_no_minibatch_is_left_out_or_refused(ids: np.ndarray, steps: int, batch: int) -> None:
    windows = len(windows_of(ids, steps))
    if windows < batch:
        with pytest.raises(TextError, match=rf"at least {batch} windows .* got {windows}; .*rnn\.batch"):
            dealt(ids, steps, batch)
    else:
        assert [inputs.shape for inputs, _ in dealt(ids, steps, batch)] == [(batch, steps)] * (
            windows // batch
        )


def test_a_text_is_long_enough_by_its_windows_if_it_has_documents() -> None:
    names = np.array([END, *[2, 3, END] * 4])
    check_minibatch(names, 4, 100, END)
    with pytest.raises(TextError, match=r"at least 5 windows of up to 100 tokens.* held_out\.batch"):
        check_minibatch(names, 5, 100, END, "held_out")
    with pytest.raises(TextError, match="at least 500 tokens"):
        check_minibatch(names, 4, 100)


def test_no_text_has_no_windows() -> None:
    for ids in (np.array([], np.uint8), np.array([END])):
        assert len(DocumentWindows(ids, END, 3).starts) == 0
