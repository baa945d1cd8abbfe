import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from seqstep.errors import ModelError
from seqstep.models.language import LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.settings.config import Cell, RNNConfig
from seqstep.training.language import LanguageTraining

CELLS: list[Cell] = ["rnn", "gru", "lstm"]
CLOSE = {"atol": 1e-5, "rtol": 1e-5}
IDS = torch.tensor([[0, 1, 2, 3], [4, 4, 0, 1]])


def seeded(cell: Cell, layers: int = 1, seed: int = 0, vocab: int = 5, hidden: int = 7) -> RNNTorch:
    return RNNTorch(vocab, hidden, cell, layers, generator=torch.Generator().manual_seed(seed))


#: each parameter of the scratch network and its twin
TWINS = {
    "W_xh": "layer.weight_ih_l0",
    "W_hh": "layer.weight_hh_l0",
    "b_h": "layer.bias_ih_l0",
    "W_hq": "linear.weight",
    "b_q": "linear.bias",
}


def turned(tensor: Tensor) -> Tensor:
    """The library keeps its matrices the other way round."""
    return tensor.T if tensor.ndim == 2 else tensor


def twins(scale: float, vocab: int = 6, hidden: int = 16) -> tuple[RNNScratch, RNNTorch]:
    """The same network twice: nn.RNN's second bias is zero and frozen."""
    generator = torch.Generator().manual_seed(1)
    scratch, library = RNNScratch(vocab, hidden), RNNTorch(vocab, hidden)
    with torch.no_grad():
        for name, twin in TWINS.items():
            weight = scratch.get_parameter(name).normal_(0, scale, generator=generator)
            library.get_parameter(twin).copy_(turned(weight))
    nn.init.zeros_(library.layer.bias_hh_l0).requires_grad_(False)
    return scratch, library


@pytest.mark.parametrize("scale", [0.01, 0.3])
def test_the_scratch_network_equals_nn_rnn_in_logits_state_and_gradients(scale: float) -> None:
    scratch, library = twins(scale)
    ids = torch.randint(6, (4, 12), generator=torch.Generator().manual_seed(2))
    H = torch.randn(4, 16, generator=torch.Generator().manual_seed(3))
    begin, library_begin = H.clone().requires_grad_(), H[None].clone().requires_grad_()
    logits, (last,) = scratch(ids, (begin,))
    library_logits, (library_last,) = library(ids, (library_begin,))
    torch.testing.assert_close(logits, library_logits, **CLOSE)
    torch.testing.assert_close(last, library_last[0], **CLOSE)
    for output in (logits, library_logits):
        functional.cross_entropy(output[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    torch.testing.assert_close(begin.grad, library_begin.grad[0], **CLOSE)
    for name, twin in TWINS.items():
        gradient = scratch.get_parameter(name).grad
        assert gradient.abs().max() > 1e-4
        torch.testing.assert_close(gradient, turned(library.get_parameter(twin).grad), **CLOSE)


@pytest.mark.parametrize("random_batches", [False, True])
def test_the_scratch_network_and_nn_rnn_train_alike(random_batches: bool) -> None:
    scratch, library = twins(0.1)
    ids = np.random.default_rng(0).integers(0, 6, 300)
    config = RNNConfig(
        batch=4,
        steps=12,
        epochs=3,
        learning_rate=0.5,
        clip=0.1,
        random_batches=random_batches,
        precision="float32",
    )
    losses = [[e.loss for e in LanguageTraining(m, ids, config, 0).run()] for m in (scratch, library)]
    np.testing.assert_allclose(*losses, atol=1e-5)
    assert losses[0][-1] < losses[0][0]
    for name, twin in TWINS.items():
        torch.testing.assert_close(scratch.get_parameter(name), turned(library.get_parameter(twin)), **CLOSE)
    assert not library.layer.bias_hh_l0.any()


@pytest.mark.parametrize("cell, step", [("rnn", nn.RNNCell), ("gru", nn.GRUCell), ("lstm", nn.LSTMCell)])
def test_every_cell_equals_the_loop_over_its_single_step(cell: Cell, step: type[nn.Module]) -> None:
    model, single = seeded(cell), step(5, 7)
    single.load_state_dict({k.removesuffix("_l0"): v for k, v in model.layer.state_dict().items()})
    logits, state = model(IDS, model.begin_state(2))
    now = None
    for t in range(4):
        now = single(functional.one_hot(IDS[:, t], 5).float(), now)
        H = now[0] if cell == "lstm" else now
        torch.testing.assert_close(logits[:, t], model.linear(H))
    expected = now if cell == "lstm" else (now,)
    for part, expected_part in zip(state, expected, strict=True):
        torch.testing.assert_close(part[0], expected_part)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_the_state_holds_a_tensor_of_all_layers_and_two_for_an_lstm(cell: Cell, layers: int) -> None:
    model = seeded(cell, layers)
    begin = model.begin_state(2)
    logits, state = model(IDS, begin)
    assert logits.shape == (2, 4, 5)
    assert isinstance(model, LanguageModel)
    for parts in (begin, state):
        assert [part.shape for part in parts] == [(layers, 2, 7)] * (2 if cell == "lstm" else 1)
    assert not any(part.any() for part in begin)
    torch.testing.assert_close(logits[:, -1], model.linear(state[0][-1]))  # the top layer's last output


def test_a_bidirectional_network_is_refused_with_the_reason() -> None:
    with pytest.raises(ModelError, match=r"sees the very token that it is to predict.*bidirectional=false"):
        RNNTorch(5, 7, bidirectional=True)


@pytest.mark.parametrize("cell", CELLS)
def test_initial_weights_and_biases_are_uniform_within_the_bound_of_the_library(cell: Cell) -> None:
    bound = 1 / math.sqrt(64)
    for parameter in seeded(cell, 2, vocab=50, hidden=64).parameters():
        assert parameter.abs().max() <= bound
        assert parameter.any()
        if parameter.numel() > 3000:
            assert parameter.abs().max() > 0.995 * bound
            assert parameter.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone(cell: Cell) -> None:
    before = torch.get_rng_state()
    one, same, other = seeded(cell, 2, 1), seeded(cell, 2, 1), seeded(cell, 2, 2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, same.state_dict()[name])
        assert not torch.equal(weight, other.state_dict()[name])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_equal_finite_differences(cell: Cell, layers: int) -> None:
    model, ids = seeded(cell, layers, vocab=3, hidden=2).double(), torch.tensor([[0, 1, 2], [2, 2, 1]])
    names = [name for name, _ in model.named_parameters()]

    def outputs(*weights: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(names, weights, strict=True))
        logits, state = functional_call(model, named, (ids, model.begin_state(2)))
        return logits, *state

    assert torch.autograd.gradcheck(outputs, tuple(model.parameters()))
