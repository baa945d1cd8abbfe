"""Training a recurrent forecaster: Adam and the squared error at every step of random windows."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.errors import DivergenceError, WindowError
from seqstep.models.gru import GRU
from seqstep.settings.config import RecurrentConfig
from seqstep.training.optimizers import Adam


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
    optimizer = Adam(model.parameters(), config.learning_rate)
    steps, ahead = torch.arange(config.window), torch.tensor(horizons)

    def error(at: Tensor) -> Tensor:
        return nn.functional.mse_loss(model(series[at])[0], series[at.unsqueeze(-1) + ahead])

    for update in range(config.updates):
        at = torch.randint(starts, (config.batch, 1), generator=generator) + steps
        model.zero_grad()
        error(at).backward()
        optimizer.learning_rate = config.learning_rate * (1 - update / config.updates)
        optimizer.step()
    with torch.inference_mode():
        # After the last step, which may have been the one too large.
        loss = error(at).item()
    if not math.isfinite(loss):
        raise DivergenceError(
            f"the loss became {loss}; try a smaller gru.learning_rate, or look for extreme values in the data"
        )
