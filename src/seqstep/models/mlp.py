"""The multilayer perceptron that forecasts a series from a window.

Source: the notes, `simple_mlp`: 4 inputs, 32 hidden units with ReLU, 1 output, Xavier-uniform.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.series.forecast import WindowPredictor
from seqstep.series.scaling import Scaling


class MLP(nn.Module):
    """From a window of past values to the value that follows.

    Args:
        window: past values (tau).
        hidden: units of the hidden layer.
        generator: draws the weights (Xavier-uniform) and the biases (uniform, as `nn.Linear` does).

    Attributes:
        by_hand: whether it may be trained by a pass whose gradients are written by hand.
    """

    by_hand: bool = True

    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        # Born without values: the layers' own draws would come from torch's global generator.
        self.hidden = nn.Linear(window, hidden, device="meta")
        self.output = nn.Linear(hidden, 1, device="meta")
        self.to_empty(device="cpu")
        for layer in (self.hidden, self.output):
            bound = 1 / math.sqrt(layer.in_features)
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)

    def forward(self, windows: Tensor) -> Tensor:
        """Predict.

        Args:
            windows: shape (windows, window), float32.

        Returns:
            shape (windows,).
        """
        return self.output(torch.relu(self.hidden(windows))).squeeze(-1)


def predictor(model: MLP, scaling: Scaling) -> WindowPredictor:
    """Wrap a trained model as a function from windows to values in the unit of the series."""
    device = next(model.parameters()).device

    def predict(windows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            scaled = torch.from_numpy(scaling.apply(windows)).to(device)
            return scaling.invert(model(scaled).cpu().numpy())

    return predict
