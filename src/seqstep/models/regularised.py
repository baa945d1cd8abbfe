"""The language model for unseen text: a stack of recurrent layers with dropout wherever it helps.

Source: Zaremba et al. (2014), "Recurrent neural network regularization": dropout on what goes up, not along
the text. Merity et al. (2018), "Regularizing and optimizing LSTM language models": the recurrent weights
dropped, the same at all steps.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqstep.models.language import HiddenState, LanguageModel
from seqstep.models.layer_pass import one_hot_steps
from seqstep.models.networks import NETWORKS

_RECURRENT = "weight_hh_l0"


class Dropout(NamedTuple):
    """Shares that are dropped: of tokens, between layers, before the output, of recurrent weights."""

    input: float = 0.0
    between: float = 0.0
    output: float = 0.0
    recurrent: float = 0.0


class RegularisedRNN(LanguageModel):
    """Recurrent layers on one-hot tokens and a linear one from their states to the next token.

    It drops only where gradients are asked for.

    Args:
        vocab: size of the vocabulary, both of the input and of the output.
        hidden: units of the hidden state of every layer.
        network: name of the layers in the table of networks.
        layers: on top of each other.
        generator: draws all weights uniformly in ±1/sqrt(hidden), as the library does.

    Attributes:
        dropout: what a training drops.
        dice: draws what is dropped; on the device of the weights.
    """

    def __init__(
        self,
        vocab: int,
        hidden: int,
        network: str,
        layers: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.vocab, self.hidden = vocab, hidden
        self.dropout, self.dice = Dropout(), torch.Generator()
        make = NETWORKS[network]
        # Born without values: the layers' own draws would come from torch's global generator.
        with torch.device("meta"):
            self.stack = nn.ModuleList(make(hidden if i else vocab, hidden) for i in range(layers))
            self.linear = nn.Linear(hidden, vocab)
        self.to_empty(device="cpu")
        bound = 1 / math.sqrt(hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def begin_state(self, batch: int) -> HiddenState:
        """Return zeros, shape (1, batch, hidden), for each layer, and for an LSTM its cells' zeros too."""
        zeros = self.linear.weight.new_zeros(1, batch, self.hidden)
        return (zeros,) * sum(map(_parts, self.stack))

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Read tokens; see `LanguageModel.forward`."""
        own, after = self.linear.weight.dtype, list[Tensor]()
        with self.autocast():
            values = self._drop(one_hot_steps(ids, self.vocab, own), self.dropout.input)
            for layer in self.stack:
                if after:
                    values = self._drop(values, self.dropout.between)
                before = state[len(after) : len(after) + _parts(layer)]
                values, left = self._read(layer, values, before)
                after += left
            logits = self.linear(self._drop(values, self.dropout.output))
        return logits.to(own).transpose(0, 1), tuple(part.to(own) for part in after)

    def _read(self, layer: nn.Module, values: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Let a layer read, with recurrent weights of which some are dropped.

        All weights are rounded here, once, and not by the library in each step.
        """
        weights: dict[str, Tensor] = dict(layer.named_parameters())
        weights[_RECURRENT] = self._drop(weights[_RECURRENT], self.dropout.recurrent)
        weights = {name: weight.to(self.rounded() or weight.dtype) for name, weight in weights.items()}
        # An LSTM takes and gives a tuple of two tensors, the others a tensor.
        before = state if len(state) > 1 else state[0]
        outputs, after = torch.func.functional_call(layer, weights, (values, before))
        return outputs, after if isinstance(after, tuple) else (after,)

    def _drop(self, values: Tensor, share: float) -> Tensor:
        """Put zeros in the place of a share of the values, and stretch the others."""
        if share == 0 or not torch.is_grad_enabled():
            return values
        kept = torch.empty_like(values, requires_grad=False).bernoulli_(1 - share, generator=self.dice)
        return values * kept / (1 - share)


def _parts(layer: nn.Module) -> int:
    """Count the tensors of a layer's state."""
    return 2 if isinstance(layer, nn.LSTM) else 1
