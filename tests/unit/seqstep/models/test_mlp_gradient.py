import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqstep.models.mlp import MLP
from seqstep.models.mlp_gradient import squared_error


@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 8), st.integers(0, 1000))
def test_error_and_gradient_equal_those_of_automatic_differentiation(
    batch: int, window: int, hidden: int, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    model = MLP(window, hidden, draw).double()
    windows = torch.randn(batch, window, generator=draw, dtype=torch.float64)
    labels = torch.randn(batch, generator=draw, dtype=torch.float64)
    expected = nn.functional.mse_loss(model(windows), labels, reduction="sum")
    gradients = torch.autograd.grad(expected, list(model.parameters()))
    assert squared_error(model, windows, labels).item() == pytest.approx(expected.item(), rel=1e-12)
    for weight, gradient in zip(model.parameters(), gradients, strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, gradient, rtol=1e-10, atol=1e-12)


def test_a_unit_that_is_exactly_0_hands_no_gradient_on() -> None:
    model = MLP(1, 1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(1)
    squared_error(model, torch.tensor([[-1.0]]), torch.tensor([0.0]))  # Z = -1 + 1 = 0, e = 1
    gradients = [weight.grad.item() for weight in model.parameters() if weight.grad is not None]
    assert gradients == [0, 0, 0, 2]
