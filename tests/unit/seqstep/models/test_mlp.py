import math

import numpy as np
import pytest
import torch

from seqstep.models.mlp import MLP, predictor
from seqstep.series.scaling import Scaling


def seeded(seed: int, window: int = 4, hidden: int = 32) -> MLP:
    return MLP(window, hidden, torch.Generator().manual_seed(seed))


def by_hand(model: MLP, windows: np.ndarray) -> np.ndarray:
    W1, b1, W2, b2 = (p.detach().double().numpy() for p in model.parameters())
    return (np.maximum(windows @ W1.T + b1, 0) @ W2.T + b2)[:, 0]


def test_forward_equals_the_equation_by_hand() -> None:
    model, windows = seeded(0), np.random.default_rng(0).normal(size=(7, 4))
    forecast = model(torch.tensor(windows, dtype=torch.float32))
    assert forecast.shape == (7,)
    np.testing.assert_allclose(forecast.detach().numpy(), by_hand(model, windows), atol=1e-6)


def test_one_window_keeps_its_dimension() -> None:
    assert seeded(0)(torch.zeros(1, 4)).shape == (1,)


@pytest.mark.parametrize("window, hidden", [(4, 32), (300, 200)])
def test_initial_weights_fill_xavier_uniform_bounds_and_biases_those_of_linear(
    window: int, hidden: int
) -> None:
    model = seeded(0, window, hidden)
    for layer in (model.hidden, model.output):
        fan_in, fan_out = layer.in_features, layer.out_features
        bound = math.sqrt(6 / (fan_in + fan_out))
        assert layer.weight.abs().max() <= bound
        assert layer.bias.abs().max() <= 1 / math.sqrt(fan_in)
    if window == 300:
        weight, bound = model.hidden.weight.detach(), math.sqrt(6 / 500)
        assert weight.abs().max() > 0.999 * bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.01)  # that of a uniform
        assert abs(weight.mean().item()) < 5 * bound / math.sqrt(3 * weight.numel())


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = seeded(1), seeded(1), seeded(2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, same.state_dict()[name])
        assert not torch.equal(weight, other.state_dict()[name])


def test_predictor_scales_what_comes_in_and_scales_back_what_goes_out() -> None:
    model, scaling = seeded(0), Scaling(mean=100.0, std=20.0)
    series = np.random.default_rng(0).normal(100, 20, 30)
    windows = np.lib.stride_tricks.sliding_window_view(series, 4)  # can't be written to
    forecast = predictor(model, scaling)(windows)
    assert forecast.dtype == np.float64
    np.testing.assert_allclose(forecast, by_hand(model, (windows - 100) / 20) * 20 + 100, rtol=1e-5)
