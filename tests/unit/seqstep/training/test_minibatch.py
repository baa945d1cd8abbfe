"""Minibatches as a GPU's graph takes them: rehearsed, put back, replayed; and what a GPU makes of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqstep.models.language import LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.settings.config import RNNConfig
from seqstep.text.document_windows import DocumentWindows
from seqstep.training.cuda_graph import Work, capture, rehearse
from seqstep.training.minibatch import Capture, Minibatches, on_device
from seqstep.training.optimizers import SGD

Losses = list[tuple[float, int]]
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


def trained(minibatches: Minibatches) -> Losses:
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


def of(
    model: LanguageModel,
    capture: Capture | None = None,
    notice: Callable[[str], object] = lambda _text: None,
) -> Minibatches:
    return Minibatches(model, SGD(model.parameters(), CONFIG.learning_rate), CONFIG, capture, notice)


def on_gpu(model: LanguageModel, notice: Callable[[str], object]) -> Minibatches:
    return on_device(model, SGD(model.parameters(), CONFIG.learning_rate), CONFIG, notice)


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
    assert rehearsed == [len(list(plain.parameters())) + len(plain.begin_state(1)) + 2]


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


END = 1
NAMES = np.array([END, 2, 3, END, 4, END, 0, 2, 2, 4, END, 3, 3, 2, 0, 4, 4, 2, 0, 3, END])
#: of the windows on these documents, the fourth of which makes two
PIECES = [NAMES[:4], NAMES[3:6], NAMES[5:11], NAMES[10:18], NAMES[17:]]


def on_names(chosen: list[int]) -> tuple[np.ndarray, np.ndarray]:
    windows = DocumentWindows(NAMES, END, CONFIG.steps)
    return windows.read(windows.places(np.array(chosen), CONFIG.steps))


@every_model
@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("chosen", [[0, 1, 2], [4, 2, 3], [3, 3, 3]])
def test_the_gradient_on_documents_is_of_the_mean_loss_of_their_tokens(
    name: str, by_hand: bool, chosen: list[int]
) -> None:
    model, plain = make(name, None), make(name, None)
    model.by_hand, plain.by_hand = by_hand, False
    config = CONFIG.model_copy(update={"clip": 1e9})
    minibatches = Minibatches(model, SGD(model.parameters(), 0.5), config)
    minibatches.train(*on_names(chosen))
    losses = []
    for piece in (torch.from_numpy(PIECES[window]) for window in chosen):
        logits, _ = plain(piece[None, :-1], plain.begin_state(1))
        losses.append(nn.functional.cross_entropy(logits[0], piece[1:], reduction="none"))
    loss = torch.cat(losses).mean()
    loss.backward()
    for found, expected in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(found.grad, expected.grad, atol=1e-6, rtol=1e-5)
    assert minibatches.mean_loss() == (pytest.approx(loss.item(), rel=1e-6), sum(map(len, losses)))


@pytest.mark.parametrize("times", [0, 2])
def test_a_training_that_cant_be_captured_goes_on_without_as_if_nothing_had_been_tried(times: int) -> None:
    def fail(work: Work, changed: Sequence[Tensor]) -> Work:
        left = times

        def some_times() -> None:
            nonlocal left
            if not left:
                raise torch.OutOfMemoryError("tried to allocate 20 MiB")
            left -= 1
            work()

        rehearse(some_times, changed)
        return work

    notices: list[str] = []
    plain, other = make("rnn", None), make("rnn", None)
    assert trained(of(plain)) == trained(of(other, fail, notices.append))
    (notice,) = notices
    assert "no CUDA graph: tried to allocate 20 MiB" in notice


@needs_a_gpu
@every_model
@both_types
def test_a_graph_on_a_gpu_trains_as_its_kernels_one_by_one_do(
    name: str, products: torch.dtype | None
) -> None:
    notices: list[str] = []
    plain, other = make(name, products, "cuda"), make(name, products, "cuda")
    assert_alike(other, trained(on_gpu(other, notices.append)), plain, trained(of(plain)))
    assert not notices


@needs_a_gpu
@every_model
@both_types
def test_a_graph_on_a_gpu_counts_the_tokens_of_each_minibatch_anew(
    name: str, products: torch.dtype | None
) -> None:
    plain, other = make(name, products, "cuda"), make(name, products, "cuda")
    found = []
    for minibatches in (of(plain), on_gpu(other, lambda _text: None)):
        minibatches.begin()
        for chosen in ([0, 1, 2], [4, 2, 3], [3, 3, 3]):
            minibatches.forget()
            minibatches.train(*on_names(chosen))
        found.append(minibatches.mean_loss())
    assert found[0][1] == found[1][1] == 10 + 15 + 21
    assert_alike(other, found[1:], plain, found[:1])


@needs_a_gpu
def test_trainings_in_threads_side_by_side_are_captured_each_on_a_gpu() -> None:
    notices: list[str] = []
    models = [make(name, None, "cuda") for name in MODELS]
    with ThreadPoolExecutor() as pool:
        losses = list(pool.map(lambda model: trained(on_gpu(model, notices.append)), models))
    assert not notices
    for name, model, found in zip(MODELS, models, losses, strict=True):
        plain = make(name, None, "cuda")
        assert_alike(model, found, plain, trained(of(plain)))


@needs_a_gpu
def test_what_fails_in_the_middle_of_a_capture_leaves_the_gpu_to_others() -> None:
    def add() -> None:
        total.add_(1)

    def wait() -> None:
        add()
        if torch.cuda.is_current_stream_capturing():
            total.item()

    total, stream = torch.zeros((), device="cuda"), torch.cuda.current_stream()
    with pytest.raises(RuntimeError):
        capture(wait, [total])
    assert torch.cuda.current_stream() == stream and total.item() == 0
    capture(add, [total])()
    assert total.item() == 1


def assert_alike(
    model: LanguageModel,
    losses: list[tuple[float, int]],
    other: LanguageModel,
    others: list[tuple[float, int]],
) -> None:
    for (loss, _), (expected, _) in zip(losses, others, strict=True):
        assert loss == pytest.approx(expected, rel=1e-4)
    for found, weight in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(found, weight, atol=1e-4, rtol=1e-4)
