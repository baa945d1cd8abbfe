from collections.abc import Callable

import pandas as pd
import pytest

import tasks
from seqstep.models.bundle import load_forecaster
from seqstep.models.precision import precision_name
from seqstep.settings.config import (
    BacktestConfig,
    Compute,
    ForecastConfig,
    MLPConfig,
    Precision,
    RNNConfig,
    SeriesConfig,
)
from stagecraft.errors import ArtifactError
from stagecraft.files.artifact import sha256_of
from stagecraft.mlflow import Record, Registry
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.stage import Stage

NewRecord = Callable[[], Record]
TINY = MLPConfig(epochs=2)
#: how the series is forecast and measured later
MEASURED = (TINY, ForecastConfig(horizons=(1, 8)), BacktestConfig())


def test_the_same_training_twice_yields_the_same_bytes_and_one_version(new_record: NewRecord) -> None:
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1, *MEASURED)
    registry, same = Registry(new_record().tracker), Compute(seed=3, device="cpu")
    first, second = (tasks.train_mlp.function(new_record(), series, TINY, same) for _ in range(2))
    assert (first.weights, first.spec, first.history.sha256) == (
        second.weights,
        second.spec,
        second.history.sha256,
    )
    assert first.run != second.run and registry.find("seqstep-mlp", "latest").run_id == first.run.uri
    before = len(registry.versions("seqstep-mlp"))
    tasks.train_mlp.function(new_record(), series, TINY, Compute(seed=4, device="cpu"))
    assert len(registry.versions("seqstep-mlp")) == before + 1


def test_a_trained_forecaster_is_found_by_its_address_and_by_its_name(new_record: NewRecord) -> None:
    record = new_record()
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1, *MEASURED)
    trained = tasks.train_mlp.function(record, series, TINY, Compute(device="cpu"))
    registry = Registry(record.tracker)
    version = registry.find("seqstep-mlp")
    assert version.run_id == record.run_id == trained.run.uri
    assert sha256_of(registry.parts(version)["weights.safetensors"]) == trained.weights.sha256
    _, spec = load_forecaster(record.open(trained.weights), record.open(trained.spec))
    assert spec.window == TINY.window


def test_errors_are_recorded_by_horizon(new_record: NewRecord) -> None:
    series = tasks.series.function(new_record(), SeriesConfig(points=200), 1, *MEASURED)
    trained = tasks.train_mlp.function(new_record(), series, TINY, Compute(device="cpu"))
    record = new_record()
    result = tasks.evaluate_forecasts.function(record, series, trained, TINY, ForecastConfig(horizons=(1, 8)))
    names = {
        f"forecast/mlp/{error}_{what}" for error in ("rmse", "mae") for what in ("k001", "k008", "multistep")
    }
    assert set(record.metrics) == names | {f"forecast/mlp/rmse_valid_{what}" for what in ("k001", "k008")}
    assert pd.read_csv(record.open(result.errors))["forecast"].tolist() == ["k001", "k008", "multistep"]


def test_an_altered_artifact_is_refused_by_name(new_record: NewRecord) -> None:
    record = new_record()
    series = tasks.series.function(record, SeriesConfig(points=40), 1, *MEASURED)
    with record.open(series.values).open("a") as file:
        file.write("21,0.5\n")
    with pytest.raises(ArtifactError, match=r"expected SHA-256 .*series[.]csv"):
        record.open(series.values)


@pytest.mark.parametrize("asked", ["auto", "float32", "bfloat16"])
@pytest.mark.parametrize("stage", [tasks.train_rnn_scratch, tasks.train_rnn])
def test_the_precision_is_in_the_key_as_the_type_that_it_comes_to(stage: Stage, asked: Precision) -> None:
    parameters = Call(stage, {"config": RNNConfig(precision=asked)}).parameters()
    assert parameters["rnn.precision"] == precision_name(asked) != "auto"


def test_the_precision_of_the_training_is_not_in_the_key_of_what_measures_the_model() -> None:
    assert "rnn.precision" not in Call(tasks.evaluate_language, {"training": RNNConfig()}).parameters()
