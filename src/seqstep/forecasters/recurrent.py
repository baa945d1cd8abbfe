"""The recurrent network as a forecaster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from seqstep.models.gru import GRU
from seqstep.series.forecaster import Fitted
from seqstep.series.scaling import Scaling
from seqstep.series.strategies import Strategy
from seqstep.settings.config import RecurrentConfig
from seqstep.training.recurrent import train_recurrent


@dataclass(frozen=True)
class RecurrentForecaster:
    """A GRU that reads a window and forecasts from its state.

    Args:
        strategy: recursive (one output that is read as the next value), or direct (an output per horizon).
    """

    config: RecurrentConfig
    scale: Literal["none", "standard"]
    strategy: Strategy
    is_random = True

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Scale by the history and train; see `Forecaster.fit`."""
        learned = tuple(horizons) if self.strategy == "direct" else (1,)
        model = GRU(self.config.hidden, len(learned), torch.Generator().manual_seed(seed))
        scaling = Scaling.fit(history, self.scale)
        train_recurrent(model, scaling.apply(history), learned, self.config, seed)
        return FittedRecurrent(model, scaling, self.config.window, tuple(horizons), self.strategy)


@dataclass(frozen=True)
class FittedRecurrent:
    """A trained network with the scaling of its history."""

    model: GRU
    scaling: Scaling
    context: int
    horizons: tuple[int, ...]
    strategy: Strategy

    @property
    def parameters(self) -> int:
        """How many weights the network has."""
        return sum(weight.numel() for weight in self.model.parameters())

    def forecast(self, contexts: np.ndarray) -> np.ndarray:
        """Forecast; see `Fitted.forecast`."""
        with torch.inference_mode():
            outputs, state = self.model(torch.from_numpy(self.scaling.apply(contexts)))
            last = outputs[:, -1]
            if self.strategy == "recursive":
                path = [last]
                for _ in range(max(self.horizons) - 1):
                    outputs, state = self.model(path[-1], state)
                    path.append(outputs[:, -1])
                last = torch.cat([path[horizon - 1] for horizon in self.horizons], dim=1)
        return self.scaling.invert(last.numpy())
