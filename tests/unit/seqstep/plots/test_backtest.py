import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqstep.plots.backtest import plot_coverage, plot_errors, plot_intervals, plot_residuals
from seqstep.plots.style import MORE_COLOURS, model_style
from seqstep.series.long_run_variance import autocorrelations

SERIES = pd.Series(np.arange(20.0), index=pd.RangeIndex(101, 121, name="time step"), name="load")


def drawn(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    line = next(line for line in axes.lines if line.get_label() == label)
    return list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))


def legend(figure: Figure) -> list[str]:
    figure.canvas.draw()
    return [text.get_text() for text in figure.legends[0].texts]


def test_ten_models_can_be_told_apart() -> None:
    looks = {tuple(model_style(number).values()) for number in range(10)}
    assert len(looks) == len(set(MORE_COLOURS)) == 10


def test_errors_are_drawn_by_horizon_with_their_spread_and_the_floors() -> None:
    accuracy = pd.DataFrame(
        {
            "model": ["net", "net", "mean", "mean"],
            "horizon": [16, 1, 1, 16],
            "rmse": [0.5, 0.3, 0.7, 0.7],
            "rmse_sd": [0.1, 0.2, np.nan, np.nan],
        }
    )
    figure = plot_errors(accuracy, {"noise alone": [0.2, 0.2]}, unit="MW")
    (axes,) = figure.axes
    assert legend(figure) == ["net", "mean", "noise alone"]
    assert drawn(axes, "net") == ([1, 16], [0.3, 0.5])
    assert drawn(axes, "noise alone") == ([1, 16], [0.2, 0.2])
    band = axes.collections[0].get_paths()[0].vertices
    assert {tuple(point) for point in band.round(9)} >= {(1, 0.1), (1, 0.5), (16, 0.4), (16, 0.6)}
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "16"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps ahead", "RMSE (MW)")
    assert all("{" not in tick.get_text() for tick in axes.get_yticklabels(which="both"))  # no powers of ten


def test_of_many_horizons_the_powers_of_two_are_named() -> None:
    accuracy = pd.DataFrame({"model": "m", "horizon": range(1, 21), "rmse": 1.0, "rmse_sd": np.nan})
    (axes,) = plot_errors(accuracy, {}).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "4", "8", "16"]


def test_residuals_are_drawn_in_time_beside_their_autocorrelation() -> None:
    residuals = pd.Series(
        np.random.default_rng(0).normal(size=50), pd.RangeIndex(7, 57, name="hour"), name="MW"
    )
    figure = plot_residuals(residuals, "Residuals", lags=6)
    left, right = figure.axes
    assert list(left.lines[0].get_xdata()) == list(range(7, 57))
    assert left.lines[0].get_ydata().tolist() == residuals.tolist()
    bars = {bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in right.patches[:6]}
    assert list(bars) == pytest.approx([1, 2, 3, 4, 5, 6])
    assert list(bars.values()) == pytest.approx(autocorrelations(residuals.to_numpy(), 6).tolist())
    band = right.patches[6]
    assert band.get_height() == pytest.approx(2 * 1.96 / 50**0.5)
    assert (left.get_xlabel(), left.get_ylabel()) == ("hour", "forecast − actual (MW)")
    assert legend(figure) == ["95 % of white noise"]


def test_intervals_are_drawn_at_their_targets_and_what_lies_outside_is_marked() -> None:
    intervals = pd.DataFrame({"origin": [8, 10, 12], "horizon": 3, "forecast": [10.0, 12.0, 20.0]})
    targets = intervals["origin"] + 2
    intervals = intervals.assign(
        actual=SERIES.to_numpy()[targets], lower=intervals["forecast"] - 1, upper=intervals["forecast"] + 1
    )
    figure = plot_intervals(SERIES, intervals, "three steps ahead", 0.9)
    (axes,) = figure.axes
    assert legend(figure) == ["90% interval", "observed", "forecast", "outside"]
    assert drawn(axes, "forecast") == ([111, 113, 115], [10, 12, 20])
    assert drawn(axes, "observed") == ([111, 112, 113, 114, 115], [10, 11, 12, 13, 14])
    assert drawn(axes, "outside") == ([115], [14])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time step", "load")


def test_coverage_is_drawn_beside_the_width_as_the_mean_of_the_seeds() -> None:
    coverage = pd.DataFrame(
        {
            "model": "net",
            "seed": [0, 0, 1, 1],
            "horizon": [1, 4, 1, 4],
            "coverage": [0.9, 0.8, 0.8, 1.0],
            "width": [1.0, 2.0, 3.0, 4.0],
        }
    )
    figure = plot_coverage(coverage, 0.9)
    left, right = figure.axes
    assert legend(figure) == ["net", "aimed at"]
    assert drawn(left, "net") == ([1, 4], pytest.approx([0.85, 0.9]))
    assert right.lines[0].get_ydata().tolist() == [2, 3]
    assert drawn(left, "aimed at")[1] == [0.9, 0.9]
    assert right.get_ylabel() == "mean width (unit of the series)"
