"""Training a recurrent forecaster: Adam and the squared error at every step of random windows."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from seqstep.config import RecurrentConfig
from seqstep.errors import DivergenceError, WindowError
from seqstep.models.gru import GRU


def train_recurrent(
    model: GRU, values: np.ndarray, horizons: Sequence[int], config: RecurrentConfig, seed: int
) -> None:
    """Train a model in place to predict, after each value of a window, the values `horizons` steps ahead.

    The step size falls to 0 in a straight line, so that the last minibatches leave little noise in the
    weights.

    Args:
        model: with one output per horizon.
        values: what is known, scaled, shape (steps,), float32.
        seed: of the windows that are drawn.

    Raises:
        WindowError: there is no window with all its targets.
        DivergenceError: the loss is no number any more.
    """
    starts = len(values) - config.window - max(horizons) + 1
    if starts < 1:
        raise WindowError(
            f"expected at least {config.window + max(horizons)} known values for a window of {config.window}"
            f" and a horizon of {max(horizons)}, got {len(values)}; raise backtest.start_share, or lower"
            " gru.window"
        )
    generator, series = torch.Generator().manual_seed(seed), torch.from_numpy(values)
    optimizer = torch.optim.Adam(model.parameters(), config.learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, config.updates)
    steps, ahead = torch.arange(config.window), torch.tensor(horizons)
    for _ in range(config.updates):
        at = torch.randint(starts, (config.batch, 1), generator=generator) + steps
        loss = nn.functional.mse_loss(model(series[at])[0], series[at.unsqueeze(-1) + ahead])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    if not loss.isfinite():
        raise DivergenceError(
            f"the loss became {loss.item()}; try a smaller gru.learning_rate, or look for extreme values in"
            " the data"
        )
