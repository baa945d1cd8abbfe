"""The recurrent network from scratch.

Source: the notes, "Build RNN Model": `get_params`, `init_rnn_state`, `rnn_fw`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstep.models.language import HiddenState, LanguageModel
from seqstep.models.recurrence import Memory, Pass


class RNNScratch(LanguageModel):
    """A character-level language model: one tanh layer whose state runs along the text.

    Args:
        vocab: size of the vocabulary, both of the input and of the output.
        hidden: units of the hidden state.
        generator: draws the weights from N(0, 0.01²); the biases start at zero.
    """

    def __init__(self, vocab: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.vocab, self.hidden = vocab, hidden
        self._memory: Memory | None = None

        def normal(rows: int, columns: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(rows, columns, generator=generator) * 0.01)

        self.W_xh = normal(vocab, hidden)
        self.W_hh = normal(hidden, hidden)
        self.b_h = nn.Parameter(torch.zeros(hidden))
        self.W_hq = normal(hidden, vocab)
        self.b_q = nn.Parameter(torch.zeros(vocab))

    def begin_state(self, batch: int) -> HiddenState:
        """Return H before any token: zeros, shape (batch, hidden)."""
        return (self.W_hh.new_zeros(batch, self.hidden),)

    def step(self, X: Tensor, H: Tensor) -> Tensor:
        """Take X_t and H_{t-1}, return H_t.

        Args:
            X: one-hot tokens, shape (batch, vocab).
            H: the state before them, shape (batch, hidden).

        Returns:
            shape (batch, hidden).
        """
        return torch.tanh(X @ self.W_xh + H @ self.W_hh + self.b_h)

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Read tokens one by one, or by hand all steps at once; see `LanguageModel.forward`."""
        if torch.is_grad_enabled() and self.by_hand:
            return self._read_all_steps(ids, state)
        (H,) = state
        states = []
        for X in functional.one_hot(ids, self.vocab).to(H.dtype).unbind(dim=1):
            H = self.step(X, H)
            states.append(H)
        return torch.stack(states, dim=1) @ self.W_hq + self.b_q, (H,)

    def _read_all_steps(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        """Do the same by the fast path of `seqstep.models.recurrence`."""
        precision = self.products or self.W_hh.dtype
        if self._memory is None or not self._memory.is_free_for(ids, self.W_hh, precision):
            self._memory = Memory.allocate(ids, self.W_hh, precision)
        weights = (self.W_xh, self.W_hh, self.b_h, self.W_hq, self.b_q)
        logits, H = Pass.apply(ids, *state, self._memory, *weights)  # type: ignore[no-untyped-call]
        return logits, (H,)
