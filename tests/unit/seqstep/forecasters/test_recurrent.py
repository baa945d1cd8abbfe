import numpy as np
import pytest
import torch

from seqstep.forecasters.recurrent import FittedRecurrent, RecurrentForecaster
from seqstep.models.gru import GRU
from seqstep.series.backtest import backtest
from seqstep.series.forecaster import forecast_next
from seqstep.series.scaling import Scaling
from seqstep.settings.config import BacktestConfig, RecurrentConfig

CONTEXTS = np.random.default_rng(0).normal(20, 5, size=(6, 4))
SCALING = Scaling(mean=20, std=5)


def network(outputs: int) -> GRU:
    return GRU(7, outputs, torch.Generator().manual_seed(0))


def test_recursively_each_forecast_is_read_as_if_it_had_been_observed() -> None:
    model = network(1)
    fitted = FittedRecurrent(model, SCALING, 4, (1, 2, 5), "recursive")
    path = torch.from_numpy(SCALING.apply(CONTEXTS))
    for _ in range(5):
        path = torch.cat([path, model(path)[0][:, -1]], dim=1)
    expected = SCALING.invert(path[:, [4, 5, 8]].detach().numpy())
    np.testing.assert_allclose(fitted.forecast(CONTEXTS), expected, rtol=1e-5)


def test_directly_each_horizon_is_an_output_after_the_last_value() -> None:
    model = network(3)
    outputs, _ = model(torch.from_numpy(SCALING.apply(CONTEXTS)))
    fitted = FittedRecurrent(model, SCALING, 4, (1, 2, 5), "direct")
    np.testing.assert_allclose(fitted.forecast(CONTEXTS), SCALING.invert(outputs[:, -1].detach().numpy()))


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_a_sine_without_noise_is_forecast_well_after_a_short_training(strategy: str) -> None:
    series = np.sin(0.3 * np.arange(400))
    config = RecurrentConfig(window=12, hidden=12, updates=120, learning_rate=0.03)
    model = RecurrentForecaster(config, "standard", strategy)  # type: ignore[arg-type]
    forecast = forecast_next(model.fit(series[:380], (1, 3, 10), seed=0), series[:380])
    assert forecast == pytest.approx(series[[380, 382, 389]], abs=0.1)


def test_a_scaling_by_all_data_would_be_better_and_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The swings become eight times as large: a network that was scaled for them loses less."""
    steps = np.arange(300)
    series = np.sin(steps / 5) * np.where(steps < 190, 1, 8)
    config = RecurrentConfig(window=8, hidden=8, updates=60)

    def errors() -> np.ndarray:
        model = RecurrentForecaster(config, "standard", "direct")
        table = backtest("gru", model, series, (1, 4), BacktestConfig(seeds=(0, 1)))
        squared = (table["forecast"] - table["actual"]) ** 2
        return squared.groupby([table["seed"], table["horizon"]]).mean().to_numpy()

    ours, of_all, seen = errors(), Scaling.fit(series, "standard"), []

    def leak(values: np.ndarray, scale: str) -> Scaling:
        seen.append(len(values))
        return of_all

    monkeypatch.setattr(Scaling, "fit", leak)
    assert (errors() < ours).all()
    assert seen == [180, 180]  # ours is given what is known at the first origin, and no more
