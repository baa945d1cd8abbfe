import numpy as np
import pytest
import torch

from seqstep.config import RecurrentConfig
from seqstep.errors import DivergenceError, WindowError
from seqstep.models.gru import GRU
from seqstep.training.recurrent import train_recurrent

SERIES = np.random.default_rng(0).normal(size=40).astype(np.float32)
ONE = RecurrentConfig(window=5, hidden=3, batch=6, updates=1, learning_rate=0.01)


def network(outputs: int = 2) -> GRU:
    return GRU(3, outputs, torch.Generator().manual_seed(0))


def test_one_minibatch_is_a_step_of_adam_on_the_mean_squared_error_at_every_step() -> None:
    model, hand = network(), network()
    train_recurrent(model, SERIES, (1, 4), ONE, seed=3)
    starts = (
        torch.randint(40 - 5 - 4 + 1, (6, 1), generator=torch.Generator().manual_seed(3)).flatten().tolist()
    )
    windows = torch.tensor(np.array([SERIES[start : start + 5] for start in starts]))
    targets = [[[SERIES[s + step + k] for k in (1, 4)] for step in range(5)] for s in starts]
    loss = ((hand(windows)[0] - torch.tensor(np.array(targets))) ** 2).mean()
    optimizer = torch.optim.Adam(hand.parameters(), 0.01)
    loss.backward()
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
