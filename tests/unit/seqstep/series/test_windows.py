"""Windows: a series of consecutive numbers shows in each entry where it comes from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.windows import check_window, make_windows, split_windows, training_windows
from seqstep.settings.config import MLPConfig, SeriesConfig


@given(st.integers(2, 60), st.data())
def test_a_label_follows_its_window(steps: int, data: st.DataObject) -> None:
    window = data.draw(st.integers(1, steps - 1))
    values = np.arange(steps) * 10
    features, labels = make_windows(values, window)
    assert features.shape == (steps - window, window)
    for i in range(steps - window):
        assert features[i].tolist() == values[i : i + window].tolist()
        assert labels[i] == values[i + window]


@given(st.integers(4, 200), st.integers(1, 10), st.floats(0.01, 0.99))
def test_training_and_validation_share_no_value(steps: int, window: int, share: float) -> None:
    try:
        count = training_windows(steps, window, share)
    except WindowError:
        return
    train, valid = split_windows(make_windows(np.arange(steps), window), count)
    assert len(train.labels) == count >= 1
    assert len(valid.labels) >= 1
    assert train.labels[-1] == count + window - 1  # the last value that trains
    assert valid.features[0, 0] == count + window  # and the first that does not
    assert valid.labels[-1] == steps - 1


@given(st.integers(2, 30), st.integers(1, 10), st.floats(0.01, 0.99))
def test_a_split_is_refused_only_where_a_part_would_be_empty(steps: int, window: int, share: float) -> None:
    count = round(share * steps)
    fits = window < steps and count >= 1 and count + window < steps - window
    if fits:
        assert training_windows(steps, window, share) == count
    else:
        with pytest.raises(WindowError):
            training_windows(steps, window, share)


def test_the_notes_series_has_30_training_and_20_validation_batches() -> None:
    series, mlp = SeriesConfig(), MLPConfig()
    count = training_windows(series.points, mlp.window, mlp.train_share)
    assert (series.points, mlp.window, count, mlp.batch) == (1000, 4, 600, 20)
    parts = split_windows(make_windows(np.arange(series.points), mlp.window), count)
    assert [math.ceil(len(part.labels) / mlp.batch) for part in parts] == [30, 20]


@pytest.mark.parametrize("window", [0, 10, 11])
def test_a_window_that_leaves_no_label_is_refused(window: int) -> None:
    message = f"window of 1 to 9 past values for a series of 10, got {window}; set mlp.window"
    with pytest.raises(WindowError, match=message):
        check_window(10, window)
    with pytest.raises(WindowError, match=message):
        make_windows(np.arange(10), window)


@pytest.mark.parametrize(("window", "share"), [(1, 0.05), (4, 0.2), (1, 0.9)])
def test_a_split_that_leaves_a_part_empty_is_refused_with_its_numbers(window: int, share: float) -> None:
    with pytest.raises(WindowError, match=f"10 values, a window of {window} and mlp.train_share={share}"):
        training_windows(10, window, share)
