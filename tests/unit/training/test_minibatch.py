"""Minibatches as a GPU's graph takes them: rehearsed, put back, replayed; and what a GPU makes of it."""

import logging
from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqstep.config import RNNConfig
from seqstep.models.language import LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.training.cuda_graph import Work, rehearse
from seqstep.training.minibatch import Capture, Minibatches, on_device
from seqstep.training.optimizers import SGD

VOCAB = 5
IDS = np.random.default_rng(0).integers(0, VOCAB, (6, 3, 8)).astype(np.uint8)
CONFIG = RNNConfig(hidden=8, batch=3, steps=7, learning_rate=0.5)
MODELS: dict[str, Callable[[torch.Generator], LanguageModel]] = {
    "scratch": lambda generator: RNNScratch(VOCAB, 8, generator),
    "rnn": lambda generator: RNNTorch(VOCAB, 8, generator=generator),
    "lstm": lambda generator: RNNTorch(VOCAB, 8, "lstm", 2, generator=generator),
}
every_model = pytest.mark.parametrize("name", MODELS)
both_types = pytest.mark.parametrize("products", [None, torch.bfloat16], ids=["float32", "bfloat16"])
needs_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")


def make(name: str, products: torch.dtype | None, device: str = "cpu") -> LanguageModel:
    model = MODELS[name](torch.Generator().manual_seed(0)).to(device)
    model.products = products
    return model


def trained(minibatches: Minibatches) -> list[tuple[float, int]]:
    """Train two epochs, of which the second forgets the state in the middle; return their losses."""
    losses = []
    for _ in range(2):
        minibatches.begin()
        for number, ids in enumerate(IDS):
            if losses and number == 3:
                minibatches.forget()
            minibatches.train(ids[:, :-1], ids[:, 1:])
        losses.append(minibatches.mean_loss())
    return losses


def of(model: LanguageModel, capture: Capture | None = None) -> Minibatches:
    return Minibatches(model, SGD(model.parameters(), CONFIG.learning_rate), CONFIG, capture)


@every_model
@both_types
def test_what_is_rehearsed_first_changes_nothing(name: str, products: torch.dtype | None) -> None:
    rehearsed: list[int] = []

    def stand_in(work: Work, changed: Sequence[Tensor]) -> Work:
        rehearse(work, changed)
        rehearsed.append(len(changed))
        return work

    plain, other = make(name, products), make(name, products)
    before = nn.utils.parameters_to_vector(plain.parameters()).detach().clone()
    assert trained(of(plain)) == trained(of(other, stand_in))
    one, same = (nn.utils.parameters_to_vector(model.parameters()) for model in (plain, other))
    assert torch.equal(one, same) and not torch.equal(one, before)
    assert rehearsed == [len(list(plain.parameters())) + len(plain.begin_state(1)) + 1]


def test_the_loss_is_the_mean_of_an_epochs_tokens() -> None:
    model = make("scratch", None)
    logits, _ = model(torch.tensor(IDS[0][:, :-1], dtype=torch.int64), model.begin_state(3))
    expected = nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.tensor(IDS[0][:, 1:], dtype=torch.int64).flatten()
    )
    minibatches = of(model)
    for _ in range(2):
        minibatches.begin()
        minibatches.train(IDS[0][:, :-1], IDS[0][:, 1:])
        loss, tokens = minibatches.mean_loss()
        assert tokens == 21
    assert loss < expected
    minibatches = of(make("scratch", None))
    minibatches.train(IDS[0][:, :-1], IDS[0][:, 1:])
    assert minibatches.mean_loss() == (pytest.approx(expected.item(), rel=1e-6), 21)


def test_a_training_that_cant_be_captured_goes_on_without(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_work: Work, _changed: Sequence[Tensor]) -> NoReturn:
        raise RuntimeError("operation not permitted when stream is capturing")

    plain, other = make("rnn", None), make("rnn", None)
    with caplog.at_level(logging.WARNING):
        assert trained(of(plain)) == trained(of(other, refuse))
    (message,) = caplog.messages
    assert "no CUDA graph" in message and "not permitted" in message


@needs_a_gpu
@every_model
@both_types
def test_a_graph_on_a_gpu_trains_as_its_kernels_one_by_one_do(
    name: str, products: torch.dtype | None, caplog: pytest.LogCaptureFixture
) -> None:
    plain, other = make(name, products, "cuda"), make(name, products, "cuda")
    one_by_one = trained(of(plain))
    replayed = trained(on_device(other, SGD(other.parameters(), CONFIG.learning_rate), CONFIG))
    assert not caplog.messages
    for (loss, _), (expected, _) in zip(replayed, one_by_one, strict=True):
        assert loss == pytest.approx(expected, rel=1e-4)
    for found, expected in zip(other.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
