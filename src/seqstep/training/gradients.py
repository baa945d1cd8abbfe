"""Gradients by automatic differentiation."""

import torch
from torch import Tensor, nn


def differentiate(loss: Tensor, model: nn.Module) -> None:
    """Put the gradient of a loss into `.grad` of the model's weights.

    Args:
        loss: a scalar; a weight that it does not depend on has a gradient of 0, and stays as it is.
    """
    model.zero_grad()
    loss.backward()
    for weight in model.parameters():
        if weight.requires_grad and weight.grad is None:
            weight.grad = torch.zeros_like(weight)
