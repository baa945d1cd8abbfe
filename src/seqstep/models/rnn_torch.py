"""The same language model around the library's layer: `nn.RNN`, `nn.GRU` or `nn.LSTM`.

Source: the notes, `RNNModel` and "Use torch.nn.RNN()".
"""

import math

import torch
from torch import Tensor, nn

from seqstep.errors import ModelError
from seqstep.models.language import HiddenState, LanguageModel
from seqstep.models.layer_pass import LayerPass, one_hot_steps
from seqstep.settings.config import Cell

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
        # In a list, so that its weights are not this model's.
        self._twin: list[nn.RNN] = []
        self._memory: dict[str, Tensor] = {}
        # Born without values: the layers' own draws would come from torch's global generator.
        self.layer = _LAYERS[cell](vocab, hidden, num_layers=layers, device="meta")
        self.linear = nn.Linear(hidden, vocab, device="meta")
        self.to_empty(device="cpu")
        bound = 1 / math.sqrt(hidden)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)

    def begin_state(self, batch: int) -> HiddenState:
        """Return zeros, shape (layers, batch, hidden), and for an LSTM its cells' zeros too."""
        zeros = self.linear.weight.new_zeros(self.layers, batch, self.hidden)
        return (zeros, zeros) if isinstance(self.layer, nn.LSTM) else (zeros,)

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Read tokens; see `LanguageModel.forward`."""
        outputs, state = self._read(ids, state)
        weight, bias = self.linear.weight, self.linear.bias
        logits = nn.functional.linear(outputs, weight.to(outputs.dtype)).to(weight.dtype)
        return (logits if bias is None else logits + bias).transpose(0, 1), state

    def _read(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Return the layer's outputs, shape (steps, batch, hidden), and the state after the last step."""
        training = torch.is_grad_enabled()
        if training and self.by_hand and isinstance(self.layer, nn.RNN) and self.layers == 1:
            weights, layer = self.layer.parameters(), self._layer_to_train(self.layer)
            outputs, H = LayerPass.apply(ids, *state, self._memory, layer, *weights)  # type: ignore[no-untyped-call]
            return outputs, (H,)
        own = self.linear.weight.dtype
        inputs = one_hot_steps(ids, self.vocab, own)
        with self.autocast():
            # An LSTM takes and gives a tuple of two tensors, the others a tensor.
            if isinstance(self.layer, nn.LSTM):
                outputs, after = self.layer(inputs, state)
            else:
                outputs, *after = self.layer(inputs, *state)
        return outputs, tuple(part.to(own) for part in after)

    def _layer_to_train(self, layer: nn.RNN) -> nn.RNN:
        """Return the layer, or one of its kind in the precision of the products."""
        own = self.linear.weight
        if self.products in {None, own.dtype}:
            return layer
        if not self._twin:
            twin = nn.RNN(self.vocab, self.hidden, dtype=self.products, device="meta")
            twin.to_empty(device=own.device)
            # In one piece, as a GPU's library wants them; else it gathers them in every call.
            weights = nn.utils.parameters_to_vector(twin.parameters()).detach()
            nn.utils.vector_to_parameters(weights, twin.parameters())
            self._twin.append(twin)
        return self._twin[0]
