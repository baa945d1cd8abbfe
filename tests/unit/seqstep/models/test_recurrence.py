"""The fast path against the readable cell."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from seqstep.models.language import detach
from seqstep.models.recurrence import Memory, Pass
from seqstep.models.rnn_scratch import RNNScratch

sizes = st.integers(1, 6)


def lively(vocab: int, hidden: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> RNNScratch:
    """A model whose weights and biases are drawn from N(0, 1 / hidden)."""
    generator = torch.Generator().manual_seed(seed)
    model = RNNScratch(vocab, hidden, generator).to(dtype)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=hidden**-0.5, generator=generator)
    return model


def draw(model: RNNScratch, batch: int, steps: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, a state that wants its gradient, and one weight per logit for a loss."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(model.vocab, (batch, steps), generator=generator)
    H = torch.randn(batch, model.hidden, generator=generator, dtype=torch.float64).tanh().to(model.b_h.dtype)
    by_output = torch.randn(batch, steps, model.vocab, generator=generator, dtype=torch.float64)
    return ids, H.requires_grad_(), by_output.to(model.b_h.dtype)


def read_by_cell(model: RNNScratch, ids: Tensor, H: Tensor) -> tuple[Tensor, Tensor]:
    """Take the cell step by step, with torch's own way back."""
    logits = []
    for t in range(ids.shape[1]):
        H = model.step(functional.one_hot(ids[:, t], model.vocab).to(H.dtype), H)
        logits.append(H @ model.W_hq + model.b_q)
    return torch.stack(logits, dim=1), H


def gradients(model: RNNScratch, loss: Tensor, H: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [H, *model.parameters()]))


@settings(deadline=None, max_examples=25)
@given(batch=sizes, steps=sizes, vocab=sizes, hidden=sizes, seed=st.integers(0, 99))
def test_outputs_and_gradients_equal_the_cell_s(
    batch: int, steps: int, vocab: int, hidden: int, seed: int
) -> None:
    model = lively(vocab, hidden, seed)
    ids, H, by_output = draw(model, batch, steps, seed)
    by_state = torch.randn(batch, hidden, generator=torch.Generator().manual_seed(seed)).double()
    logits, (last,) = model(ids, (H,))
    expected_logits, expected_last = read_by_cell(model, ids, H)
    torch.testing.assert_close(logits, expected_logits)
    torch.testing.assert_close(last, expected_last)
    found = gradients(model, (logits * by_output).sum() + (last * by_state).sum(), H)
    expected = gradients(model, (expected_logits * by_output).sum() + (expected_last * by_state).sum(), H)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("batch, steps, vocab, hidden", [(1, 1, 2, 3), (3, 4, 5, 2), (2, 6, 3, 4)])
