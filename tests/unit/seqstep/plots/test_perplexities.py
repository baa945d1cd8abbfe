import pandas as pd

from seqstep.plots.perplexities import plot_perplexities


def test_the_best_model_is_on_top_and_intervals_are_drawn() -> None:
    table = pd.DataFrame(
        {"model": ["good", "poor"], "perplexity": [4.0, 9.0], "lower": [3.0, 8.0], "upper": [6.0, 9.5]}
    )
    figure = plot_perplexities({"start": table, "whole": table[:1]})
    figure.canvas.draw()
    left, right = figure.axes
    (points,), (bars,) = left.lines, left.collections
    assert (points.get_xdata().tolist(), list(points.get_ydata())) == ([4, 9], [2, 1])
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [[3, 6], [8, 9.5]]
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["good", "poor"]
    assert right.get_xlabel() == "perplexity, end of the text"
    (alone,) = plot_perplexities({"words": table}).axes
    assert alone.get_xlabel() == "perplexity per word, end of the text"
