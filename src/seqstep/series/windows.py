"""Windows of past values with the value that follows, and their split in time.

Source: the notes, `generate_date` (tau = 4, n_train = 600).
"""

from typing import NamedTuple

import numpy as np

from seqstep.errors import WindowError


class Windows(NamedTuple):
    """Past values and the value that follows each.

    Attributes:
        features: shape (windows, window); row i of a series holds `series[i : i + window]`.
        labels: shape (windows,); entry i of a series is `series[i + window]`.
    """

    features: np.ndarray
    labels: np.ndarray


def make_windows(values: np.ndarray, window: int) -> Windows:
    """Cut a series into all its windows.

    Args:
        values: shape (steps,).
        window: past values per row (tau), >= 1 and below `steps`.

    Returns:
        steps - window rows.

    Raises:
        WindowError: the window leaves no label.
    """
    check_window(len(values), window)
    features = np.lib.stride_tricks.sliding_window_view(values[:-1], window)
    return Windows(features, values[window:])


def check_window(steps: int, window: int) -> None:
    """Make sure that a window fits into a series.

    Raises:
        WindowError: it does not.
    """
    if not 1 <= window < steps:
        raise WindowError(
            f"expected a window of 1 to {steps - 1} past values for a series of {steps}, got {window};"
            " set mlp.window"
        )


def training_windows(steps: int, window: int, share: float) -> int:
    """Number of windows that train, as a share of the series' length.

    They see the first `training_windows + window` values.

    Raises:
        WindowError: nothing is left to train on or to validate with.
    """
    check_window(steps, window)
    count = round(share * steps)
    if count < 1 or count + 2 * window >= steps:
        raise WindowError(
            f"expected windows for training and validation, got a series of {steps} values, a window of"
            f" {window} and mlp.train_share={share}; take a longer series, or lower one of the two"
        )
    return count


def training_end(steps: int, window: int, share: float) -> int:
    """Index of the first value of a series that does not train; see `training_windows`."""
    return window + training_windows(steps, window, share)


def split_windows(windows: Windows, count: int) -> tuple[Windows, Windows]:
    """Part windows in time: the first `count` train, the later ones that share no value validate.

    The `window` windows between the two parts, which overlap with both, belong to neither.

    Args:
        windows: all windows of a series, in time order.
        count: number of training windows, from `training_windows`.
    """
    gap = windows.features.shape[1]
    train, valid = slice(0, count), slice(count + gap, None)
    return (
        Windows(windows.features[train], windows.labels[train]),
        Windows(windows.features[valid], windows.labels[valid]),
    )
