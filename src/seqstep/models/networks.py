"""The recurrent layers of the networks for unseen text, by name: one more is one function and one line here.

Nothing is imported before a layer is made, so that the names are known without torch.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


#: what networks are called that predict as one: with a model of counts, and by their probabilities' mean
MIXTURE, TOGETHER = "mixture", "networks_together"


def _scratch(inputs: int, hidden: int) -> "nn.Module":
    from seqstep.models.tanh_layer import TanhLayer

    return TanhLayer(inputs, hidden)


def _rnn(inputs: int, hidden: int) -> "nn.Module":
    from torch import nn

    return nn.RNN(inputs, hidden)


def _gru(inputs: int, hidden: int) -> "nn.Module":
    from torch import nn

    return nn.GRU(inputs, hidden)


def _lstm(inputs: int, hidden: int) -> "nn.Module":
    from torch import nn

    return nn.LSTM(inputs, hidden)


#: From the sizes of inputs and state to a layer, made as the library's are called: on inputs of shape (steps,
#: batch, inputs) and a state it returns outputs and the state after them; `weight_hh_l0` is the recurrent
#: matrix. What values the weights have at first does not matter.
NETWORKS: Mapping[str, Callable[[int, int], "nn.Module"]] = {
    "rnn_scratch": _scratch,
    "rnn": _rnn,
    "gru": _gru,
    "lstm": _lstm,
}
