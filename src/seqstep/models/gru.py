"""The recurrent network that forecasts a series: a GRU that reads one value a step."""

import math

import torch
from torch import Tensor, nn


class GRU(nn.Module):
    """From values to what follows each of them, with a state that carries what came before.

    Args:
        hidden: units of the hidden state.
        outputs: values that are predicted at every step, such as one per horizon.
        generator: draws all weights uniformly in ±1/sqrt(hidden), as the library does.

    Source: Cho et al. (2014), Learning phrase representations using RNN encoder–decoder.
    """

    def __init__(self, hidden: int, outputs: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        # Born without values: the layers' own draws would come from torch's global generator.
        self.layer = nn.GRU(1, hidden, batch_first=True, device="meta")
        self.output = nn.Linear(hidden, outputs, device="meta")
        self.to_empty(device="cpu")
        bound = 1 / math.sqrt(hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def forward(self, values: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read values and predict at each of them.

        Args:
            values: shape (batch, steps), float32.
            state: shape (1, batch, hidden); zeros if there is none.

        Returns:
            predictions, shape (batch, steps, outputs), and the state after the last step.
        """
        states, state = self.layer(values.unsqueeze(-1), state)
        return self.output(states), state
