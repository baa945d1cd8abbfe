"""Whether the library's recurrent layers can round on this processor, as oneDNN was told to use it."""

from functools import cache

import torch
from torch import nn


@cache
def see_that_layers_round(rounded: torch.dtype) -> None:
    """Have PyTorch do without oneDNN for the rest of the process if that can't round in an LSTM.

    So it is where `ONEDNN_MAX_CPU_ISA` allows less than the processor could do: PyTorch asks the processor,
    hands the layer to oneDNN, and that refuses it.

    Args:
        rounded: the type in which layers are to multiply.
    """
    with torch.device("meta"):
        layer = nn.LSTM(8, 8)
    layer.to_empty(device="cpu")
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    try:
        with torch.enable_grad(), torch.autocast("cpu", rounded, cache_enabled=False):
            layer(torch.zeros(2, 2, 8))
    except RuntimeError:
        torch.backends.mkldnn.set_flags(_enabled=False)
