"""The figure of what models copy at several temperatures."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from seqstep.plots.style import OBSERVED, legend_below, model_style, new_figure


def plot_copied(table: pd.DataFrame, length: int) -> Figure:
    """Draw the copied share of every model by temperature, over that of unseen text.

    Args:
        table: from `seqstep.generation.side_by_side.sample_table`.
        length: of the strings that are looked for, in characters.
    """
    figure, axes = new_figure(
        "What is copied from the training text", "temperature", f"strings of {length} characters found there"
    )
    written = table[table["temperature"].notna()]
    for number, (name, part) in enumerate(written.groupby("model", sort=False)):
        axes.plot(part["temperature"], part["copied_share"], label=str(name), **model_style(number))
    for share in table.loc[table["temperature"].isna(), "copied_share"]:
        axes.axhline(share, color=OBSERVED, linestyle=":", linewidth=2, label="unseen text")
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    legend_below(figure)
    return figure
