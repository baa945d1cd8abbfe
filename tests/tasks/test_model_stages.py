from collections.abc import Callable

import pandas as pd
import pytest

import tasks
from seqstep.config import Compute, ForecastConfig, MLPConfig, SeriesConfig
from seqstep.models.bundle import load_forecaster
from stagecraft.artifact import sha256_of
from stagecraft.errors import ArtifactError
from stagecraft.tracking import Record

NewRecord = Callable[[], Record]
TINY = MLPConfig(epochs=2)


def test_the_same_training_twice_yields_the_same_bytes(new_record: NewRecord) -> None:
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1)
    first, second = (
        tasks.train_mlp.function(new_record(), series, TINY, Compute(seed=3, device="cpu")) for _ in range(2)
    )
    assert first.weights.sha256 == second.weights.sha256
    assert first.spec.sha256 == second.spec.sha256
    assert first.weights.uri != second.weights.uri


def test_a_trained_forecaster_is_found_by_its_address_and_by_its_name(new_record: NewRecord) -> None:
    record = new_record()
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1)
    trained = tasks.train_mlp.function(record, series, TINY, Compute(device="cpu"))
    files, run_id, _ = record.tracker.latest_model("seqstep-mlp")
    assert run_id == record.run_id == trained.run.uri
    assert sha256_of(files["weights.safetensors"]) == trained.weights.sha256
    _, spec = load_forecaster(record.open(trained.weights), record.open(trained.spec))
    assert spec.window == TINY.window


def test_errors_are_recorded_by_horizon(new_record: NewRecord) -> None:
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1)
    trained = tasks.train_mlp.function(new_record(), series, TINY, Compute(device="cpu"))
    record = new_record()
    result = tasks.evaluate_forecasts.function(record, series, trained, TINY, ForecastConfig(horizons=(1, 8)))
    names = {
        f"forecast/mlp/{error}_{what}" for error in ("rmse", "mae") for what in ("k001", "k008", "multistep")
    }
    assert set(record.metrics) == names
    assert pd.read_csv(record.open(result.errors))["forecast"].tolist() == ["k001", "k008", "multistep"]


def test_an_altered_artifact_is_refused_by_name(new_record: NewRecord) -> None:
    record = new_record()
    series = tasks.series.function(record, SeriesConfig(points=20), 1)
    with record.open(series.values).open("a") as file:
        file.write("21,0.5\n")
    with pytest.raises(ArtifactError, match=r"expected SHA-256 .*series[.]csv"):
        record.open(series.values)
