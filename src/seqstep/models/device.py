"""Choosing where tensors live."""

import torch

from seqstep.config import Compute, Device
from seqstep.errors import DeviceError


def resolve_device(device: Device) -> torch.device:
    """Choose the device: `auto` takes a CUDA GPU where there is one, else the processor.

    Raises:
        DeviceError: `cuda` where there is no GPU that torch can use.
    """
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise DeviceError("expected a CUDA GPU (device=cuda), got none that torch can use; set device=cpu")
    return torch.device("cuda" if has_cuda and device != "cpu" else "cpu")


def prepare_device(compute: Compute) -> torch.device:
    """Choose the device, and let this thread's work on the processor use so many of its own.

    Raises:
        DeviceError: see `resolve_device`.
    """
    torch.set_num_threads(compute.threads)
    return resolve_device(compute.device)
