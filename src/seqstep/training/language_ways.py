"""The two ways to a language model's gradients: by the pass written by hand, and by its definition."""

import torch
from torch import Tensor, nn

from seqstep.models.language import LanguageModel
from seqstep.training.definition import SCALES
from seqstep.training.gradients import differentiate
from seqstep.training.probe import Probe, Way, Ways

#: sequences, and steps, of a small minibatch; over many steps with large weights rounding grows without bound
_FEW = 4


def language_probes(model: LanguageModel, tokens: Tensor) -> list[Probe[LanguageModel]]:
    """Say where both ways are compared before a training.

    Args:
        tokens: inputs and labels of its first minibatch, shape (2, batch, steps).
    """
    _, batch, steps = tokens.shape
    small = random_tokens(model, min(batch, _FEW), min(steps, _FEW))
    return [
        Probe(language_ways(small, 1.0), scale=1.0, wide=False),
        *(Probe(language_ways(small, scale), scale) for scale in SCALES),
        # All of it takes longer, and shows no more.
        Probe(language_ways(tokens[:, :_FEW], 0.0)),
        Probe(language_ways(tokens[:, :, :_FEW], 0.0)),
    ]


def later_ways(tokens: Tensor) -> list[Ways[LanguageModel]]:
    """Make both on the beginning of a minibatch, of shape (2, batch, steps)."""
    return [language_ways(tokens[:, :_FEW, :_FEW], 0.0)]


def random_tokens(model: LanguageModel, batch: int, steps: int) -> Tensor:
    """Draw inputs and labels, shape (2, batch, steps), always the same."""
    return torch.randint(model.vocab, (2, batch, steps), generator=torch.Generator().manual_seed(0))


def language_ways(tokens: Tensor, spread: float, products: torch.dtype | None = None) -> Ways[LanguageModel]:
    """Make both on a minibatch.

    Args:
        tokens: inputs and labels, shape (2, batch, steps).
        spread: deviation of what is drawn and added to the state of before any token.
        products: the type in which the pass by hand multiplies, the definition in that of the weights.
    """

    def way(by_hand: bool, products: torch.dtype | None) -> Way[LanguageModel]:
        def walk(model: LanguageModel) -> dict[str, Tensor]:
            model.by_hand, model.products = by_hand, products
            generator = torch.Generator().manual_seed(0)
            inputs, labels = tokens.to(model.device)
            begin = model.begin_state(len(inputs))
            state = tuple(
                part + spread * torch.randn(part.shape, generator=generator).to(part) for part in begin
            )
            logits, after = model(inputs, state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            differentiate(loss, model)
            return {"the loss": loss, "the state": torch.cat([part.flatten() for part in after])}

        return walk

    return Ways(way(by_hand=True, products=products), way(by_hand=False, products=None))
