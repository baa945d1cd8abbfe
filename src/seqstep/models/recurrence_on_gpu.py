"""The steps of a recurrence on a GPU: all of them in one kernel each way.

A GPU takes longer to start the product of one step than to do it. So one kernel is started for all steps.
Each of its programs owns some rows of W_hh, reads them once, and computes the same rows of every state; after
a step all programs meet, for the next step needs all rows. What is computed is derived in
`seqstep.models.recurrence`. Sums are in float32, and float32 factors are not rounded.

Source: Diamos et al., "Persistent RNNs: Stashing Recurrent Weights On-Chip" (2016).
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

#: rows of W_hh for one program
_ROWS = 16
#: sequences of a minibatch for one program, by the bytes of a number; it reads whole states of as many
_TEXTS = {2: 32, 4: 16}


def walk(states: Tensor, factor: Tensor) -> None:
    """Walk from the first step to the last.

    Args:
        states: H_0 and then, for each H_t, twice what its token gives it, for which H_t is put; float32 or
            bfloat16, shape (hidden, steps + 1, batch), in any layout.
        factor: twice W_hh, transposed, in the same type; shape (hidden, hidden), in any layout.

    Raises:
        Exception: of Triton or of the GPU's driver; the kernel can't be compiled or is too large.
    """
    _start(_walk, states.shape[1] - 1, factor, states)


def walk_back(gradients: Tensor, states: Tensor, factor: Tensor) -> None:
    """Walk from the last step to the first.

    Args:
        gradients: of each dH_t what comes from its own output (and, in the last one, from the state that is
            handed on), for which dZ_t is put; float32 or bfloat16, shape (hidden, steps, batch), in any
            layout.
        states: H_1 to H_T, likewise.
        factor: W_hh in the same type, shape (hidden, hidden), in any layout.

    Raises:
        Exception: of Triton or of the GPU's driver; the kernel can't be compiled or is too large.
    """
    _start(_walk_back, states.shape[1], factor, gradients, states)


def _start(kernel: Any, steps: int, factor: Tensor, *of_steps: Tensor) -> None:
    like = of_steps[0]
    hidden, _, batch = like.shape
    texts = _TEXTS[like.element_size()]
    groups = triton.cdiv(batch, texts)
    kernel[triton.cdiv(hidden, _ROWS), groups](
        *(part for tensor in (*of_steps, factor) for part in (tensor, tensor.stride())),
        torch.zeros(groups, dtype=torch.int32, device=like.device),
        *(hidden, batch, steps, _ROWS, max(16, triton.next_power_of_2(hidden)), texts),
        num_warps=4,
        num_stages=1,  # with more, states would be read before the programs that write them were there
        launch_cooperative_grid=True,  # all programs run at once, or none: they wait for each other
    )


@triton.jit
def _walk(  # noqa: PLR0913, PLR0917  (a kernel is given tensors and numbers alone)
    states,
    state_strides,
    factor,
    factor_strides,
    arrived,
    hidden,
    batch,
    STEPS: tl.constexpr,
    ROWS: tl.constexpr,
    HIDDEN: tl.constexpr,
    TEXTS: tl.constexpr,
):
    rows, units = tl.program_id(0) * ROWS + tl.arange(0, ROWS), tl.arange(0, HIDDEN)
    texts = tl.program_id(1) * TEXTS + tl.arange(0, TEXTS)
    weights = _read_rows(factor, factor_strides, rows, units, hidden)
    own, own_exists = _places(states, state_strides, rows, texts, hidden, batch)
    every, every_exists = _places(states, state_strides, units, texts, hidden, batch)
    for step in range(STEPS):
        z = tl.load(own + (step + 1) * state_strides[1], own_exists, 0.0).to(tl.float32)
        before = tl.load(every + step * state_strides[1], every_exists, 0.0, cache_modifier=".cg")
        z = tl.dot(weights, before, z, input_precision="ieee")
        after = 2 * tl.sigmoid(z) - 1
        tl.store(own + (step + 1) * state_strides[1], after.to(states.dtype.element_ty), own_exists)
        _meet(arrived, step + 1)


@triton.jit
def _walk_back(  # noqa: PLR0913, PLR0917  (a kernel is given tensors and numbers alone)
    gradients,
    gradient_strides,
    states,
    state_strides,
    factor,
    factor_strides,
    arrived,
    hidden,
    batch,
    STEPS: tl.constexpr,
    ROWS: tl.constexpr,
    HIDDEN: tl.constexpr,
    TEXTS: tl.constexpr,
):
    rows, units = tl.program_id(0) * ROWS + tl.arange(0, ROWS), tl.arange(0, HIDDEN)
    texts = tl.program_id(1) * TEXTS + tl.arange(0, TEXTS)
    weights = _read_rows(factor, factor_strides, rows, units, hidden)
    own, own_exists = _places(gradients, gradient_strides, rows, texts, hidden, batch)
    every, every_exists = _places(gradients, gradient_strides, units, texts, hidden, batch)
    own_states, _ = _places(states, state_strides, rows, texts, hidden, batch)
    for done in range(STEPS):
        step = STEPS - 1 - done
        H = tl.load(own_states + step * state_strides[1], own_exists, 0.0).to(tl.float32)
        dH = tl.load(own + step * gradient_strides[1], own_exists, 0.0).to(tl.float32)
        # Zeros after the last step: a product in one of two branches would be compiled into slow code.
        exists = every_exists & (done > 0)
        after = tl.load(every + (step + 1) * gradient_strides[1], exists, 0.0, cache_modifier=".cg")
        dZ = tl.dot(weights, after, dH, input_precision="ieee") * (1 - H * H)
        tl.store(own + step * gradient_strides[1], dZ.to(gradients.dtype.element_ty), own_exists)
        _meet(arrived, done + 1)


@triton.jit
def _read_rows(factor, strides, rows, units, hidden):
    places = factor + rows[:, None] * strides[0] + units[None, :] * strides[1]
    return tl.load(places, (rows[:, None] < hidden) & (units[None, :] < hidden), 0.0)


@triton.jit
def _places(tensor, strides, units, texts, hidden, batch):
    """Return where step 0 of some units and texts stands, and which of these exist."""
    places = tensor + units[:, None] * strides[0] + texts[None, :] * strides[2]
    return places, (units[:, None] < hidden) & (texts[None, :] < batch)


@triton.jit
def _meet(arrived, times):
    """Wait until all programs of these texts have come so many times, and see what they have written."""
    counter = arrived + tl.program_id(1)
    tl.debug_barrier()
    tl.atomic_add(counter, 1, sem="release")
    while tl.atomic_add(counter, 0, sem="acquire") < times * tl.num_programs(0):
        pass
    tl.debug_barrier()
