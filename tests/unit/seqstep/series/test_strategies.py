import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import WindowError
from seqstep.series.forecast import WindowPredictor
from seqstep.series.forecaster import forecast_next
from seqstep.series.strategies import fit_strategy, windows_ahead
from seqstep.series.windows import Windows, make_windows

SERIES = np.arange(30.0) ** 2


@given(st.integers(1, 15), st.integers(1, 15))
def test_labels_are_the_values_a_horizon_after_their_windows(window: int, horizon: int) -> None:
    windows = windows_ahead(SERIES, window, horizon)
    assert len(windows.features) == len(windows.labels) == 30 - window - horizon + 1
    for row, (features, label) in enumerate(zip(*windows, strict=True)):
        assert features.tolist() == SERIES[row : row + window].tolist()
        assert label == SERIES[row + window + horizon - 1]


def test_one_step_ahead_they_are_the_windows_of_the_notes() -> None:
    for found, expected in zip(windows_ahead(SERIES, 4, 1), make_windows(SERIES, 4), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("window", "horizon"), [(0, 1), (1, 0), (29, 2), (-1, 1)])
def test_windows_without_any_label_are_refused(window: int, horizon: int) -> None:
    with pytest.raises(WindowError, match="window and a horizon of at least 1"):
        windows_ahead(SERIES, window, horizon)


def last_plus_mean_change(windows: Windows) -> tuple[WindowPredictor, int]:
    """Learn how far labels lie from their windows' last values."""
    change = float(np.mean(windows.labels - windows.features[:, -1]))
    return lambda features: features[:, -1] + change, 1


def test_recursive_learns_once_and_direct_once_a_horizon() -> None:
    line = 3 * np.arange(20.0)
    recursive = fit_strategy("recursive", last_plus_mean_change, line, 2, (1, 5))
    direct = fit_strategy("direct", last_plus_mean_change, line, 2, (1, 5))
    assert (recursive.parameters, direct.parameters) == (1, 2)
    for fitted in (recursive, direct):
        assert forecast_next(fitted, line).tolist() == [60, 72]


def test_a_history_shorter_than_the_context_can_not_be_forecast_from() -> None:
    fitted = fit_strategy("recursive", last_plus_mean_change, SERIES, 4, [1])
    with pytest.raises(WindowError, match="at least 4 known values to forecast from, got 3"):
        forecast_next(fitted, SERIES[:3])
