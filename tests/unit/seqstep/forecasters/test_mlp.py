import numpy as np
import pytest
import torch

from seqstep.errors import WindowError
from seqstep.forecasters.mlp import MLPForecaster
from seqstep.models.mlp import MLP, predictor
from seqstep.series.forecast import feed_back
from seqstep.series.scaling import Scaling
from seqstep.series.strategies import windows_ahead
from seqstep.series.windows import Windows
from seqstep.settings.config import MLPConfig
from seqstep.training.forecaster import ForecasterTraining

CONFIG = MLPConfig(window=3, hidden=5, batch=8, epochs=2)
HISTORY = np.random.default_rng(0).normal(20, 5, size=50)
CONTEXTS = np.random.default_rng(1).normal(20, 5, size=(6, 3))


def trained(horizon: int) -> tuple[MLP, Scaling]:
    """Train the notes' network on all windows with their values a horizon ahead."""
    scaling = Scaling.fit(HISTORY, "standard")
    windows = Windows(*map(scaling.apply, windows_ahead(HISTORY, 3, horizon)))
    model = MLP(3, 5, torch.Generator().manual_seed(4))
    list(ForecasterTraining(model, windows, windows, CONFIG, seed=4).run())
    return model, scaling


def test_directly_it_is_a_network_a_horizon_trained_on_values_that_far_ahead() -> None:
    fitted = MLPForecaster(CONFIG, "standard", "direct").fit(HISTORY, (1, 6), seed=4)
    expected = [predictor(*trained(horizon))(CONTEXTS) for horizon in (1, 6)]
    np.testing.assert_array_equal(fitted.forecast(CONTEXTS), np.array(expected).T)


def test_recursively_it_is_the_network_for_one_step_fed_its_forecasts() -> None:
    fitted = MLPForecaster(CONFIG, "standard", "recursive").fit(HISTORY, (1, 6), seed=4)
    expected = feed_back(predictor(*trained(1)), CONTEXTS, 6)[:, [0, 5]]
    np.testing.assert_array_equal(fitted.forecast(CONTEXTS), expected)


def test_a_history_that_is_too_short_is_refused() -> None:
    with pytest.raises(WindowError, match="a horizon of 48 and 50 known values"):
        MLPForecaster(CONFIG, "none", "direct").fit(HISTORY, (1, 48), 0)
