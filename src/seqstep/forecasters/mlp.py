"""The multilayer perceptron as a forecaster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch

from seqstep.models.mlp import MLP, predictor
from seqstep.series.forecast import WindowPredictor
from seqstep.series.forecaster import Fitted
from seqstep.series.scaling import Scaling
from seqstep.series.strategies import Strategy, fit_strategy
from seqstep.series.windows import Windows
from seqstep.settings.config import MLPConfig
from seqstep.training.forecaster import ForecasterTraining


@dataclass(frozen=True)
class MLPForecaster:
    """The notes' perceptron, trained on all windows of the history.

    Nothing is chosen by validation, so no part of the history is kept back for it: `train_share` has no
    effect.

    Args:
        strategy: recursive, or direct with a network of its own for each horizon.
        notice: is told what the user should know of a training.
    """

    config: MLPConfig
    scale: Literal["none", "standard"]
    strategy: Strategy
    notice: Callable[[str], object] = lambda _text: None
    is_random = True

    def fit(self, history: np.ndarray, horizons: Sequence[int], seed: int) -> Fitted:
        """Scale by the history and train; see `Forecaster.fit`."""
        learn = partial(self._learn, Scaling.fit(history, self.scale), seed)
        return fit_strategy(self.strategy, learn, history, self.config.window, horizons)

    def _learn(self, scaling: Scaling, seed: int, windows: Windows) -> tuple[WindowPredictor, int]:
        model = MLP(self.config.window, self.config.hidden, torch.Generator().manual_seed(seed))
        scaled = Windows(scaling.apply(windows.features), scaling.apply(windows.labels))
        # The training wants windows to report on after each epoch; a batch of those that train is cheap.
        some = Windows(*(values[-self.config.batch :] for values in scaled))
        for _ in ForecasterTraining(model, scaled, some, self.config, seed, self.notice).run():
            pass
        return predictor(model, scaling), sum(weight.numel() for weight in model.parameters())
