"""The same language model around the library's layer: `nn.RNN`, `nn.GRU` or `nn.LSTM`.

Source: the notes, `RNNModel` and "Use torch.nn.RNN()".
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstep.config import Cell
from seqstep.errors import ModelError
from seqstep.models.language import LanguageModel, State

_LAYERS: dict[Cell, type[nn.RNN | nn.GRU | nn.LSTM]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class RNNTorch(LanguageModel):
    """A recurrent layer of the library and a linear one from its states to the next token.

    Args:
        vocab: size of the vocabulary, both of the input and of the output.
        hidden: units of the hidden state.
        cell: rnn, gru or lstm.
        layers: recurrent layers on top of each other.
        bidirectional: refused.
        generator: draws all weights uniformly in ±1/sqrt(hidden), as the library does.

    Raises:
        ModelError: bidirectional.
    """

    def __init__(
        self,
        vocab: int,
        hidden: int,
        cell: Cell = "rnn",
        layers: int = 1,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if bidirectional:
            raise ModelError(
                "a bidirectional network can't be a language model: reading backwards, it sees the very"
                " token that it is to predict; set rnn_layer.bidirectional=false"
            )
        self.vocab, self.hidden, self.layers = vocab, hidden, layers
        # Born without values: the layers' own draws would come from torch's global generator.
        self.layer = _LAYERS[cell](vocab, hidden, num_layers=layers, batch_first=True, device="meta")
        self.linear = nn.Linear(hidden, vocab, device="meta")
        self.to_empty(device="cpu")
        bound = 1 / math.sqrt(hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def begin_state(self, batch: int) -> State:
        """Return zeros, shape (layers, batch, hidden), and for an LSTM its cells' zeros too."""
        zeros = self.linear.weight.new_zeros(self.layers, batch, self.hidden)
        return (zeros, zeros) if isinstance(self.layer, nn.LSTM) else (zeros,)

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read tokens; see `LanguageModel.forward`."""
        inputs = functional.one_hot(ids, self.vocab).to(self.linear.weight.dtype)
        # An LSTM takes and gives a tuple of two tensors, the others a tensor.
        if isinstance(self.layer, nn.LSTM):
            outputs, state = self.layer(inputs, state)
            return self.linear(outputs), state
        outputs, H = self.layer(inputs, *state)
        return self.linear(outputs), (H,)
