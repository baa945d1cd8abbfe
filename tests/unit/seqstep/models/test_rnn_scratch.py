import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call
from torch.nn import functional

from seqstep.models.rnn_scratch import RNNScratch

sizes = st.integers(1, 6)


def lively(vocab: int = 5, hidden: int = 7, seed: int = 0) -> RNNScratch:
    """A model in float64 whose weights, biases too, are drawn from N(0, 1)."""
    generator = torch.Generator().manual_seed(seed)
    model = RNNScratch(vocab, hidden, generator).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return model


def notes_forward(model: RNNScratch, ids: torch.Tensor, H: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The notes' `rnn_fw` on their one-hot inputs, (steps, batch, vocab)."""
    outputs = []
    for X in functional.one_hot(ids.T, model.vocab).double():
        H = torch.tanh(torch.mm(X, model.W_xh) + torch.mm(H, model.W_hh) + model.b_h)
        outputs.append(torch.mm(H, model.W_hq) + model.b_q)
    return torch.cat(outputs, dim=0), H


@settings(deadline=None, max_examples=25)
@given(batch=sizes, vocab=sizes, hidden=sizes, seed=st.integers(0, 99))
def test_a_step_is_one_product_of_concatenated_inputs_and_weights(
    batch: int, vocab: int, hidden: int, seed: int
) -> None:
    model, generator = lively(vocab, hidden, seed), torch.Generator().manual_seed(seed)
    X = torch.randn(batch, vocab, generator=generator, dtype=torch.float64)
    H = torch.randn(batch, hidden, generator=generator, dtype=torch.float64)
    one_product = torch.cat((X, H), 1) @ torch.cat((model.W_xh, model.W_hh), 0)
    torch.testing.assert_close(one_product, X @ model.W_xh + H @ model.W_hh)
    torch.testing.assert_close(model.step(X, H), torch.tanh(one_product + model.b_h))


def test_step_equals_the_equation_in_numpy() -> None:
    model, rng = lively(), np.random.default_rng(0)
    H = rng.normal(size=(3, 7))
    W_xh, W_hh, b_h = (p.detach().numpy() for p in (model.W_xh, model.W_hh, model.b_h))
    # A one-hot row times W_xh is a row of W_xh.
    expected = np.tanh(W_xh[[4, 0, 2]] + H @ W_hh + b_h)
    X = functional.one_hot(torch.tensor([4, 0, 2]), 5).double()
    np.testing.assert_allclose(model.step(X, torch.tensor(H)).detach(), expected, rtol=1e-12)


def test_forward_equals_the_notes_loop() -> None:
    model, ids = lively(), torch.tensor([[1, 2, 3, 4], [0, 4, 0, 4], [3, 3, 3, 3]])
    state = torch.randn(3, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    logits, (H,) = model(ids, (state,))
    expected, expected_H = notes_forward(model, ids, state)
    assert logits.shape == (3, 4, 5)
    torch.testing.assert_close(logits.transpose(0, 1).flatten(0, 1), expected)
    torch.testing.assert_close(H, expected_H)


def test_forward_equals_steps_one_by_one() -> None:
    model, ids = lively(), torch.tensor([[1, 2, 0], [4, 4, 3]])
    (H,) = model.begin_state(2)
    logits, (last,) = model(ids, (H,))
    for t in range(3):
        H = model.step(functional.one_hot(ids[:, t], 5).double(), H)
        torch.testing.assert_close(logits[:, t], H @ model.W_hq + model.b_q)
    torch.testing.assert_close(last, H)


def test_the_state_begins_at_zero_and_follows_the_type_of_the_weights() -> None:
    (H,) = lively(hidden=7).begin_state(3)
    assert H.shape == (3, 7)
    assert H.dtype == torch.float64
    assert not H.any()
    assert not H.requires_grad


def test_initial_weights_are_normal_with_deviation_a_hundredth_and_biases_zero() -> None:
    model = RNNScratch(150, 200, torch.Generator().manual_seed(0))
    assert model.W_xh.shape == (150, 200)
    assert model.W_hh.shape == (200, 200)
    assert model.W_hq.shape == (200, 150)
    for weight in (model.W_xh, model.W_hh, model.W_hq):
        z = weight.detach() / 0.01
        assert abs(z.mean().item()) < 5 / np.sqrt(z.numel())
        assert z.std().item() == pytest.approx(1, rel=0.02)
        shares = [(z.abs() < sigmas).double().mean().item() for sigmas in (1, 2, 3)]
        assert shares == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.01)
    assert not model.b_h.any()
    assert not model.b_q.any()


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = (RNNScratch(5, 7, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    for name in ("W_xh", "W_hh", "W_hq"):
        assert torch.equal(getattr(one, name), getattr(same, name))
        assert not torch.equal(getattr(one, name), getattr(other, name))
    assert not torch.equal(one.W_xh[0], one.W_hh[0])


def test_gradients_equal_finite_differences() -> None:
    model, ids = lively(3, 4), torch.tensor([[0, 1, 2], [2, 2, 1]])
    names = [name for name, _ in model.named_parameters()]
    H = torch.randn(2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)

    def outputs(H: torch.Tensor, *weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, (last,) = functional_call(model, dict(zip(names, weights, strict=True)), (ids, (H,)))
        return logits, last

    assert torch.autograd.gradcheck(outputs, (H, *model.parameters()))
