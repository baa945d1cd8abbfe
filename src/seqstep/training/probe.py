"""One walk of two ways to the same gradients, on copies of a model that are disturbed in nothing else.

A gradient is a sum in which much can cancel. So models are widened to float64 where more than rounding shall
show: there two orders of the same sum agree in far more digits than training in float32 has.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from seqstep.errors import ModelError

Model = TypeVar("Model", bound=nn.Module)
#: from a model to its loss and what else comes out, by name; puts gradients into `.grad`
Way = Callable[[Model], Mapping[str, Tensor]]

#: part of a value, by its norm, that rounding may make: float32, and on a GPU the library's TF32
_ROUNDING = {"cpu": 1e-5, "cuda": 1e-2}
#: the same in float64; what is less is lost in float32
_WIDE_ROUNDING = 1e-6
#: a value whose norm is a smaller part of the largest gradient's counts as if it were such a part
_SMALL = 1e-2
#: values that are named
_NAMED = 3
_SEED = 0

_drawing = threading.Lock()  # torch's own generator is the whole process's


class Ways(NamedTuple, Generic[Model]):
    """Two ways to a model's gradients: the pass written by hand, and the definition differentiated."""

    by_hand: Way[Model]
    definition: Way[Model]


class Probe(NamedTuple, Generic[Model]):
    """Where two ways are held against each other.

    Attributes:
        ways: both, on some minibatch.
        scale: of the weights that are drawn; 0 takes the model's own.
        wide: in float64 instead of the weights' own type.
    """

    ways: Ways[Model]
    scale: float = 0.0
    wide: bool = True


@contextmanager
def keeping_generators(model: nn.Module) -> Iterator[None]:
    """Put torch's own generators back after what walks a model."""
    device = next(model.parameters()).device
    with _drawing, torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


def compare(model: Model, probe: Probe[Model]) -> str:
    """Say which values differ by more than rounding, and by how much, the first few; empty if none does.

    Raises:
        Exception: whatever a pass makes of weights that it does not know.
    """
    device = next(model.parameters()).device
    rounding = _WIDE_ROUNDING if probe.wide else _ROUNDING[device.type]
    expected, found = (walk(prepared(model, probe.scale, probe.wide), way) for way in reversed(probe.ways))
    norms = {name: value.norm().item() for name, value in expected.items()}
    least = _SMALL * max(norm for name, norm in norms.items() if name.startswith("the gradient"))
    differences = []
    for name, value in expected.items():
        distance = (found[name] - value).norm().item()
        # What is no number is a difference too.
        if not distance <= rounding * max(norms[name], least):
            differences.append(f"{name} {_share(distance, norms[name])}")
    more = len(differences) - _NAMED
    return ", ".join(differences[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def walk(model: Model, way: Way[Model]) -> dict[str, Tensor]:
    """Go a way; return what comes out and the gradients, by name.

    Raises:
        ModelError: it leaves a weight without a gradient.
    """
    found = {name: value.detach() for name, value in way(model).items()}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            if weight.grad is None:
                raise ModelError(f"expected a gradient for every weight, got none for {name}")
            found[f"the gradient of {name}"] = weight.grad.detach()
    return found


def prepared(model: Model, scale: float = 1.0, wide: bool = False) -> Model:
    """Copy a model for one walk, and seed what draws.

    Args:
        scale: of the weights that are drawn; at 1 each has a say and no unit is saturated; 0: its own.
    """
    # `to` has the library's layers lay their copied weights out as a GPU wants them.
    device = next(model.parameters()).device
    probe, generator = copy.deepcopy(model).to(device).train(), torch.Generator().manual_seed(_SEED)
    if wide:
        probe = probe.double()
    probe.zero_grad()
    with torch.no_grad():
        for weight in probe.parameters() if scale else ():
            spread = scale * (min(weight.shape) ** -0.5 if weight.ndim > 1 else 0.5)
            weight.copy_(spread * torch.randn(weight.shape, generator=generator))
    torch.default_generator.manual_seed(_SEED)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(_SEED)
    return probe


def _share(distance: float, norm: float) -> str:
    if norm == 0:
        return "which is 0 by the definition"
    return f"by {float(f'{100 * distance / norm:.3g}'):,g} %"
