import pandas as pd

from seqstep.plots.samples import plot_copied


def test_each_model_has_a_line_and_unseen_text_a_level() -> None:
    table = pd.DataFrame(
        {
            "model": ["rnn", "rnn", "witten_bell", "witten_bell", "unseen_text"],
            "temperature": [0.0, 1.0, 0.0, 1.0, float("nan")],
            "copied_share": [1.0, 0.9, 0.8, 0.4, 0.3],
        }
    )
    figure = plot_copied(table, 8)
    figure.canvas.draw()
    (axes,) = figure.axes
    lines = [(line.get_label(), list(line.get_ydata())) for line in axes.lines]
    assert lines == [("rnn", [1.0, 0.9]), ("witten_bell", [0.8, 0.4]), ("unseen text", [0.3, 0.3])]
    assert "8 characters" in axes.get_ylabel()
    assert len(plot_copied(table[:4], 8).axes[0].lines) == 2
