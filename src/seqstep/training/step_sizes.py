"""The library's optimizers and schedules of the step size, as a training for unseen text chooses them."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import lr_scheduler

from seqstep.settings.config import HeldOutConfig

_FACTOR, _PATIENCE = 0.5, 1  # of the schedule plateau: the second validation without a better one halves


def make_optimizer(config: HeldOutConfig, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Make the optimizer of a name."""
    rate, decay = config.learning_rate, config.weight_decay
    if config.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, weight_decay=decay)
    if config.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, weight_decay=decay)
    return torch.optim.AdamW(parameters, rate, weight_decay=decay)


class StepSizes:
    """How the step size changes from epoch to epoch.

    Args:
        optimizer: whose step size it is.
        scheduler: of the library; it steps once an epoch, one for plateaus once a validation.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        scheduler: lr_scheduler.LRScheduler | lr_scheduler.ReduceLROnPlateau,
    ) -> None:
        self._optimizer, self._scheduler = optimizer, scheduler

    @property
    def rate(self) -> float:
        """The step size that is in force."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, figure: float, validated: bool) -> None:
        """Take note of the end of an epoch.

        Args:
            figure: perplexity of the latest validation.
            validated: whether that was in this epoch.
        """
        if not isinstance(self._scheduler, lr_scheduler.ReduceLROnPlateau):
            self._scheduler.step()
        elif validated:
            self._scheduler.step(figure)

    def state(self) -> dict[str, Any]:
        """Name what it remembers, as JSON has it."""
        return {"rate": self.rate, "scheduler": self._scheduler.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Remember what `state` named."""
        self._scheduler.load_state_dict(state["scheduler"])
        for group in self._optimizer.param_groups:
            group["lr"] = state["rate"]


def make_schedule(config: HeldOutConfig, optimizer: torch.optim.Optimizer) -> StepSizes:
    """Make the schedule of a name."""
    if config.schedule == "cosine":
        return StepSizes(optimizer, lr_scheduler.CosineAnnealingLR(optimizer, config.epochs))
    if config.schedule == "plateau":
        return StepSizes(optimizer, lr_scheduler.ReduceLROnPlateau(optimizer, "min", _FACTOR, _PATIENCE))
    return StepSizes(optimizer, lr_scheduler.ConstantLR(optimizer, 1.0, 0))