def test_gradients_equal_finite_differences(batch: int, steps: int, vocab: int, hidden: int) -> None:
    model = lively(vocab, hidden)
    ids, H, _ = draw(model, batch, steps)

    def read(H: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        memory = Memory.allocate(ids, model.W_hh, torch.float64)
        return Pass.apply(ids, H, memory, *weights)

    assert torch.autograd.gradcheck(read, (H, *model.parameters()))


def test_with_and_without_gradients_a_model_reads_the_same() -> None:
    model = lively(7, 33, dtype=torch.float32)
    ids, H, _ = draw(model, 4, 9)
    with torch.no_grad():
        by_cell, (last_by_cell,) = model(ids, (H,))
    logits, (last,) = model(ids, (H,))
    assert logits.requires_grad and not by_cell.requires_grad
    torch.testing.assert_close(logits, by_cell, atol=1e-5, rtol=0)
    torch.testing.assert_close(last, last_by_cell, atol=1e-5, rtol=0)


def test_in_float32_a_minibatch_of_the_notes_size_equals_the_cell_to_1e_5() -> None:
    model = lively(28, 512, dtype=torch.float32)
    ids, H, by_output = draw(model, 32, 35)
    by_output /= by_output.numel()
    logits, (last,) = model(ids, (H,))
    expected_logits, expected_last = read_by_cell(model, ids, H)
    torch.testing.assert_close(logits, expected_logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(last, expected_last, atol=1e-5, rtol=0)
    found = gradients(model, (logits * by_output).sum(), H)
    expected = gradients(model, (expected_logits * by_output).sum(), H)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
        assert (one - other).norm() <= 1e-5 * other.norm()


def test_the_state_is_carried_over_minibatches_as_by_the_cell() -> None:
    model = lively(5, 8)
    ids, H, _ = draw(model, 3, 12)
    whole, _ = read_by_cell(model, ids, H)
    state, read, kept = detach((H,)), [], []
    for part in ids.split(4, dim=1):
        logits, state = model(part, detach(state))
        read.append(logits)
        kept.append((state[0], state[0].clone()))
        logits.sum().backward()
    torch.testing.assert_close(torch.cat(read, dim=1), whole)
    assert all(torch.equal(state, copy) for state, copy in kept)  # not overwritten by later minibatches


def test_memory_is_lent_again_only_after_the_way_back() -> None:
    model = lively(4, 6)
    ids, H, by_output = draw(model, 2, 5)
    first, _ = model(ids, (H,))
    second, _ = model(ids.flip(0), (H,))
    found = gradients(model, (first * by_output).sum(), H)
    expected = gradients(model, (read_by_cell(model, ids, H)[0] * by_output).sum(), H)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    gradients(model, second.sum(), H)


def test_a_pass_gone_back_again_after_its_memory_was_used_anew_is_an_error_not_a_wrong_gradient() -> None:
    model = lively(4, 6)
    ids, H, _ = draw(model, 2, 5)
    logits, _ = model(ids, (H,))
    logits.sum().backward(retain_graph=True)
    model(ids, (H,))[0].sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        logits.sum().backward()


def test_minibatches_of_another_shape_get_memory_of_their_own() -> None:
    model = lively(4, 6)
    for batch, steps in [(2, 5), (3, 5), (3, 2), (2, 5)]:
        ids, H, by_output = draw(model, batch, steps, seed=batch + steps)
        found = gradients(model, (model(ids, (H,))[0] * by_output).sum(), H)
        expected = gradients(model, (read_by_cell(model, ids, H)[0] * by_output).sum(), H)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


def test_in_bfloat16_a_minibatch_of_the_notes_size_stays_within_rounding() -> None:
    """Rounding to 8 bits is off by 2⁻⁹ at most; with these weights each step hands its error on whole."""
    model = lively(28, 512, dtype=torch.float32)
    ids, H, by_output = draw(model, 32, 35)
    by_output /= by_output.numel()
    model.products = torch.bfloat16
    logits, (last,) = model(ids, (H,))
    expected_logits, expected_last = read_by_cell(model, ids, H)
    assert logits.dtype == last.dtype == torch.float32
    assert (last - expected_last).abs().max() <= 16 * 2**-9
    assert (logits - expected_logits).abs().max() <= 16 * 2**-9
    found = gradients(model, (logits * by_output).sum(), H)
    expected = gradients(model, (expected_logits * by_output).sum(), H)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == torch.float32
        assert 0 < (one - other).norm() <= 35 * 2**-9 * other.norm()


def test_one_step_in_bfloat16_differs_by_three_roundings_at_most() -> None:
    model = lively(28, 512, dtype=torch.float32)
    ids, H, _ = draw(model, 32, 1)
    model.products = torch.bfloat16
    _, (last,) = model(ids, (H,))
    X = functional.one_hot(ids[:, 0], 28).float()
    Z = X @ model.W_xh + H @ model.W_hh + model.b_h
    rounded_factors = H.abs() @ model.W_hh.abs() * 2 * 2**-9  # of the state and of the weights
    rounded_input = (X @ model.W_xh + model.b_h).abs() * 2**-9
    rounded_sum = Z.abs() * 2 * 2**-9
    rounded_state = 2**-9
    bound = rounded_factors + rounded_input + rounded_sum + rounded_state + 1e-6
    assert ((last - torch.tanh(Z)).abs() <= bound).all()
    assert (last - torch.tanh(Z)).abs().max() > 1e-6
