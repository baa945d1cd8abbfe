"""The notes' own way of doing things, plainly, in our own words: the yardstick of the benchmarks.

Nothing here is slowed down on purpose, and nothing is made faster than the notes have it.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

# --- trainings of language models -------------------------------------------------------------------------

Forward = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def minibatches(ids: list[int], batch: int, steps: int, offset: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk along a text in `batch` rows, as the notes' sequential partitioning does.

    Yields:
        inputs and labels, each of shape (batch, steps).
    """
    tokens = (len(ids) - offset - 1) // batch * batch
    inputs = torch.tensor(ids[offset : offset + tokens]).reshape(batch, -1)
    labels = torch.tensor(ids[offset + 1 : offset + 1 + tokens]).reshape(batch, -1)
    for start in range(0, inputs.shape[1] // steps * steps, steps):
        yield inputs[:, start : start + steps], labels[:, start : start + steps]


def scratch_parameters(vocab: int, hidden: int) -> list[Tensor]:
    """Draw W_xh, W_hh, b_h, W_hq and b_q."""
    generator = torch.Generator().manual_seed(0)

    def normal(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, generator=generator) * 0.01

    params = [normal(vocab, hidden), normal(hidden, hidden), torch.zeros(hidden)]
    params += [normal(hidden, vocab), torch.zeros(vocab)]
    return [param.requires_grad_() for param in params]


def scratch_forward(params: list[Tensor]) -> Forward:
    """Make the network from scratch: token by token, two products and a third for the output."""
    W_xh, W_hh, b_h, W_hq, b_q = params

    def forward(ids: Tensor, H: Tensor) -> tuple[Tensor, Tensor]:
        outputs = []
        for X in functional.one_hot(ids.T, len(W_xh)).float():
            H = torch.tanh(torch.mm(X, W_xh) + torch.mm(H, W_hh) + b_h)
            outputs.append(torch.mm(H, W_hq) + b_q)
        return torch.cat(outputs, dim=0), H

    return forward


class LayerNetwork(nn.Module):
    """The network around the library's layer, which reads one-hot vectors."""

    def __init__(self, vocab: int, hidden: int) -> None:
        super().__init__()
        self.vocab, self.hidden = vocab, hidden
        self.rnn, self.linear = nn.RNN(vocab, hidden), nn.Linear(hidden, vocab)

    def forward(self, ids: Tensor, H: Tensor) -> tuple[Tensor, Tensor]:
        """Read minibatches of shape (batch, steps); give logits of shape (steps * batch, vocab)."""
        outputs, after = self.rnn(functional.one_hot(ids.T.long(), self.vocab).float(), H[None])
        return self.linear(outputs.reshape(-1, self.hidden)), after[0]


def train_epoch(
    forward: Forward,
    params: list[Tensor],
    ids: list[int],
    shape: tuple[int, int, int],
    learning_rate: float = 0.5,
    theta: float = 1.0,
) -> tuple[float, int]:
    """Go once over a text with carried states, clipped gradients and plain SGD.

    Args:
        shape: batch, steps, hidden.

    Returns:
        the sum of the losses over all tokens, and the number of tokens.
    """
    batch, steps, hidden = shape
    H, total, tokens = torch.zeros(batch, hidden), 0.0, 0
    for X, Y in minibatches(ids, batch, steps, int(np.random.default_rng(0).integers(steps))):
        H = H.detach()
        logits, H = forward(X, H)
        loss = functional.cross_entropy(logits, Y.T.reshape(-1))
        for param in params:
            param.grad = None
        loss.backward()
        clip_gradients(params, theta)
        with torch.no_grad():
            for param in params:
                param.sub_(learning_rate * param.grad)
        total += loss.item() * Y.numel()
        tokens += Y.numel()
    return total, tokens


def clip_gradients(params: list[Tensor], theta: float) -> None:
    """Shorten the gradients, all together, to the length theta if they are longer."""
    norm = torch.sqrt(sum((param.grad**2).sum() for param in params))
    if norm > theta:
        for param in params:
            param.grad[:] *= theta / norm
