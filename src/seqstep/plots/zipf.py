"""Figures of Zipf's law: frequency by rank on logarithmic axes.

Source: the notes, "Natural Language Statistics".
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from seqstep.plots.style import COLOURS, legend_below, new_figure
from seqstep.text.ngrams import NgramCounts, ZipfFit

_POINTS = 10_000  # of a curve
_NAMES = {1: "unigrams", 2: "bigrams", 3: "trigrams"}


def plot_zipf(counted: Sequence[tuple[NgramCounts, ZipfFit]]) -> Figure:
    """Draw how often the n-gram of each rank occurs, with the line fitted to each."""
    names = [_NAMES.get(counts.order, f"{counts.order}-grams") for counts, _ in counted]
    figure, axes = new_figure("Zipf's law: " + ", ".join(names), "rank (log)", "occurrences (log)")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for (counts, fit), name, colour in zip(counted, names, COLOURS, strict=False):
        ranks, occurrences = _ranks(len(counts)), counts.counts
        label = name
        if np.isfinite(fit.slope):
            label += f": slope {fit.slope:.2f} (ranks {fit.first_rank}–{fit.last_rank}, dashed)"
            fitted = ranks[(ranks >= fit.first_rank) & (ranks <= fit.last_rank)]
            axes.plot(fitted, fit.frequency(fitted), "--", color="#333333", linewidth=1)
        axes.plot(ranks, occurrences[ranks - 1], color=colour, linewidth=1.6, label=label, zorder=1)
    axes.set_ylim(bottom=0.7)
    legend_below(figure, columns=1)
    return figure


def _ranks(types: int) -> np.ndarray:
    """Choose the ranks that are drawn: all of a short text, else as many as a logarithmic axis can show."""
    if types <= _POINTS:
        return np.arange(1, types + 1)
    return np.unique(np.geomspace(1, types, _POINTS).round().astype(np.int64))
