"""The figure of all language models side by side."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from seqstep.plots.style import COLOURS, new_panels

_TITLES = {
    "start": "perplexity, after the text's start",
    "whole": "perplexity, end of the text",
    "words": "perplexity per word, end of the text",
}


def plot_perplexities(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the perplexity of every model with its interval, the best on top.

    Args:
        tables: from `seqstep.evaluation.language.rank`, by what they are of: start, whole or words.
    """
    figure, panels = new_panels("Perplexity on unseen text", len(tables))
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        places = range(len(table), 0, -1)
        axes.hlines(list(places), table["lower"], table["upper"], color=COLOURS[0], linewidth=2)
        axes.plot(table["perplexity"], list(places), "o", color=COLOURS[0], markersize=5)
        axes.set_yticks(list(places), labels=list(table["model"]))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(2))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel(_TITLES[name], loc="right")  # one may be wider than its panel
    return figure
