"""The stages that put all models side by side: what they record, and that it is the same each time."""

from collections.abc import Callable

import pandas as pd
import pytest

import tasks
from seqstep.config import BacktestConfig, ForecastConfig, MLPConfig, RecurrentConfig, SeriesConfig
from seqstep.forecasters.table import FORECASTERS
from stagecraft.tracking import Record
from tasks.outputs import Backtest

NewRecord = Callable[[], Record]
MEASURES = ("rmse", "mae", "mase", "coverage", "width")
SINE = SeriesConfig(points=300)


def run_backtest(record: Record) -> Backtest:
    series = tasks.series.function(record, SINE, 1)
    done = tasks.backtest.function(
        record,
        series,
        SINE,
        ForecastConfig(horizons=(8, 1)),
        MLPConfig(epochs=1),
        RecurrentConfig(window=8, hidden=4, updates=3),
        BacktestConfig(stride=2, seeds=(0, 1)),
        1,
    )
    assert isinstance(done, Backtest)
    return done


def test_every_forecaster_is_measured_at_every_horizon(new_record: NewRecord) -> None:
    record = new_record()
    result = run_backtest(record)
    errors = pd.read_csv(record.open(result.errors))
    assert [tuple(row) for row in errors[["model", "horizon"]].to_numpy()] == [
        (model, horizon) for model in FORECASTERS for horizon in (1, 8)
    ]
    for name in FORECASTERS:
        found = {key.rpartition("/")[2] for key in record.metrics if key.startswith(f"backtest/{name}/")}
        measures = {
            f"{measure}_k00{k}" for measure in ("rmse", "mae", "mase", "coverage", "width") for k in "18"
        }
        assert found == measures | {"seconds", "parameters"}
    forecasts = pd.read_csv(record.open(result.forecasts)).query("model == 'ar_direct' and horizon == 8")
    mean_squared = ((forecasts["forecast"] - forecasts["actual"]) ** 2).mean()
    assert record.metrics["backtest/ar_direct/rmse_k008"] == pytest.approx(mean_squared**0.5)
    assert tasks.backtest.figure(record.metrics).startswith("RMSE k001 0.")


def test_a_backtest_yields_the_same_bytes_each_time_though_not_in_the_same_time(
    new_record: NewRecord,
) -> None:
    first, second = run_backtest(new_record()), run_backtest(new_record())
    tables = ("forecasts", "errors", "tests", "coverage")
    assert [getattr(first, name).sha256 for name in tables] == [
        getattr(second, name).sha256 for name in tables
    ]


def test_the_report_has_one_table_of_forecasts_with_the_best_of_each_horizon_marked(
    new_record: NewRecord,
) -> None:
    record = new_record()
    result = run_backtest(record)
    page = record.open(tasks.report.function(record, "compare", backtest=result).page).read_text("utf-8")
    assert "All forecasters from the same origins" in page and page.count("data:image/png") == 4
    assert page.count("<td>★ ") >= 2 and "0.251, 1 step" in page
