"""Figures of a series and its forecasts.

Source: the notes' plots of the sine, the 1-step, multi-step and k-step predictions.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqstep.plots.style import COLOURS, OBSERVED, legend_below, new_figure


def plot_series(series: pd.Series) -> Figure:
    """Draw the observed values."""
    figure, axes = _axes(f"The series: {len(series)} values", series)
    axes.plot(_times(series), series.to_numpy(), color=COLOURS[0], linewidth=0.9)
    return figure


def plot_one_step(series: pd.Series, one_step: np.ndarray, train_end: int) -> Figure:
    """Draw the one-step forecasts, which end with the series, over the observed values."""
    figure, axes = _axes("One step ahead", series)
    _observed(axes, series)
    _forecast(axes, series, one_step, len(series), "1-step forecast", 0, ".")
    _mark_training(axes, series, train_end)
    legend_below(figure)
    return figure


def plot_multi_step(series: pd.Series, one_step: np.ndarray, multi: np.ndarray, train_end: int) -> Figure:
    """Draw the one-step forecasts and the multi-step one, which starts where training ends."""
    figure, axes = _axes("One step ahead, and many steps from the end of the training part", series)
    _observed(axes, series)
    _forecast(axes, series, one_step, len(series), "1-step forecast", 0, ".")
    _forecast(axes, series, multi, len(series), "multi-step forecast", 1, "-")
    _mark_training(axes, series, train_end)
    legend_below(figure)
    return figure


def plot_k_steps(
    series: pd.Series, forecasts: Mapping[int, np.ndarray], window: int, train_end: int
) -> Figure:
    """Draw forecasts k steps ahead; entry i of horizon k belongs to value i + window + k - 1."""
    figure, axes = _axes("k steps ahead", series)
    _observed(axes, series)
    for number, (horizon, forecast) in enumerate(forecasts.items()):
        end = window + horizon - 1 + len(forecast)
        label = f"{horizon}-step forecast"
        _forecast(axes, series, forecast, end, label, number % len(COLOURS), ".")
    _mark_training(axes, series, train_end)
    legend_below(figure, columns=3)
    return figure


def _axes(title: str, series: pd.Series) -> tuple[Figure, Axes]:
    """Make axes that are named after the series and its index."""
    return new_figure(title, str(series.index.name or "time step"), str(series.name or "value"))


def _times(series: pd.Series) -> np.ndarray:
    return np.asarray(series.index)


def _observed(axes: Axes, series: pd.Series) -> None:
    axes.plot(_times(series), series.to_numpy(), color=OBSERVED, linewidth=0.9, label="observed")


def _forecast(
    axes: Axes, series: pd.Series, values: np.ndarray, end: int, label: str, colour: int, line: str
) -> None:
    """Draw values whose last one belongs to entry end - 1 of the series."""
    times = _times(series)[end - len(values) : end]
    axes.plot(times, values, line, color=COLOURS[colour], markersize=2.5, linewidth=1.6, label=label)


def _mark_training(axes: Axes, series: pd.Series, train_end: int) -> None:
    """Shade the part of the series that trained the model."""
    times = _times(series)
    axes.axvspan(times[0], times[train_end - 1], color="#0b6fa4", alpha=0.05, label="training part")
