"""The figure of a sweep: one line a point, through its settings to its metric."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from seqstep.plots.style import COLOURS, OBSERVED, legend_below, new_figure

_MOST_NAMED = 8
_WIDE = 20.0  # largest over smallest from which ratios are shown
_GRADIENT = LinearSegmentedColormap.from_list("better", [COLOURS[0], OBSERVED])


class _Scale(NamedTuple):
    """Where the values of a column stand between 0 and 1, and which of these places are named."""

    places: np.ndarray
    ticks: Sequence[tuple[float, str]]


def plot_parallel(table: pd.DataFrame, settings: Sequence[str], metric: str) -> Figure:
    """Draw every point that has a finite figure as a line over parallel axes, the best one thick.

    Args:
        table: from `seqstep.sweep.table.table_of`, the best point first.
        settings: the columns with what the points differ in.
        metric: the column that the last axis shows and that colours the lines.
    """
    done = table[np.isfinite(table[metric].astype(float))]
    names = [*settings, metric]
    scales = [*(_scale(done[name]) for name in settings), _scale(done[metric], by_value=True)]
    figure, axes = new_figure(f"{len(done)} points by {metric}", "", "")
    places, rank = np.column_stack([scale.places for scale in scales]), np.linspace(0, 1, len(done))
    for row, shade in reversed(list(zip(places[1:], rank[1:], strict=True))):
        axes.plot(row, color=_GRADIENT(shade), linewidth=1.1, alpha=0.8)
    axes.plot(places[0], color=COLOURS[1], linewidth=2.6, marker="o", markersize=4, label="the best")
    axes.plot([], [], color=COLOURS[0], label="better")
    axes.plot([], [], color=OBSERVED, label="worse")
    for place, scale in enumerate(scales):
        _draw_axis(axes, place, scale)
    axes.set_xticks(range(len(names)), labels=names, rotation=0 if len(names) < 6 else 15)
    axes.set_xlim(-0.15, len(names) - 0.55)
    axes.set_ylim(-0.05, 1.05)
    axes.yaxis.set_visible(False)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", length=0)
    legend_below(figure)
    return figure


def _draw_axis(axes: Axes, place: int, scale: _Scale) -> None:
    """Draw one of the parallel axes with its names."""
    axes.axvline(place, color="black", linewidth=0.9, zorder=1.5)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
    for height, name in scale.ticks:
        axes.plot([place - 0.012, place], [height, height], color="black", linewidth=0.9)
        axes.text(place + 0.02, height, name, va="center", fontsize=8, bbox=box, zorder=3)


def _scale(column: pd.Series, by_value: bool = False) -> _Scale:
    """Space few values or words evenly, many numbers by difference, or by ratio where they differ much."""
    kinds = sorted(column.unique(), key=lambda value: (isinstance(value, str), value))
    if len(kinds) == 1:
        return _Scale(np.full(len(column), 0.5), [(0.5, _name(kinds[0]))])
    is_number = pd.api.types.is_numeric_dtype(column)
    if is_number and (by_value or len(kinds) > _MOST_NAMED):
        return _by_value(column.to_numpy(dtype=float))
    heights = {kind: place / (len(kinds) - 1) for place, kind in enumerate(kinds)}
    named = [(heights[kind], _name(kind)) for kind in kinds[:: len(kinds) // 20 + 1]]
    return _Scale(column.map(heights).to_numpy(dtype=float), named)


def _by_value(values: np.ndarray) -> _Scale:
    """Space numbers by their difference, or by their ratio where they differ much; name six places."""
    by_ratio = values.min() > 0 and values.max() / values.min() > _WIDE
    shown = np.log(values) if by_ratio else values
    low, high = shown.min(), shown.max()
    heights = np.linspace(0, 1, 6)
    at = low + heights * (high - low)
    named = np.exp(at) if by_ratio else at
    ticks = [(float(height), _name(float(value))) for height, value in zip(heights, named, strict=True)]
    return _Scale((shown - low) / (high - low), ticks)


def _name(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
