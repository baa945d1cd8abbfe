"""Work on a GPU that is launched as one: a CUDA graph.

Source: PyTorch's documentation, "CUDA Graphs", whole-network capture. It wants a process to do nothing else
on the GPU meanwhile. Here a training may go on in a thread beside this one; what that does, take memory and
wait for its own stream, `thread_local` allows.
"""

import threading
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Work = Callable[[], None]

_TIMES = 3  # as that documentation has it: libraries choose their kernels and take their memory at first
_capturing = threading.Lock()


def capture(work: Work, changed: Sequence[Tensor]) -> Work:
    """Capture work; return what replays it.

    Args:
        work: launches the same kernels on the same tensors each time, and waits for none.
        changed: all tensors that it changes; they are as before once this ends.

    Raises:
        RuntimeError: it can't be captured, or takes more memory than there is.
    """
    graph, stream, caller = torch.cuda.CUDAGraph(), torch.cuda.Stream(), torch.cuda.current_stream()
    # A capture that fails leaves its stream in force, which this one puts an end to.
    with _capturing, torch.cuda.stream(caller):
        stream.wait_stream(caller)
        try:
            with torch.cuda.stream(stream):
                rehearse(work, changed)
        finally:
            caller.wait_stream(stream)
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            work()
    return graph.replay


def rehearse(work: Work, changed: Sequence[Tensor]) -> None:
    """Do work some times; put the tensors that it changes back to what they were, also if it fails."""
    before = [tensor.detach().clone() for tensor in changed]
    try:
        for _ in range(_TIMES):
            work()
    finally:
        with torch.no_grad():
            for tensor, value in zip(changed, before, strict=True):
                tensor.copy_(value)
