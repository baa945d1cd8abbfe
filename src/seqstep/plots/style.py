"""One look for all figures."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: observed values, then one colour a forecast or model; told apart by colour-blind readers too
OBSERVED = "#9aa5b1"
COLOURS = ("#0b6fa4", "#d1495b", "#2e8b57", "#8e5ea2", "#c98a1b")


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Make an empty figure, 8 × 4.5 inches, with its title and the names and units of its axes."""
    figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def legend_below(figure: Figure, columns: int = 5) -> None:
    """Put the legend under the axes, where it covers no data."""
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, markerscale=2)
