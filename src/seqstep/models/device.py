"""Choosing where tensors live."""

from pathlib import Path
from typing import TYPE_CHECKING

from seqstep.errors import DeviceError
from seqstep.settings.config import Compute, Device

if TYPE_CHECKING:
    import torch

# Where a driver for CUDA shows itself, on Linux and on its subsystem in Windows.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg")


def device_name(device: Device) -> str:
    """Name what a training would run on: `cpu`, or a GPU; torch is asked only where there may be one."""
    if device == "cpu" or not any(Path(driver).exists() for driver in _DRIVERS):
        return "cpu" if device == "auto" else device
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def resolve_device(device: Device) -> "torch.device":
    """Choose the device: `auto` takes a CUDA GPU where there is one, else the processor.

    Raises:
        DeviceError: `cuda` where there is no GPU that torch can use.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise DeviceError("expected a CUDA GPU (device=cuda), got none that torch can use; set device=cpu")
    return torch.device("cuda" if has_cuda and device != "cpu" else "cpu")


def prepare_device(compute: Compute) -> "torch.device":
    """Choose the device, and let this thread's work on the processor use so many of its own.

    Raises:
        DeviceError: see `resolve_device`.
    """
    use_threads(compute.threads)
    return resolve_device(compute.device)


def use_threads(threads: int) -> None:
    """Let this thread's work on the processor use so many of its own."""
    import torch

    torch.set_num_threads(threads)
