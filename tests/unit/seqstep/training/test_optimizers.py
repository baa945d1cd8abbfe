import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from seqstep.training.optimizers import SGD, Adam

PAIRS: dict[str, tuple[Callable[[list[Tensor]], Any], Callable[[list[Tensor]], Any]]] = {
    "sgd": (lambda weights: SGD(weights, 0.5), lambda weights: torch.optim.SGD(weights, 0.5)),
    "adam": (lambda weights: Adam(weights, 0.05), lambda weights: torch.optim.Adam(weights, 0.05)),
    "adam_of_other_betas": (
        lambda weights: Adam(weights, 0.1, (0.5, 0.9), 1e-3),
        lambda weights: torch.optim.Adam(weights, 0.1, (0.5, 0.9), 1e-3),
    ),
}


def draw_weights() -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    shapes = [(3, 2), (2,), (1,)]
    return [torch.randn(*s, generator=draw, dtype=torch.float64).requires_grad_() for s in shapes]


def walk(weights: list[Tensor], optimizer: Any, steps: int, seed: int = 1) -> None:
    draw = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for weight in weights:
            weight.grad = torch.randn(weight.shape, generator=draw, dtype=weight.dtype)
        optimizer.step()


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_steps_are_those_of_torch(pair: tuple[Any, Any]) -> None:
    ours, theirs = draw_weights(), draw_weights()
    walk(ours, pair[0](ours), 50)
    walk(theirs, pair[1](theirs), 50)
    for found, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
@pytest.mark.parametrize("earlier", [0, 1], ids=["ours", "torch"])
def test_it_goes_on_from_its_own_state_and_from_that_of_torch(pair: tuple[Any, Any], earlier: int) -> None:
    before, through = draw_weights(), draw_weights()
    first, whole = pair[earlier](before), pair[0](through)
    walk(before, first, 7)
    walk(through, whole, 7)
    after = [weight.detach().clone().requires_grad_() for weight in before]
    second = pair[0](after)
    second.load_state_dict(first.state_dict())
    walk(after, second, 5, seed=2)
    walk(through, whole, 5, seed=2)
    for found, expected in zip(after, through, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", [lambda w: SGD(w, 0.1), lambda w: Adam(w, 0.1)], ids=["sgd", "adam"])
def test_a_weight_without_a_gradient_is_an_error(make: Callable[[list[Tensor]], Any]) -> None:
    with pytest.raises(RuntimeError, match="a gradient for every weight"):
        make(draw_weights()).step()


@pytest.mark.thorough
def test_the_trainings_do_not_import_the_compiler_of_torch() -> None:
    code = """
import sys
import numpy as np
import torch
from seqstep.settings.config import MLPConfig, RNNConfig
from seqstep.models.mlp import MLP
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.training import forecaster, language

series = np.sin(np.arange(60.0))
data = forecaster.prepare(series, MLPConfig(), "none")
mlp = forecaster.ForecasterTraining(MLP(4, 8), data.train, data.valid, MLPConfig(epochs=1), 0)
config = RNNConfig(hidden=8, batch=2, steps=5, epochs=1)
rnn = language.LanguageTraining(RNNScratch(3, 8), np.arange(60) % 3, config, 0)
print(len(list(mlp.run())), len(list(rnn.run())), "torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1", "1", "False"], done.stderr


@pytest.mark.parametrize(
    "optimizer", [lambda weights: SGD(weights, 0.5), lambda weights: Adam(weights, 0.05)]
)
def test_a_frozen_weight_stays_and_one_without_a_gradient_is_an_error(optimizer: Any) -> None:
    weights = draw_weights()
    weights[1].requires_grad_(False)
    before = weights[1].clone()
    stepping = optimizer(weights)
    with pytest.raises(RuntimeError, match="gradient"):
        stepping.step()
    weights[0].grad = torch.ones(3, 2, dtype=torch.float64)
    weights[2].grad = torch.ones(1, dtype=torch.float64)
    stepping.step()
    assert torch.equal(weights[1], before) and not torch.equal(weights[0], draw_weights()[0])
