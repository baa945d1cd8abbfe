"""Whether a pass that is written by hand does what the model's own definition says.

Such a pass is faster than automatic differentiation, and knows one formula: a network that is edited is
another one. So before a training both walk some minibatches, and must agree in all that comes out and in
every gradient: with weights, states and inputs that are drawn, small and large, since a bias that begins at
zero would not be missed and a bound that nothing comes near not be seen; and with the model's own weights on
the training's own data. What is drawn in a pass is the same in both. Weights grow, so a training looks again
along its way.

It happens on copies of the model, and torch's generators are put back, so the training is not disturbed.
What copies can't show, hooks and buffers, no pass by hand knows.
"""

import copy
import time
from collections.abc import Sequence
from textwrap import shorten
from typing import Generic

from torch import nn

from seqstep.errors import ModelError
from seqstep.training.probe import Model, Probe, Way, Ways, compare, keeping_generators, prepared, walk

_BY_DEFINITION = (
    "trains by the model's own definition, with automatic differentiation in the weights' own type, for the"
    " fast pass that is written by hand"
)
#: of weights, states and inputs that are drawn
SCALES = (0.1, 1.0, 10.0, 100.0)
#: times that a way is timed, letters of an error
_TIMES, _WIDTH = 3, 200


def find_difference(model: Model, probes: Sequence[Probe[Model]], trained: Ways[Model]) -> str:
    """Hold the pass that is written by hand against the definition.

    Args:
        model: on the device where it will be trained; it stays as it is.
        probes: where to look, until something differs.
        trained: both ways, as the training will take them.

    Returns:
        what differs, and how long the definition takes, for the user to read; empty if nothing differs.
    """
    if error := _copy_error(model):
        return f"{_BY_DEFINITION} can't be held against it on a copy: {error}"
    with keeping_generators(model):
        walk(
            prepared(model), probes[0].ways.definition
        )  # an error of the definition itself is the user's to see
        difference, seconds = _unheard(model) or _look(model, probes, trained.by_hand), None
        if not difference:
            return ""
        if difference.startswith("differs"):
            seconds = _seconds(model, trained.by_hand)
        cost = _seconds(model, trained.definition)
    times = f", {cost / seconds:.2g} times as long as by hand" if seconds else ""
    return f"{_BY_DEFINITION} {difference}; the gradients of a minibatch take {cost * 1e3:.3g} ms{times}"


class LaterCheck(Generic[Model]):
    """Looks along a training by hand whether both ways agree with the weights that it has come to.

    Args:
        model: as it is before the training; what it keeps from a pass may be impossible to copy.
        ways: on the training's own data.
    """

    def __init__(self, model: Model, ways: Sequence[Ways[Model]]) -> None:
        self._before, self._ways = copy.deepcopy(model), ways

    def check(self, model: Model, epoch: int) -> None:
        """Make sure that the weights after an epoch are what the definition leads to.

        Of weights that are no numbers nothing can be said.

        Raises:
            ModelError: the ways part at these weights.
        """
        if not all(weight.isfinite().all() for weight in model.parameters()):
            return
        self._before.load_state_dict(model.state_dict())
        with keeping_generators(model):
            difference = _look(self._before, [Probe(ways) for ways in self._ways])
        if difference:
            raise ModelError(
                "expected the fast pass that is written by hand to do what the definition of"
                f" {type(model).__name__} says also with the weights after epoch {epoch}, but it"
                f" {difference}. So these weights are not what the definition leads to; write"
                " `by_hand = False` into that class, and it is trained by its definition from the start"
            )


def _copy_error(model: Model) -> str:
    """Say why a model can't be copied, as one that keeps what came of its weights; empty if it can."""
    try:
        copied = copy.deepcopy(model)
    except Exception as error:  # noqa: BLE001  (whatever a model keeps)
        return shorten(f"{type(error).__name__}: {error}", _WIDTH, placeholder="…")
    return _other_class(model, copied)


def _other_class(model: nn.Module, copied: nn.Module) -> str:
    return "" if type(copied) is type(model) else f"it is a {type(copied).__name__}"


def _unheard(model: Model) -> str:
    """Say which hook or buffer of a model a pass by hand passes by; empty if it has none."""
    owners = (*model.named_modules(), *model.named_parameters())
    hooked = [name or "the model" for name, owner in owners if _is_hooked(owner)]
    if hooked:
        return f"does not call the hooks of {hooked[0]}"
    buffers = [name for name, _ in model.named_buffers()]
    return f"does not know the buffer {buffers[0]}" if buffers else ""


def _is_hooked(owner: nn.Module | nn.Parameter) -> bool:
    """Tell whether a module or a weight has hooks; a copy of a weight has none of them."""
    return bool(
        getattr(owner, "_backward_hooks", None)
        or getattr(owner, "_backward_pre_hooks", None)
        or getattr(owner, "_forward_hooks", None)
        or getattr(owner, "_forward_pre_hooks", None)
        or getattr(owner, "_post_accumulate_grad_hooks", None)
    )


def _look(model: Model, probes: Sequence[Probe[Model]], trained: Way[Model] | None = None) -> str:
    """Say how the pass by hand stands to the definition; empty if nothing tells them apart."""
    try:
        for probe in probes:
            if values := compare(model, probe):
                return f"differs from it: {values}"
        if trained:
            walk(prepared(model), trained)
    except Exception as error:  # noqa: BLE001  (whatever a pass makes of weights that it does not know)
        reason = shorten(f"{type(error).__name__}: {error}", _WIDTH, placeholder="…")
        return f"can't be taken: {reason}"
    return ""


def _seconds(model: Model, way: Way[Model]) -> float:
    """Time a way on a copy, the best of some times after a first one."""
    probe, times = prepared(model), []
    for _ in range(_TIMES + 1):
        start = time.perf_counter()
        for value in way(probe).values():
            value.detach().norm().item()  # so that a GPU has done its work
        times.append(time.perf_counter() - start)
    return min(times[1:])
