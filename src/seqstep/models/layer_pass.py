"""The library's `nn.RNN` over all steps, with the way back that `seqstep.models.recurrence` derives.

Forward, the layer itself is called. Backward, torch would make a product for the gradient of each weight in
each step and add 35 of them, in bfloat16 even the sums rounded. The states that the layer gives are all that
the derivation needs, so here each matrix's gradient is one product.

The layer's weights stand transposed to the derivation's (W_hh is `weight_hh_l0.T`), and its two biases
have the same gradient, summed from that of W_ih. Everything has the layer's shape, (steps, batch, hidden).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from seqstep.models import kernels


class LayerPass(torch.autograd.Function):
    """All steps of a minibatch through a layer of tanh units.

    Args of `apply`:
        ids: tokens, shape (batch, steps), int64.
        H: the state before them, shape (1, batch, hidden).
        memory: what the way back writes to by the way, kept from one pass to the next.
        layer: called with copies of the weights in its own precision, unless they are its own.
        W_ih, W_hh, b_ih, b_hh: the weights.

    Returns:
        the states after each step, shape (steps, batch, hidden), in the layer's precision, and the last one
        in that of the weights, shape (1, batch, hidden).
    """

    @staticmethod
    def forward(
        ctx: Any,
        ids: Tensor,
        H: Tensor,
        memory: dict[str, Tensor],
        layer: nn.RNN,
        W_ih: Tensor,
        W_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Call the layer."""
        for own, weight in zip(layer.parameters(), (W_ih, W_hh, b_ih, b_hh), strict=True):
            if own.dtype != weight.dtype:
                own.copy_(weight)
        precision = next(layer.parameters()).dtype
        one_hot = one_hot_steps(ids, W_ih.shape[1], precision)
        states, last = layer(one_hot, H.to(precision))
        ctx.save_for_backward(one_hot, H, W_hh, states)
        ctx.memory = memory
        return states, last.to(H.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_states: Tensor, by_last: Tensor) -> tuple[Tensor | None, ...]:
        """Go back from the last step to the first, then make each weight's gradient."""
        one_hot, H, W_hh, states = ctx.saved_tensors
        kind, precision = W_hh.dtype, states.dtype
        factor = W_hh.to(precision)
        by_input = _keep(ctx.memory, "by_input", states, units_first=states.is_cuda)
        before = _keep(ctx.memory, "before", states)
        by_input.copy_(by_states)
        by_input[-1] += by_last[0]
        _go_back(by_input, states, factor, ctx.memory)
        torch.cat((H.to(precision), states[:-1]), out=before)
        flat = by_input.flatten(0, 1)
        by_W_ih = (flat.t() @ one_hot.flatten(0, 1)).to(kind)
        by_bias = by_W_ih.sum(1)
        return (
            None,
            (by_input[:1] @ factor).to(kind) if ctx.needs_input_grad[1] else None,
            None,
            None,
            by_W_ih,
            (flat.t() @ before.flatten(0, 1)).to(kind),
            by_bias,
            by_bias.clone(),
        )


def _go_back(gradients: Tensor, states: Tensor, factor: Tensor, memory: dict[str, Tensor]) -> None:
    """Walk from the last step to the first; see `seqstep.models.recurrence.go_back`.

    Args:
        gradients: dH_t, for which dZ_t is put; shape (steps, batch, hidden).
        states: H_1 to H_T, likewise.
        factor: the layer's `weight_hh`, shape (hidden, hidden).
    """
    if kernels.walk_back(gradients.permute(2, 0, 1), states.permute(2, 0, 1), factor.t()):
        return
    slopes = _keep(memory, "slopes", states)
    torch.addcmul(states.new_ones(()), states, states, value=-1, out=slopes)
    gradients[-1] *= slopes[-1]
    for step in reversed(range(len(slopes) - 1)):
        gradients[step].addmm_(gradients[step + 1], factor).mul_(slopes[step])


def _keep(memory: dict[str, Tensor], name: str, like: Tensor, units_first: bool = False) -> Tensor:
    """Take the memory of that name, fresh if there is none that is like a tensor.

    Args:
        like: shape (steps, batch, hidden).
        units_first: it lies there with the hidden units as rows, as a GPU's kernel reads it fastest.
    """
    found = memory.get(name)
    if found is None or (found.shape, found.dtype, found.device) != (like.shape, like.dtype, like.device):
        rows = like.permute(2, 0, 1) if units_first else like
        fresh = torch.empty_like(rows, memory_format=torch.contiguous_format)
        found = memory[name] = fresh.permute(1, 2, 0) if units_first else fresh
    return found


def one_hot_steps(ids: Tensor, vocab: int, kind: torch.dtype) -> Tensor:
    """Make the vectors that a layer of the library reads, step by step.

    Args:
        ids: shape (batch, steps).

    Returns:
        shape (steps, batch, vocab).
    """
    tokens = ids.t()[:, :, None]
    return torch.zeros(*tokens.shape[:2], vocab, dtype=kind, device=ids.device).scatter_(2, tokens, 1)
