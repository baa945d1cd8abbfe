"""Finding the kernels that walk all steps of a recurrence at once, where there is a GPU for them."""

import warnings
from functools import cache
from types import ModuleType

import torch
from torch import Tensor

#: of a state, that the kernels take; they were tried up to here
_UNITS = 1024


def kernels_for(states: Tensor) -> ModuleType | None:
    """Return `seqstep.models.recurrence_on_gpu`, or None where the steps have to be taken one by one.

    Args:
        states: of the size, type and place in question; shape (hidden, steps, batch).
    """
    small = len(states) <= _UNITS and states.dtype in {torch.float32, torch.bfloat16}
    return _tried(states.shape, states.dtype, states.device) if states.is_cuda and small else None


@cache
def _tried(shape: torch.Size, precision: torch.dtype, device: torch.device) -> ModuleType | None:
    """Start both kernels once: whether they can be compiled here, and all their programs run at once."""
    states = torch.zeros(shape, dtype=precision, device=device)
    factor = states.new_zeros(shape[0], shape[0])
    try:
        from seqstep.models import recurrence_on_gpu

        recurrence_on_gpu.walk(states, factor)
        recurrence_on_gpu.walk_back(states, states, factor)
        torch.cuda.current_stream(device).synchronize()
    except Exception as error:  # noqa: BLE001  (whatever a compiler or a driver stumbles over)
        warnings.warn(
            f"the steps of a recurrence are taken one by one, which is slower: {error!r}", stacklevel=2
        )
        return None
    return recurrence_on_gpu
