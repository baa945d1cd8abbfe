import subprocess
import sys

import numpy as np
import pytest
import torch

from seqstep.errors import DivergenceError, WindowError
from seqstep.models.gru import GRU
from seqstep.settings.config import RecurrentConfig
from seqstep.training.recurrent import train_recurrent

SERIES = np.random.default_rng(0).normal(size=40).astype(np.float32)
ONE = RecurrentConfig(window=5, hidden=3, batch=6, updates=1, learning_rate=0.01)


def network(outputs: int = 2) -> GRU:
    return GRU(3, outputs, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("updates", [1, 4])
def test_a_minibatch_is_a_step_of_adam_that_gets_smaller_on_the_squared_error_at_every_step(
    updates: int,
) -> None:
    model, hand = network(), network()
    train_recurrent(model, SERIES, (1, 4), ONE.model_copy(update={"updates": updates}), seed=3)
    optimizer, generator = torch.optim.Adam(hand.parameters()), torch.Generator().manual_seed(3)
    for update in range(updates):
        starts = torch.randint(40 - 5 - 4 + 1, (6, 1), generator=generator).flatten().tolist()
        windows = torch.tensor(np.array([SERIES[start : start + 5] for start in starts]))
        targets = [[[SERIES[s + step + k] for k in (1, 4)] for step in range(5)] for s in starts]
        optimizer.zero_grad()
        ((hand(windows)[0] - torch.tensor(np.array(targets))) ** 2).mean().backward()
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - update / updates)
        optimizer.step()
    for found, expected in zip(model.parameters(), hand.parameters(), strict=True):
        torch.testing.assert_close(found, expected)


def test_the_last_window_with_all_its_targets_is_drawn_and_none_after_it() -> None:
    just_enough = SERIES[:9]  # a window of 5 and 4 steps ahead
    train_recurrent(network(), just_enough, (1, 4), ONE.model_copy(update={"updates": 3}), seed=0)
    with pytest.raises(
        WindowError, match="at least 9 known values for a window of 5 and a horizon of 4, got 8"
    ):
        train_recurrent(network(), SERIES[:8], (1, 4), ONE, seed=0)


def test_training_lowers_the_error() -> None:
    model, wave = network(1), np.sin(0.5 * np.arange(200)).astype(np.float32)

    def error() -> float:
        with torch.inference_mode():
            outputs, _ = model(torch.from_numpy(wave[None, :-1]))
            return float(((outputs[0, :, 0] - torch.from_numpy(wave[1:])) ** 2).mean())

    before = error()
    train_recurrent(model, wave, [1], ONE.model_copy(update={"updates": 200}), seed=0)
    assert error() < before / 4


def test_values_out_of_bounds_are_an_error_that_says_what_to_try() -> None:
    extreme = np.where(np.arange(40) == 20, np.float32(np.inf), SERIES)
    with pytest.raises(DivergenceError, match=r"smaller gru\.learning_rate, or look for extreme values"):
        train_recurrent(network(), extreme, (1, 4), ONE.model_copy(update={"updates": 5}), seed=0)


def test_a_last_step_that_is_far_too_large_is_an_error() -> None:
    with pytest.raises(DivergenceError, match=r"became (inf|nan); try a smaller gru\.learning_rate"):
        train_recurrent(network(), SERIES, (1, 4), ONE.model_copy(update={"learning_rate": 1e30}), seed=0)


@pytest.mark.thorough
def test_torchs_compiler_is_not_imported() -> None:
    script = """
import sys
import numpy as np
import torch
from seqstep.settings.config import RecurrentConfig
from seqstep.models.gru import GRU
from seqstep.training.recurrent import train_recurrent
config = RecurrentConfig(window=5, hidden=3, batch=6, updates=1)
train_recurrent(GRU(3, 1, torch.Generator()), np.zeros(40, np.float32), (1,), config, seed=0)
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
