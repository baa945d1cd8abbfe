"""Work on a GPU that is launched as one: a CUDA graph.

Source: PyTorch's documentation, "CUDA Graphs", whole-network capture.
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
        changed: all tensors that it changes; they are as before once it is captured.

    Raises:
        RuntimeError: it can't be captured.
    """
    graph, stream, caller = torch.cuda.CUDAGraph(), torch.cuda.Stream(), torch.cuda.current_stream()
    with _capturing:
        stream.wait_stream(caller)
        with torch.cuda.stream(stream):
            rehearse(work, changed)
        caller.wait_stream(stream)
        # A training in a thread beside this one may take memory meanwhile.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            work()
    return graph.replay


def rehearse(work: Work, changed: Sequence[Tensor]) -> None:
    """Do work some times, then put the tensors that it changes back to what they were."""
    before = [tensor.detach().clone() for tensor in changed]
    for _ in range(_TIMES):
        work()
    with torch.no_grad():
        for tensor, value in zip(changed, before, strict=True):
            tensor.copy_(value)
