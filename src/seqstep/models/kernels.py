"""Starting the kernels that walk all steps of a recurrence at once, where there is a GPU for them."""

import threading
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

#: of a state; the kernels were tried up to here
_MOST_UNITS = 1024
#: numbers in a tensor; the kernels count its places in 32 bits
_MOST_NUMBERS = 2**31 - 1

_starting = threading.Lock()  # Triton compiles and loads a kernel when it is started first, for one thread
_failed: set[tuple[torch.Size, torch.dtype, torch.device]] = set()


def walk(states: Tensor, factor: Tensor) -> bool:
    """Walk from the first step to the last, as `recurrence_on_gpu.walk` does; return whether it has begun."""

    def start() -> None:
        from seqstep.models import recurrence_on_gpu

        recurrence_on_gpu.walk(states, factor)

    return _started(start, states)


def walk_back(gradients: Tensor, states: Tensor, factor: Tensor) -> bool:
    """Walk from the last step to the first, as `recurrence_on_gpu.walk_back` does; return likewise."""

    def start() -> None:
        from seqstep.models import recurrence_on_gpu

        recurrence_on_gpu.walk_back(gradients, states, factor)

    return _started(start, gradients)


def _started(start: Callable[[], None], like: Tensor) -> bool:
    """Start a kernel on tensors of shape (hidden, steps, batch), if there is a GPU and it can be started.

    What fails does so before anything is written, and is not tried again.
    """
    fits = len(like) <= _MOST_UNITS and like.numel() <= _MOST_NUMBERS
    if not (like.is_cuda and fits and like.dtype in {torch.float32, torch.bfloat16}):
        return False
    kind = (like.shape, like.dtype, like.device)
    if kind in _failed:
        return False
    try:
        with _starting:
            start()
    except Exception as error:  # noqa: BLE001  (whatever a compiler or a driver stumbles over)
        _failed.add(kind)
        warnings.warn(
            f"the steps of a recurrence are taken one by one, which is slower: {error!r}. All at once takes"
            " Triton, which torch brings along where it is built for CUDA, and a C compiler",
            stacklevel=1,
        )
        return False
    return True
