r"""The network from scratch over all steps at once: fast, and equal to its cell taken step by step.

The cell is `RNNScratch.step`. With x_t the token of step t, over all sequences of a minibatch:

    Z_t = W_xh[x_t] + b_h + H_{t-1} W_hh        H_t = tanh Z_t        O_t = H_t W_hq + b_q

Only H_{t-1} W_hh has to wait for the step before. The rows of W_xh are gathered for all steps before the
loop (a one-hot row times a matrix is a row of it), and the outputs are one product after it.

**The way back.** Write dA for the derivative of the loss by A, and let dO_t be given for every step.
H_t acts on the loss through O_t and through Z_{t+1}, and the slope of tanh is 1 - tanh²:

    dH_t = dO_t W_hqᵀ + dZ_{t+1} W_hhᵀ          dZ_t = dH_t ⊙ (1 - H_t²)

with dZ_{T+1} W_hhᵀ replaced by the derivative by the state that is handed on (zero in a training, which
cuts it off). The first terms are one product for all steps; the loop adds the second. A weight that is used
in every step collects a sum over the steps, and such a sum of products is one product of matrices in
which the steps stand side by side:

    dW_hh = Σ_t H_{t-1}ᵀ dZ_t      dW_xh = Σ_t X_tᵀ dZ_t      dW_hq = Σ_t H_tᵀ dO_t
    db_h = Σ_t dZ_t      db_q = Σ_t dO_t      dH_0 = dZ_1 W_hhᵀ

**The layout.** Everything stands transposed, with the hidden units as rows: shape (hidden, steps, batch), so
that the steps side by side are no copy but a view. A processor's library then reads the large matrix of a
product as it lies and rearranges the small one; the other way round it rearranges W_hh in every step.

**The precision.** In bfloat16 the factors and the results of the products are rounded to 8 bits; the
library sums them in float32. Weights, their steps, tanh and the loss stay in float32. The gradient of b_h is
summed from that of W_xh, for a one-hot vector sums to 1: in float32, of sums that were rounded.

**On a GPU** one kernel takes all steps (`seqstep.models.recurrence_on_gpu`); it rounds only states and dZ_t.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqstep.models import kernels

# A number without a type of its own: it takes that of what it is added to.
_MINUS_ONE = torch.tensor(-1.0)


@dataclass(eq=False)
class Memory:
    """What a pass writes to; a system takes longer to hand out fresh memory than a pass to fill it.

    Attributes:
        states: H_0 to H_T, shape (hidden, steps + 1, batch), in the precision of the products.
        gradients: dH_t and in its place dZ_t, shape (hidden, steps, batch), likewise.
        slopes: 1 - H_t², likewise; a kernel does without.
        product: of one step, shape (hidden, batch), likewise; a kernel does without.
        wide: the same in the precision of the weights; the same place where that is one.
        factor: W_hh or its transpose, shape (hidden, hidden), in the precision of the products.
        in_use: a pass is to be gone back that needs what is here.
    """

    states: Tensor
    gradients: Tensor
    slopes: Tensor
    product: Tensor
    wide: Tensor
    factor: Tensor
    in_use: bool = False

    @classmethod
    def allocate(cls, ids: Tensor, W_hh: Tensor, precision: torch.dtype) -> "Memory":
        """Take fresh memory for a pass over tokens of shape (batch, steps)."""
        (batch, steps), hidden = ids.shape, len(W_hh)
        empty = torch.empty(0, dtype=precision, device=W_hh.device)
        product = empty.new_empty(hidden, batch)
        return cls(
            states=empty.new_empty(hidden, steps + 1, batch),
            gradients=empty.new_empty(hidden, steps, batch),
            slopes=empty.new_empty(hidden, steps, batch),
            product=product,
            wide=product.to(W_hh.dtype),
            factor=empty.new_empty(hidden, hidden),
        )

    def is_free_for(self, ids: Tensor, W_hh: Tensor, precision: torch.dtype) -> bool:
        """Tell whether such a pass can write here."""
        wide, place = self.wide, self.slopes
        kinds = (wide.dtype, place.dtype, place.device) == (W_hh.dtype, precision, W_hh.device)
        return kinds and not self.in_use and place.shape == (len(W_hh), *ids.T.shape)


class Pass(torch.autograd.Function):
    """All steps of a minibatch, with the way back written by hand.

    Should it be gone back twice, with another pass in the same memory between, torch notices that the states
    have changed.

    Args of `apply`:
        ids: tokens, shape (batch, steps), int64.
        H: the state before them, shape (batch, hidden).
        memory: for such a pass; in use until the way back was gone.
        W_xh, W_hh, b_h, W_hq, b_q: the weights.

    Returns:
        logits, shape (batch, steps, vocab), and the state after the last step, shape (batch, hidden).
    """

    @staticmethod
    def forward(
        ctx: Any,
        ids: Tensor,
        H: Tensor,
        memory: Memory,
        W_xh: Tensor,
        W_hh: Tensor,
        b_h: Tensor,
        W_hq: Tensor,
        b_q: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """See above, "The cell"."""
        memory.in_use = True
        states, tokens, precision = memory.states, ids.t(), memory.states.dtype
        # The weights are doubled for `_tanh_of_half`.
        inputs = (2 * (W_xh + b_h)).t().contiguous()
        states[:, 1:].flatten(1).copy_(inputs.index_select(1, tokens.flatten()))
        states[:, 0] = H.t()
        memory.factor.copy_(W_hh.t()).mul_(2)
        _walk(memory)
        outputs = W_hq.t().to(precision) @ states[:, 1:].flatten(1)
        logits = outputs.to(b_q.dtype).add_(b_q[:, None]).unflatten(1, tokens.shape)
        ctx.save_for_backward(ids, W_hh, W_hq, states)
        ctx.memory, ctx.vocab = memory, len(W_xh)
        return logits.permute(2, 1, 0), states[:, -1].t().to(H.dtype, copy=True)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dO: Tensor, dH: Tensor) -> tuple[Tensor | None, ...]:
        """See above, "The way back"."""
        ids, W_hh, W_hq, states = ctx.saved_tensors
        memory, kind = ctx.memory, W_hh.dtype
        by_output = dO.permute(2, 1, 0).flatten(1)
        rounded = by_output.to(states.dtype)
        torch.mm(W_hq.to(states.dtype), rounded, out=memory.gradients.flatten(1))
        memory.gradients[:, -1] += dH.t()
        go_back(memory, W_hh)
        by_input, tokens = memory.gradients.flatten(1), ids.t().flatten()
        one_hot = states.new_zeros(ctx.vocab, len(tokens)).scatter_(0, tokens[None], 1)
        by_W_xh = (one_hot @ by_input.t()).to(kind)
        gradients = (
            None,
            (memory.factor @ memory.gradients[:, 0]).t().to(kind) if ctx.needs_input_grad[1] else None,
            None,
            by_W_xh,
            (states[:, :-1].flatten(1) @ by_input.t()).to(kind),
            by_W_xh.sum(0),
            (states[:, 1:].flatten(1) @ rounded.t()).to(kind),
            by_output.sum(1),
        )
        memory.in_use = False
        return gradients


def _walk(memory: Memory) -> None:
    """Walk from the first step to the last; see above, "The cell".

    Args:
        memory: holds H_0, for each H_t twice what its token gives it, for which H_t is put, and as factor
            twice W_hh, transposed.
    """
    if kernels.walk(memory.states, memory.factor):
        return
    states = memory.states.unbind(1)
    for before, after in itertools.pairwise(states):
        torch.addmm(after, memory.factor, before, out=memory.product)
        _tanh_of_half(memory.product, memory.wide, after)


def go_back(memory: Memory, W_hh: Tensor) -> None:
    """Walk from the last step to the first; see above, "The way back".

    Args:
        memory: holds H_0 to H_T, and of each dH_t what comes from its own output (and, in the last one,
            from the state that is handed on), for which dZ_t is put.
        W_hh: shape (hidden, hidden).
    """
    factor = memory.factor.copy_(W_hh)
    if kernels.walk_back(memory.gradients, memory.states[:, 1:], factor):
        return
    one = memory.slopes.new_ones(())
    torch.addcmul(one, memory.states[:, 1:], memory.states[:, 1:], value=-1, out=memory.slopes)
    slopes, gradients = memory.slopes.unbind(1), memory.gradients.unbind(1)
    gradients[-1].mul_(slopes[-1])
    for step in reversed(range(len(slopes) - 1)):
        torch.addmm(gradients[step], factor, gradients[step + 1], out=memory.product)
        torch.mul(memory.product, slopes[step], out=gradients[step])


def _tanh_of_half(z: Tensor, wide: Tensor, out: Tensor) -> None:
    """Write tanh(z / 2), which is 2 σ(z) - 1 and so several times as fast, by way of full precision."""
    torch.add(_MINUS_ONE, torch.sigmoid(z, out=wide), alpha=2, out=out)
