"""One look for all figures."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: observed values, then one colour a forecast or model; told apart by colour-blind readers too
OBSERVED = "#9aa5b1"
COLOURS = ("#0b6fa4", "#d1495b", "#2e8b57", "#8e5ea2", "#c98a1b")
#: for figures of more models than that; lines and markers differ too
MORE_COLOURS = (*COLOURS, "#17a2a2", "#e377c2", "#7f5539", "#8a9a1b", "#1b2a49")
_LINES = ("-", "--")
_MARKERS = "osD^v"


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Make an empty figure, 8 × 4.5 inches, with its title and the names and units of its axes."""
    figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    _calm(axes)
    return figure, axes


def new_panels(title: str, count: int) -> tuple[Figure, list[Axes]]:
    """Make an empty figure of several axes side by side, 8 × 4.5 inches in all, under one title."""
    figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    panels = [figure.add_subplot(1, count, place) for place in range(1, count + 1)]
    for axes in panels:
        _calm(axes)
    return figure, panels


def legend_below(figure: Figure, columns: int = 5) -> None:
    """Put the legend under the axes, where it covers no data."""
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, markerscale=2)


def model_style(number: int) -> dict[str, Any]:
    """Choose how the line of model 0, 1, 2, … looks: ten colours, each with its line and its marker."""
    return {
        "color": MORE_COLOURS[number % len(MORE_COLOURS)],
        "linestyle": _LINES[number // len(COLOURS) % len(_LINES)],
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 4,
    }


def _calm(axes: Axes) -> None:
    """Draw a faint grid and no frame."""
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
