import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqstep.plots.losses import plot_language_loss, plot_mse, plot_validation
from seqstep.plots.series import plot_k_steps, plot_multi_step, plot_one_step, plot_series
from seqstep.plots.zipf import plot_zipf
from seqstep.text.ngrams import count_ngrams, fit_zipf

SERIES = pd.Series(np.arange(20.0), index=pd.RangeIndex(1, 21, name="time step"), name="load")
DATED = pd.Series(np.arange(20.0), index=pd.date_range("2024-01-31", periods=20, freq="ME", name="month"))
IDS = np.array([1, 2, 1, 2, 1, 3, 1, 2, 4, 1])


def axes_of(figure: Figure) -> Axes:
    figure.canvas.draw()
    return figure.axes[0]


def drawn(figure: Figure, label: str) -> tuple[list[float], list[float]]:
    """Read the points back of the line with a label."""
    line = next(line for line in axes_of(figure).lines if str(line.get_label()).startswith(label))
    return list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))


def labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].texts]


def test_the_series_is_drawn_at_its_times_under_its_names() -> None:
    axes = axes_of(plot_series(SERIES))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time step", "load")
    assert list(axes.lines[0].get_xdata()) == list(range(1, 21))


def test_one_step_forecasts_end_with_the_series() -> None:
    times, values = drawn(plot_one_step(SERIES, np.arange(16.0), 12), "1-step")
    assert (times[0], times[-1], values[0]) == (5, 20, 0)


def test_the_multi_step_forecast_starts_where_training_ends() -> None:
    figure = plot_multi_step(SERIES, np.arange(16.0), np.zeros(8), train_end=12)
    assert drawn(figure, "multi-step")[0] == list(range(13, 21))
    assert labels(figure) == ["observed", "1-step forecast", "multi-step forecast", "training part"]


def test_each_horizon_is_drawn_at_its_targets() -> None:
    window, forecasts = 4, {1: np.zeros(13), 4: np.zeros(13)}
    figure = plot_k_steps(SERIES, forecasts, window, train_end=12)
    for horizon in forecasts:
        times, _ = drawn(figure, f"{horizon}-step")
        assert times == [float(SERIES.index[entry + window + horizon - 1]) for entry in range(13)]


def test_dates_are_drawn_as_dates() -> None:
    axes = axes_of(plot_one_step(DATED, np.arange(16.0), 12))
    assert axes.get_xlabel() == "month"
    assert axes.get_xticklabels()[0].get_text().startswith("20")


def test_losses_are_drawn_by_epoch_with_both_parts_named() -> None:
    history = pd.DataFrame({"epoch": [1, 2], "train_mse": [0.5, 0.25], "valid_mse": [0.6, 0.3]})
    figure = plot_mse(history)
    assert drawn(figure, "validation") == ([1, 2], [0.6, 0.3])
    assert labels(figure) == ["training", "validation"]


def test_the_language_loss_has_the_perplexity_on_the_right() -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0]})
    axes = axes_of(plot_language_loss(history, "Training"))
    (right,) = axes.child_axes
    positions = dict(
        zip([tick.get_text() for tick in right.get_yticklabels()], right.get_yticks(), strict=True)
    )
    assert positions["8"] == pytest.approx(np.log(8))


def test_a_training_for_unseen_text_is_drawn_with_the_epoch_that_was_kept() -> None:
    history = pd.DataFrame(
        {"epoch": [1, 2, 3], "perplexity": [9.0, 6.0, 5.0], "valid_perplexity": [8.0, 5.5, 6.0]}
    )
    figure = plot_validation(history, 2)
    assert drawn(figure, "validation") == ([1, 2, 3], [8.0, 5.5, 6.0])
    assert labels(figure) == ["training, with dropout", "validation", "kept: epoch 2"]


def test_zipf_draws_every_rank_and_says_the_slope() -> None:
    pairs = [(counts, fit_zipf(counts.counts, 1)) for counts in (count_ngrams(IDS, n) for n in (1, 2))]
    figure = plot_zipf(pairs)
    assert drawn(figure, "unigrams") == ([1, 2, 3, 4], [5, 3, 1, 1])
    assert labels(figure)[0].startswith(f"unigrams: slope {pairs[0][1].slope:.2f}")
    assert axes_of(figure).get_xscale() == axes_of(figure).get_yscale() == "log"
