"""The way back that is ours, against the library's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seqstep.models.layer_pass import LayerPass, one_hot_steps

sizes = st.integers(1, 6)


def layer_and_inputs(
    batch: int, steps: int, vocab: int, hidden: int, seed: int = 0
) -> tuple[nn.RNN, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    layer = nn.RNN(vocab, hidden, dtype=torch.float64)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=hidden**-0.5, generator=generator)
    H = torch.randn(1, batch, hidden, generator=generator, dtype=torch.float64).requires_grad_()
    return layer, torch.randint(vocab, (batch, steps), generator=generator), H


def test_one_hot_vectors_stand_step_by_step() -> None:
    made = one_hot_steps(torch.tensor([[2, 0], [1, 1]]), 3, torch.float32)
    assert made.tolist() == [[[0, 0, 1], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]]]


@settings(deadline=None, max_examples=25)
@given(batch=sizes, steps=sizes, vocab=sizes, hidden=sizes, seed=st.integers(0, 99))
def test_states_and_gradients_equal_the_library_s(
    batch: int, steps: int, vocab: int, hidden: int, seed: int
) -> None:
    layer, ids, H = layer_and_inputs(batch, steps, vocab, hidden, seed)
    generator = torch.Generator().manual_seed(seed)
    by_states = torch.randn(steps, batch, hidden, generator=generator, dtype=torch.float64)
    by_last = torch.randn(1, batch, hidden, generator=generator, dtype=torch.float64)
    results = []
    for states, last in (
        LayerPass.apply(ids, H, {}, layer, *layer.parameters()),
        layer(one_hot_steps(ids, vocab, torch.float64), H),
    ):
        loss = (states * by_states).sum() + (last * by_last).sum()
        results.append((states, last, *torch.autograd.grad(loss, [H, *layer.parameters()])))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_gradients_equal_finite_differences() -> None:
    layer, ids, H = layer_and_inputs(batch=2, steps=4, vocab=3, hidden=3)

    def read(H: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for own, weight in zip(layer.parameters(), weights, strict=True):
                own.copy_(weight)
        return LayerPass.apply(ids, H, {}, layer, *weights)

    weights = [weight.detach().clone().requires_grad_() for weight in layer.parameters()]
    assert torch.autograd.gradcheck(read, (H, *weights))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_no_gradient_is_another_s_memory(dtype: torch.dtype) -> None:
    layer, ids, H = layer_and_inputs(batch=2, steps=4, vocab=3, hidden=3)
    states, _ = LayerPass.apply(ids, H, {}, layer.to(dtype), *layer.double().parameters())
    states.sum().backward()
    gradients = [weight.grad for weight in layer.parameters()]
    assert len({gradient.data_ptr() for gradient in gradients}) == 4
