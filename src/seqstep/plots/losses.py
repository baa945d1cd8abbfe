"""Figures of how a training went.

Source: the notes, `plot_losses`.
"""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seqstep.plots.style import COLOURS, legend_below, new_figure


def plot_mse(history: pd.DataFrame) -> Figure:
    """Draw a forecaster's errors by epoch.

    Args:
        history: columns epoch, train_mse and valid_mse.
    """
    figure, axes = new_figure("Training the MLP", "epoch", "mean squared error (scaled units²)")
    axes.plot(history["epoch"], history["train_mse"], "-o", color=COLOURS[0], markersize=3, label="training")
    axes.plot(
        history["epoch"], history["valid_mse"], "-o", color=COLOURS[1], markersize=3, label="validation"
    )
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure)
    return figure


def plot_language_loss(history: pd.DataFrame, title: str) -> Figure:
    """Draw a language model's training loss by epoch, with the perplexity on the right.

    Args:
        history: columns epoch and loss (nats per token).
    """
    figure, axes = new_figure(title, "epoch", "training loss (nats per token)")
    axes.plot(history["epoch"], history["loss"], color=COLOURS[0], linewidth=1)
    axes.set_ylim(bottom=0)
    ticks = [1, 2, 3, 5, 8, 13, 20]
    right = axes.secondary_yaxis("right")
    right.set_ylabel("perplexity")
    right.set_yticks([math.log(tick) for tick in ticks], labels=[str(tick) for tick in ticks])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
