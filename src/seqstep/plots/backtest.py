"""Figures of a backtest: errors by horizon, residuals, intervals and their coverage."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter

from seqstep.plots.style import COLOURS, OBSERVED, legend_below, model_style, new_figure, new_panels
from seqstep.series.long_run_variance import autocorrelations

_FLOORS = (":", "--", "-.")


def plot_errors(accuracy: pd.DataFrame, floors: Mapping[str, Sequence[float]], unit: str = "") -> Figure:
    """Draw the RMSE of all models by horizon, with the spread over seeds, and what can be reached at all.

    Args:
        accuracy: from `over_seeds`.
        floors: least errors at the accuracy's horizons, ascending, by what they are of; none for an unknown
            series.
        unit: of the series.
    """
    figure, axes = new_figure("Errors by horizon", "steps ahead", "RMSE" + (f" ({unit})" if unit else ""))
    axes.set_yscale("log")
    for number, (model, part) in enumerate(_by_model(accuracy)):
        style = model_style(number)
        axes.plot(part["horizon"], part["rmse"], label=model, **style)
        spread = part["rmse_sd"].fillna(0)
        lower, upper = (part["rmse"] - spread).clip(lower=part["rmse"] / 10), part["rmse"] + spread
        axes.fill_between(part["horizon"], lower, upper, color=style["color"], alpha=0.15, lw=0)
    horizons = np.sort(accuracy["horizon"].unique())
    for number, (name, errors) in enumerate(floors.items()):
        line = _FLOORS[number % len(_FLOORS)]
        axes.plot(horizons, errors, line, color="black", linewidth=1.4, label=name, zorder=3)
    _horizon_axis(axes, horizons)
    for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    legend_below(figure, columns=4)
    return figure


def plot_residuals(residuals: pd.Series, title: str, lags: int) -> Figure:
    """Draw the residuals in time, and their autocorrelation with the band that 95 % of white noise stays in.

    Args:
        residuals: forecast − actual by time, with the index's name and the unit as names.
        lags: up to which the autocorrelation is drawn, below the number of residuals.
    """
    figure, (left, right) = new_panels(title, 2)
    left.plot(np.asarray(residuals.index), residuals.to_numpy(), ".", color=COLOURS[0], markersize=2.5)
    left.axhline(0, color="black", linewidth=0.8)
    left.set_xlabel(str(residuals.index.name or "time step"))
    left.set_ylabel(f"forecast − actual ({residuals.name or 'unit of the series'})")
    steps, band = np.arange(1, lags + 1), 1.96 / np.sqrt(len(residuals))
    right.bar(steps, autocorrelations(residuals.to_numpy(), lags), color=COLOURS[0], width=0.6, zorder=2)
    right.axhspan(-band, band, color=OBSERVED, alpha=0.3, lw=0, label="95 % of white noise")
    right.axhline(0, color="black", linewidth=0.8)
    right.set_xlabel("lag (origins)")
    right.set_ylabel("autocorrelation of the residuals")
    legend_below(figure)
    return figure


def plot_intervals(series: pd.Series, intervals: pd.DataFrame, title: str, level: float) -> Figure:
    """Draw the intervals of one model, seed and horizon over the observed values.

    Args:
        series: observed values, with their times.
        intervals: from `add_intervals`, of one model, seed and horizon.
        level: share of the targets that the intervals shall hold.
    """
    part = intervals.sort_values("origin")
    targets = (part["origin"] + part["horizon"] - 1).to_numpy()
    window = slice(int(targets[0]), int(targets[-1]) + 1)
    times = np.asarray(series.index)
    figure, axes = new_figure(title, str(series.index.name or "time step"), str(series.name or "value"))
    axes.fill_between(
        times[targets],
        part["lower"],
        part["upper"],
        color=COLOURS[0],
        alpha=0.2,
        lw=0,
        label=f"{level:.0%} interval",
    )
    axes.plot(times[window], series.to_numpy()[window], color=OBSERVED, linewidth=0.9, label="observed")
    axes.plot(times[targets], part["forecast"], color=COLOURS[0], linewidth=1.4, label="forecast")
    outside = ~part["actual"].between(part["lower"], part["upper"]).to_numpy()
    axes.plot(
        times[targets[outside]], part["actual"][outside], "o", color=COLOURS[1], markersize=3, label="outside"
    )
    legend_below(figure)
    return figure


def plot_coverage(coverage: pd.DataFrame, level: float, unit: str = "") -> Figure:
    """Draw how many targets the intervals of each model hold, beside how wide they are, by horizon.

    Args:
        coverage: from `coverage_table`; of several seeds the mean is drawn.
        level: share of the targets that the intervals shall hold.
        unit: of the series.
    """
    figure, (left, right) = new_panels(f"Prediction intervals of {level:.0%}", 2)
    means = coverage.groupby(["model", "horizon"], sort=False)[["coverage", "width"]].mean().reset_index()
    for number, (model, part) in enumerate(_by_model(means)):
        style = model_style(number)
        left.plot(part["horizon"], part["coverage"], label=model, **style)
        right.plot(part["horizon"], part["width"], **style)
    left.axhline(level, color="black", linewidth=1, linestyle=":", label="aimed at")
    left.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    left.set_ylabel("coverage (share of the targets)")
    right.set_ylabel("mean width" + (f" ({unit})" if unit else " (unit of the series)"))
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xlabel("steps ahead")
        _horizon_axis(axes, np.sort(means["horizon"].unique()))
    legend_below(figure, columns=4)
    return figure


def _by_model(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each model with its rows, the horizons ascending."""
    for model, part in table.groupby("model", sort=False):
        yield str(model), part.sort_values("horizon")


def _horizon_axis(axes: Axes, horizons: np.ndarray) -> None:
    """Space horizons by their ratio, and name those that were measured, not more than there is room for."""
    axes.set_xscale("log", base=2)
    named = horizons if len(horizons) <= 8 else [h for h in horizons if h & (h - 1) == 0]
    axes.set_xticks(named, labels=[str(horizon) for horizon in named])
    axes.xaxis.set_minor_locator(NullLocator())
