"""The gradient of the MLP's squared error, written down instead of recorded step by step.

With 20 windows and 193 weights, automatic differentiation spends its time on bookkeeping, not on numbers.

Let X be the windows, shape (batch, window), y what followed them, (batch,), W, (hidden, window), and b,
(hidden,), the hidden layer, v, (hidden,), and c the output:

    Z = X Wᵀ + b        H = max(Z, 0)        e = H v + c − y        E = Σ e²

E depends on the prediction through e alone, with dE/de = 2e =: d. The output is linear, so

    dE/dv = Hᵀ d        dE/dc = Σ d        dE/dH = d vᵀ

A unit hands on the gradient where it is above 0, dE/dZ = dE/dH ⊙ [H > 0] =: D, and the hidden layer is linear
again:

    dE/dW = Dᵀ X        dE/db = Σ D, over the batch
"""

import torch
from torch import Tensor

from seqstep.models.mlp import MLP


@torch.no_grad()
def squared_error(model: MLP, windows: Tensor, labels: Tensor) -> Tensor:
    """Sum the squared errors of a batch, and put their gradient into `.grad` of the model's weights.

    Args:
        windows: X, shape (batch, window).
        labels: y, shape (batch,).

    Returns:
        E, a scalar on the model's device.
    """
    W, b = model.hidden.weight, model.hidden.bias
    v, c = model.output.weight, model.output.bias
    H = torch.addmm(b, windows, W.T).relu_()
    e = torch.addmv(c, H, v[0]).sub_(labels)
    d = 2 * e
    D = torch.outer(d, v[0]).mul_(H > 0)
    W.grad, b.grad = D.T @ windows, D.sum(0)
    v.grad, c.grad = (d @ H)[None], d.sum(0, keepdim=True)
    return e @ e
