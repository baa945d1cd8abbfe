"""The steps that gradients lead to: plain SGD and Adam, as in their papers.

torch has both. But the first use of anything in `torch.optim` imports torch's compiler, which takes longer
than torch itself, and its Adam spends more time on choosing how to step than a small network's step takes.

Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", algorithm 1.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor


class Optimizer(Protocol):
    """Changes weights by their gradients; what torch calls so is one too."""

    def step(self) -> Any:
        """Take a step."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it remembers: under `state`, by the weight's number, tensors and numbers by name."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Remember what `state_dict` returned."""


class SGD:
    """w ← w − η g. It remembers nothing.

    Args:
        parameters: the weights w; g are their `.grad`. One that is frozen (`requires_grad=False`) stays.
        learning_rate: η.
    """

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float) -> None:
        self.parameters, self.learning_rate = list(parameters), learning_rate

    @torch.no_grad()
    def step(self) -> None:
        """Take a step."""
        for weight in self.parameters:
            if weight.requires_grad:
                weight.sub_(_gradient(weight), alpha=self.learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing."""
        return {"state": {}}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Remember nothing."""


class Adam:
    """Steps of about η where a gradient keeps its sign, shorter ones where it does not.

    With running means m of the gradients and v of their squares, both from 0, at step t

        m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
        w ← w − η · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)

    Args:
        parameters: the weights w; g are their `.grad`. One that is frozen (`requires_grad=False`) stays.
        learning_rate: η.
        betas: β₁ and β₂.
        epsilon: ε, so that nothing is divided by 0.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.epsilon = learning_rate, betas, epsilon
        self.steps = 0
        self.means = [torch.zeros_like(weight, requires_grad=False) for weight in self.parameters]
        self.squares = [torch.zeros_like(weight, requires_grad=False) for weight in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Take a step."""
        self.steps += 1
        beta_1, beta_2 = self.betas
        stride = self.learning_rate / (1 - beta_1**self.steps)
        scale = (1 - beta_2**self.steps) ** 0.5
        for weight, m, v in zip(self.parameters, self.means, self.squares, strict=True):
            if not weight.requires_grad:
                continue
            gradient = _gradient(weight)
            m.lerp_(gradient, 1 - beta_1)
            v.mul_(beta_2).addcmul_(gradient, gradient, value=1 - beta_2)
            weight.addcdiv_(m, v.sqrt().div_(scale).add_(self.epsilon), value=-stride)

    def state_dict(self) -> dict[str, Any]:
        """Return t, m and v for each weight."""
        pairs = enumerate(zip(self.means, self.squares, strict=True))
        return {"state": {i: {"step": self.steps, "exp_avg": m, "exp_avg_sq": v} for i, (m, v) in pairs}}

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Remember what `state_dict` returned."""
        for index, entry in state_dict["state"].items():
            self.steps = int(entry["step"])
            self.means[index].copy_(entry["exp_avg"])
            self.squares[index].copy_(entry["exp_avg_sq"])


def _gradient(weight: Tensor) -> Tensor:
    if weight.grad is None:
        raise RuntimeError("expected a gradient for every weight, got none for one; compute it first")
    return weight.grad
