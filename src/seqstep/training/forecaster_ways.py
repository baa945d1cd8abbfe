"""The two ways to a forecaster's gradients: by the pass written by hand, and by its definition."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from seqstep.models.mlp import MLP
from seqstep.models.mlp_gradient import squared_error
from seqstep.training.definition import SCALES
from seqstep.training.gradients import differentiate
from seqstep.training.probe import Probe, Way, Ways

#: windows, shape (batch, window), and what followed them, shape (batch,)
WindowBatch = tuple[Tensor, Tensor]


def defined_squared_error(model: MLP, windows: Tensor, labels: Tensor) -> Tensor:
    """Do what `squared_error` does by automatic differentiation of what the model's `forward` says."""
    forecasts = model(windows)
    error = nn.functional.mse_loss(forecasts, labels.to(forecasts.dtype), reduction="sum")
    differentiate(error, model)
    return error.detach()


def forecaster_probes(own: Sequence[WindowBatch]) -> list[Probe[MLP]]:
    """Say where both ways are compared before a training.

    Args:
        own: minibatches of the training.
    """
    batch, window = own[0][0].shape
    return [
        Probe(random_ways(batch, window), scale=1.0, wide=False),
        *(Probe(random_ways(batch, window, scale), scale) for scale in SCALES),
        *(Probe(forecaster_ways(*minibatch)) for minibatch in own),
    ]


def random_ways(batch: int, window: int, scale: float = 1.0) -> Ways[MLP]:
    """Make both on random windows, always the same."""
    generator = torch.Generator().manual_seed(0)
    windows = scale * torch.randn(batch, window, generator=generator)
    return forecaster_ways(windows, scale * torch.randn(batch, generator=generator))


def forecaster_ways(windows: Tensor, labels: Tensor, in_training: bool = False) -> Ways[MLP]:
    """Make both on a minibatch, in the type of the weights or, as a training takes them, in its own."""

    def way(error: Callable[[MLP, Tensor, Tensor], Tensor]) -> Way[MLP]:
        def walk(model: MLP) -> dict[str, Tensor]:
            like = windows if in_training else next(model.parameters())
            return {"the loss": error(model, windows.to(like), labels.to(like))}

        return walk

    return Ways(way(squared_error), way(defined_squared_error))
