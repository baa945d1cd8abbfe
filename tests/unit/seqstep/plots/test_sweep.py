import numpy as np
import pandas as pd

from seqstep.plots.sweep import plot_parallel


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rnn.hidden": [16, 8, 8, 16, 8],
            "cell": ["rnn", "gru", "rnn", "gru", "gru"],
            "rate": [0.01, 1.0, 0.1, 0.5, 0.7],
            "loss": [1.0, 2.0, 3.0, np.inf, None],
        }
    )


def test_every_point_with_a_finite_figure_is_a_line_from_its_settings_to_its_metric() -> None:
    figure = plot_parallel(table(), ["rnn.hidden", "cell", "rate"], "loss")
    axes = figure.axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["rnn.hidden", "cell", "rate", "loss"]
    heights = np.array([line.get_ydata() for line in lines])
    np.testing.assert_allclose(heights, [[0, 1, 0.5, 1], [0, 0, 1, 0.5], [1, 1, 0, 0]], atol=1e-12)


def test_the_best_point_is_on_top_and_named() -> None:
    axes = plot_parallel(table(), ["cell"], "loss").axes[0]
    best = [line for line in axes.lines if line.get_label() == "the best"]
    assert len(best) == 1 and list(best[0].get_ydata()) == [1.0, 0.0]
    assert (
        best[0]
        is [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 1][-1]
    )


def test_one_point_alone_and_a_setting_that_does_not_vary_stand_in_the_middle() -> None:
    axes = plot_parallel(table()[:1], ["rnn.hidden", "cell"], "loss").axes[0]
    assert list(axes.lines[0].get_ydata()) == [0.5, 0.5, 0.5]
