"""The recurrent layer from scratch, shaped as the library's: a loop over the steps."""

import torch
from torch import Tensor, nn


class TanhLayer(nn.Module):
    """H_t = tanh(X_t W_xh + H_{t-1} W_hh + b), with the weights under the library's names and transposed.

    Args:
        inputs: values that are read at every step.
        hidden: units of the hidden state.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden, inputs))
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden, hidden))
        self.bias_l0 = nn.Parameter(torch.empty(hidden))

    def forward(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Read all steps.

        Args:
            inputs: shape (steps, batch, inputs).
            state: before them, shape (1, batch, hidden).

        Returns:
            the states after each, shape (steps, batch, hidden), and that after the last, as it came.
        """
        H, states = state[0], []
        for X in nn.functional.linear(inputs, self.weight_ih_l0, self.bias_l0).unbind():
            H = torch.tanh(X + nn.functional.linear(H, self.weight_hh_l0))
            states.append(H)
        return torch.stack(states), H[None]
