"""Figures of how a training went.

Source: the notes, `plot_losses`.
"""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

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


def plot_validation(history: pd.DataFrame, best: int) -> Figure:
    """Draw a training's perplexity by epoch, on what trains it and on the validation part.

    Args:
        history: columns epoch, perplexity and valid_perplexity.
        best: the epoch whose weights were kept.
    """
    figure, axes = new_figure("Training for unseen text", "epoch", "perplexity")
    for colour, column, label in (
        (COLOURS[0], "perplexity", "training, with dropout"),
        (COLOURS[1], "valid_perplexity", "validation"),
    ):
        axes.plot(history["epoch"], history[column], color=colour, linewidth=1, label=label)
    axes.axvline(best, color=COLOURS[1], linewidth=1, linestyle=":", label=f"kept: epoch {best}")
    axes.set_yscale("log")
    ticks = [3, 4, 5, 6, 8, 10, 15, 20, 30]
    axes.set_yticks(ticks, labels=[str(tick) for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure)
    return figure
