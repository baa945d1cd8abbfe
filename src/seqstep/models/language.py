"""What every recurrent language model offers, whatever cell is inside."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from seqstep.models.library_layers import see_that_layers_round

#: what a model remembers of the text so far: one tensor, or two for an LSTM
HiddenState = tuple[Tensor, ...]


class LanguageModel(nn.Module, ABC):
    """Predicts, for each token of a text, the one that follows.

    Attributes:
        vocab: size of the vocabulary, both of the input and of the output.
        products: the type in which a training multiplies matrices; None is that of the weights.
        by_hand: whether gradients are taken by a pass whose way back is written by hand, if there is one.
    """

    vocab: int
    products: torch.dtype | None = None
    by_hand: bool = True

    @abstractmethod
    def begin_state(self, batch: int) -> HiddenState:
        """Return the state before any token: zeros, for `batch` texts at once."""

    @abstractmethod
    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Read tokens.

        Args:
            ids: indices of tokens, shape (batch, steps), int64.
            state: the state before the first of them.

        Returns:
            logits of the token after each, shape (batch, steps, vocab), and the state after the last.
        """

    def rounded(self) -> torch.dtype | None:
        """The type in which the library's layers multiply at this moment, if it is not that of the weights.

        On a GPU they stay with the weights' own: there autocast takes float16 for recurrent layers, whatever
        it is told, whose gradients can vanish.
        """
        return self.products if torch.is_grad_enabled() and self.device.type == "cpu" else None

    def autocast(self) -> torch.autocast:
        """Let the library round the factors of products as `rounded` says.

        Its cache of rounded weights is the whole process's: what another training does in a thread beside
        this one would empty it in between, and change in which type gradients are summed.
        """
        rounded = self.rounded()
        if rounded is not None:
            see_that_layers_round(rounded)
        return torch.autocast(self.device.type, rounded, enabled=rounded is not None, cache_enabled=False)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device


def detach(state: HiddenState) -> HiddenState:
    """Cut a state off from the computation that led to it, so that gradients end there."""
    return tuple(part.detach() for part in state)
