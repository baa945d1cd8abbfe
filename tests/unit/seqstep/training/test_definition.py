"""Networks that were edited, as somebody who studies them would: what is trained is what their code says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstep.errors import DivergenceError, ModelError
from seqstep.models.language import HiddenState, LanguageModel, detach
from seqstep.models.mlp import MLP
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.series.windows import Windows
from seqstep.settings.config import MLPConfig, Precision, RNNConfig
from seqstep.text.batches import random_batches, sequential_batches
from seqstep.training import forecaster, language
from seqstep.training.forecaster import ForecasterEpoch, ForecasterTraining
from seqstep.training.language import LanguageTraining

VOCAB, HIDDEN = 5, 8
TEXT = np.random.default_rng(0).integers(0, VOCAB, 200).astype(np.uint8)
CONFIG = RNNConfig(hidden=HIDDEN, batch=3, steps=6, epochs=3, learning_rate=0.5, precision="float32")
SERIES = np.sin(np.arange(80) / 3).astype(np.float32)
WINDOWS = Windows(np.lib.stride_tricks.sliding_window_view(SERIES[:-1], 4), SERIES[4:])
MLP_CONFIG = MLPConfig(hidden=6, batch=16, epochs=3, learning_rate=0.02)


class Relu(RNNScratch):
    def step(self, X: Tensor, H: Tensor) -> Tensor:
        return torch.relu(X @ self.W_xh + H @ self.W_hh + self.b_h)


class WithoutBias(RNNScratch):
    def step(self, X: Tensor, H: Tensor) -> Tensor:
        return torch.tanh(X @ self.W_xh + H @ self.W_hh)


class EditedOutput(RNNScratch):
    """The loop of `RNNScratch.forward` with another line at its end; the way to the fast pass stays."""

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        if torch.is_grad_enabled() and self.by_hand:
            return self._read_all_steps(ids, state)
        (H,) = state
        states = []
        for X in functional.one_hot(ids, self.vocab).to(H.dtype).unbind(dim=1):
            H = self.step(X, H)
            states.append(H)
        return self.outputs(torch.stack(states, dim=1)), (H,)

    def outputs(self, states: Tensor) -> Tensor:
        return states @ self.W_hq


class Normed(EditedOutput):
    def outputs(self, states: Tensor) -> Tensor:
        return functional.layer_norm(states, (self.hidden,)) @ self.W_hq + self.b_q


class Dropped(EditedOutput):
    def outputs(self, states: Tensor) -> Tensor:
        return functional.dropout(states, 0.3, self.training) @ self.W_hq + self.b_q


class TwoLayers(RNNScratch):
    """A second layer with a state of its own, so that the fast pass can't be taken."""

    def __init__(self, vocab: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(vocab, hidden, generator)
        self.above = nn.Parameter(torch.randn(hidden, hidden, generator=generator) * 0.3)

    def begin_state(self, batch: int) -> HiddenState:
        return super().begin_state(batch) * 2

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        if torch.is_grad_enabled() and self.by_hand:
            return self._read_all_steps(ids, state)
        H, G = state
        states = []
        for X in functional.one_hot(ids, self.vocab).to(H.dtype).unbind(dim=1):
            H = self.step(X, H)
            G = torch.tanh(H @ self.above + G)
            states.append(G)
        return torch.stack(states, dim=1) @ self.W_hq + self.b_q, (H, G)


def library(**options: object) -> Callable[[], RNNTorch]:
    """A network around a layer that is made with other options."""

    def make() -> RNNTorch:
        model = RNNTorch(VOCAB, HIDDEN, generator=torch.Generator().manual_seed(0))
        model.layer = nn.RNN(VOCAB, HIDDEN, device="meta", **options)
        model.layer.to_empty(device="cpu")
        for weight in model.layer.parameters():
            nn.init.uniform_(weight, -0.5, 0.5, generator=torch.Generator().manual_seed(1))
        return model

    return make


class TwoLibraryLayers(RNNTorch):
    """Another layer on the library's, in float32 whatever the products are."""

    def __init__(self) -> None:
        super().__init__(VOCAB, HIDDEN, generator=torch.Generator().manual_seed(0))
        self.above = nn.Parameter(torch.randn(HIDDEN, HIDDEN, generator=torch.Generator().manual_seed(1)))

    def _read(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        outputs, after = super()._read(ids, state)
        return torch.tanh(outputs @ self.above), after


def scratch(kind: type[RNNScratch]) -> Callable[[], RNNScratch]:
    return lambda: kind(VOCAB, HIDDEN, torch.Generator().manual_seed(0))


class Clamped(RNNScratch):
    def step(self, X: Tensor, H: Tensor) -> Tensor:
        return torch.tanh((X @ self.W_xh + H @ self.W_hh + self.b_h).clamp(-5, 5))


class ClampedOutput(EditedOutput):
    def outputs(self, states: Tensor) -> Tensor:
        return (states @ self.W_hq + self.b_q).clamp(-50, 50)


class Hinged(RNNScratch):
    """The same up to a size, which only large weights exceed."""

    def step(self, X: Tensor, H: Tensor) -> Tensor:
        Z = X @ self.W_xh + H @ self.W_hh + self.b_h
        return torch.tanh(Z) if Z.abs().max() < 30 else torch.tanh(Z / 2)


class ByBatch(RNNScratch):
    def step(self, X: Tensor, H: Tensor) -> Tensor:
        return super().step(X, H) + (0.1 if len(X) > 4 else 0.0)


class BySteps(EditedOutput):
    def outputs(self, states: Tensor) -> Tensor:
        return (states @ self.W_hq + self.b_q) * (1.0 if states.shape[1] <= 4 else 2.0)


EDITED: dict[str, tuple[Callable[[], LanguageModel], str]] = {
    "scratch, relu": (scratch(Relu), "differs from it: the loss by"),
    "scratch, no bias of the state": (scratch(WithoutBias), "differs from it: the loss by"),
    "scratch, no bias of the output": (scratch(EditedOutput), "the loss by"),
    "scratch, layer norm": (scratch(Normed), "the loss by"),
    "scratch, dropout": (scratch(Dropped), "the loss by"),
    "scratch, clamped": (scratch(Clamped), "differs from it: the"),
    "scratch, output clamped": (scratch(ClampedOutput), "the loss by"),
    "scratch, by the size of a value": (scratch(Hinged), "the loss by"),
    "scratch, by the steps": (scratch(BySteps), "the loss by"),
    "scratch, second layer": (scratch(TwoLayers), "can't be taken: TypeError"),
    "library, relu": (library(nonlinearity="relu"), "the gradient of layer.weight_ih_l0 by"),
    "library, no bias": (library(bias=False), "can't be taken: TypeError"),
}


def by_autograd(model: LanguageModel, config: RNNConfig, seed: int) -> list[float]:
    """Train by what the definition says, in a plain loop; return the epochs' losses."""
    rng, losses = np.random.default_rng(seed), []
    draw = random_batches if config.random_batches else sequential_batches
    model.by_hand = False
    model.train()
    for _ in range(config.epochs):
        state, total, tokens = model.begin_state(config.batch), 0.0, 0
        for X, Y in draw(TEXT, config.batch, config.steps, rng):
            if config.random_batches:
                state = model.begin_state(config.batch)
            logits, after = model(torch.from_numpy(X.astype(np.int64)), state)
            loss = functional.cross_entropy(
                logits.flatten(0, 1), torch.from_numpy(Y.astype(np.int64)).flatten()
            )
            model.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            with torch.no_grad():
                for weight in model.parameters():
                    if weight.grad is not None:
                        weight.sub_(config.learning_rate * weight.grad)
            state = detach(after)
            total, tokens = total + loss.item() * Y.size, tokens + Y.size
        losses.append(total / tokens)
    return losses


def losses_of(training: LanguageTraining) -> list[float]:
    return [epoch.loss for epoch in training.run()]


@pytest.mark.parametrize("random_batches", [False, True], ids=["sequential", "random"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("make, said", EDITED.values(), ids=EDITED.keys())
def test_an_edited_language_model_trains_by_its_definition_and_says_so(
    make: Callable[[], LanguageModel], said: str, precision: Precision, random_batches: bool
) -> None:
    config = CONFIG.model_copy(update={"precision": precision, "random_batches": random_batches})
    notices: list[str] = []
    model, twin = make(), make()
    torch.manual_seed(7)  # of the dropout
    found = losses_of(LanguageTraining(model, TEXT, config, 5, notices.append))
    torch.manual_seed(7)
    assert found == pytest.approx(by_autograd(twin, config, 5), rel=1e-5)
    for weight, expected in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(weight, expected, atol=1e-5, rtol=1e-4)
    (notice,) = notices
    assert said in notice
    assert "the gradients of a minibatch take" in notice and " ms" in notice


@pytest.mark.parametrize("precision, told", [("float32", False), ("bfloat16", True)])
def test_what_is_built_on_the_fast_pass_keeps_it_where_it_can_be_taken(
    precision: Precision, told: bool
) -> None:
    notices: list[str] = []
    config = CONFIG.model_copy(update={"precision": precision})
    found = losses_of(LanguageTraining(TwoLibraryLayers(), TEXT, config, 5, notices.append))
    assert found == pytest.approx(by_autograd(TwoLibraryLayers(), config, 5), rel=1e-5)
    assert bool(notices) == told


UNEDITED: dict[str, Callable[[], LanguageModel]] = {
    "scratch": scratch(RNNScratch),
    "rnn": library(),
    "lstm": lambda: RNNTorch(VOCAB, HIDDEN, "lstm", 2, generator=torch.Generator().manual_seed(0)),
}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("make", UNEDITED.values(), ids=UNEDITED.keys())
def test_a_model_that_is_as_it_was_trains_to_the_same_bits_without_a_word(
    make: Callable[[], LanguageModel], precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.model_copy(update={"precision": precision})
    notices: list[str] = []
    model, twin, before = make(), make(), torch.get_rng_state()
    training = LanguageTraining(model, TEXT, config, 5, notices.append)
    assert torch.equal(torch.get_rng_state(), before) and not notices
    for weight, same in zip(model.parameters(), make().parameters(), strict=True):
        assert torch.equal(weight, same) and weight.grad is None
    assert model.by_hand and model.products == (torch.bfloat16 if precision == "bfloat16" else None)
    monkeypatch.setattr(language, "find_difference", lambda *_: "")
    assert losses_of(training) == losses_of(LanguageTraining(twin, TEXT, config, 5))
    for weight, same in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_what_a_definition_counts_along_the_way_is_left_as_it_was() -> None:
    class Counting(Relu):
        def __init__(self) -> None:
            super().__init__(VOCAB, HIDDEN)
            self.register_buffer("seen", torch.zeros(()))

        def step(self, X: Tensor, H: Tensor) -> Tensor:
            self.seen += 1
            return super().step(X, H)

    model = Counting()
    LanguageTraining(model, TEXT, CONFIG, 5)
    assert model.seen == 0 and not model.by_hand


def test_an_edited_training_goes_on_by_its_definition_to_the_same_bits(tmp_path: Path) -> None:
    whole = LanguageTraining(scratch(Relu)(), TEXT, CONFIG, 5)
    expected = losses_of(whole)
    broken = LanguageTraining(scratch(Relu)(), TEXT, CONFIG.model_copy(update={"epochs": 2}), 5)
    losses_of(broken)
    broken.save(tmp_path)
    again = LanguageTraining(scratch(Relu)(), TEXT, CONFIG, 5)
    again.load(tmp_path)
    assert losses_of(again) == expected and not again.model.by_hand
    for weight, same in zip(again.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(weight, same)


def test_a_first_state_that_is_another_or_is_learned_is_the_one_that_is_trained_from() -> None:
    class Begins(RNNScratch):
        def __init__(self) -> None:
            super().__init__(VOCAB, HIDDEN, torch.Generator().manual_seed(0))
            self.start = nn.Parameter(torch.linspace(-1, 1, HIDDEN))

        def begin_state(self, batch: int) -> HiddenState:
            return (self.start.expand(batch, -1),)

    for at_random in (False, True):
        for learned in (False, True):
            config = CONFIG.model_copy(update={"random_batches": at_random})
            model, twin = Begins(), Begins()
            for one in (model, twin):
                one.start.requires_grad_(learned)
            notices: list[str] = []
            found = losses_of(LanguageTraining(model, TEXT, config, 5, notices.append))
            assert found == pytest.approx(by_autograd(twin, config, 5), rel=1e-5) and not notices
            torch.testing.assert_close(model.start, twin.start, atol=1e-5, rtol=1e-5)
            assert torch.equal(model.start, Begins().start) is not learned


class TanhMLP(MLP):
    def forward(self, windows: Tensor) -> Tensor:
        return self.output(torch.tanh(self.hidden(windows))).squeeze(-1)


class DroppedMLP(MLP):
    def forward(self, windows: Tensor) -> Tensor:
        hidden = functional.dropout(torch.relu(self.hidden(windows)), 0.3, self.training)
        return self.output(hidden).squeeze(-1)


class DeepMLP(MLP):
    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(window, hidden, generator)
        self.second = nn.Parameter(torch.randn(hidden, hidden, generator=generator))

    def forward(self, windows: Tensor) -> Tensor:
        return self.output(torch.relu(torch.relu(self.hidden(windows)) @ self.second)).squeeze(-1)


class NoBiasMLP(MLP):
    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(window, hidden, generator)
        self.output.bias = None


class RectifiedMLP(MLP):
    """The notes' network with another activation, the same up to some value."""

    def activation(self, Z: Tensor) -> Tensor:
        return functional.hardtanh(Z, 0.0, 20.0)

    def forward(self, windows: Tensor) -> Tensor:
        return self.output(self.activation(self.hidden(windows))).squeeze(-1)


class ReLU6MLP(RectifiedMLP):
    def activation(self, Z: Tensor) -> Tensor:
        return functional.relu6(Z)


class FarMLP(RectifiedMLP):
    """Bends where only the scaled probes go."""

    def activation(self, Z: Tensor) -> Tensor:
        return functional.hardtanh(Z, 0.0, 1000.0)


class ClampedMLP(MLP):
    def forward(self, windows: Tensor) -> Tensor:
        return super().forward(windows).clamp(-100, 100)


class CutMLP(RectifiedMLP):
    """The values stay, the gradient ends beyond a bound."""

    def activation(self, Z: Tensor) -> Tensor:
        H = torch.relu(Z)
        return torch.where(H > 20, H.detach(), H)


class ByBatchMLP(MLP):
    """Another one on the last minibatch, which is smaller."""

    def forward(self, windows: Tensor) -> Tensor:
        return super().forward(windows) * (1.0 if len(windows) == 16 else 0.5)


class UnusedMLP(MLP):
    """Has a weight that nothing depends on."""

    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(window, hidden, generator)
        self.more = nn.Parameter(torch.zeros(3))


class DoubleMLP(MLP):
    """Reckons in float64, which the windows are not in."""

    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(window, hidden, generator)
        self.double()

    def forward(self, windows: Tensor) -> Tensor:
        return super().forward(windows.double()).float()


PIECEWISE = [RectifiedMLP, ReLU6MLP, FarMLP, ClampedMLP, CutMLP, ByBatchMLP]


@pytest.mark.parametrize("kind", [TanhMLP, DroppedMLP, DeepMLP, NoBiasMLP, UnusedMLP, DoubleMLP, *PIECEWISE])
def test_an_edited_forecaster_trains_by_its_definition_and_says_so(kind: type[MLP]) -> None:
    notices: list[str] = []
    model, twin = (kind(4, 6, torch.Generator().manual_seed(0)) for _ in range(2))
    torch.manual_seed(7)
    training = ForecasterTraining(model, WINDOWS, WINDOWS, MLP_CONFIG, 5, notices.append)
    found = [epoch.train_mse for epoch in training.run()]
    adam, shuffle = torch.optim.Adam(twin.parameters(), 0.02), torch.Generator().manual_seed(5)
    inputs, labels = torch.tensor(WINDOWS.features), torch.tensor(WINDOWS.labels)
    expected = []
    torch.manual_seed(7)
    for _ in range(MLP_CONFIG.epochs):
        total = 0.0
        for chosen in torch.randperm(len(labels), generator=shuffle).split(16):
            loss = (twin(inputs[chosen]) - labels[chosen]).square().sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item()
        expected.append(total / len(labels))
    assert found == pytest.approx(expected, rel=1e-4)
    (notice,) = notices
    assert "the model's own definition" in notice and " ms" in notice


def zeroing(model: MLP) -> None:
    model.hidden.weight.register_hook(torch.zeros_like)


def cutting(model: MLP) -> None:
    def cut(weight: Tensor) -> None:
        weight.grad.clamp_(-0.01, 0.01)

    model.hidden.weight.register_post_accumulate_grad_hook(cut)


def squashing(model: MLP) -> None:
    model.hidden.register_forward_hook(lambda _layer, _given, found: torch.tanh(found))


def looking_on(model: MLP) -> None:
    model.register_forward_pre_hook(lambda _model, _given: None)


class AveragingMLP(MLP):
    """Keeps a mean of what it sees, which only predictions know."""

    def __init__(self, window: int, hidden: int, generator: torch.Generator | None = None) -> None:
        super().__init__(window, hidden, generator)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, windows: Tensor) -> Tensor:
        if not self.training:
            return super().forward(windows) + self.mean
        with torch.no_grad():
            self.mean.add_(0.1 * (windows.mean() - self.mean) + 0.05)
        return super().forward(windows)


def notice_of_an_equal_training(kind: type[MLP], edit: Callable[[MLP], object]) -> str:
    """See that an edited forecaster trains as by its definition; return the one notice of that."""
    notices: list[str] = []

    def epochs(by_hand: bool) -> list[ForecasterEpoch]:
        model = kind(4, 6, torch.Generator().manual_seed(0))
        edit(model)
        model.by_hand = by_hand
        return list(ForecasterTraining(model, WINDOWS, WINDOWS, MLP_CONFIG, 5, notices.append).run())

    assert epochs(by_hand=True) == epochs(by_hand=False)
    (notice,) = notices
    return notice


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        *((MLP, edit, "call the hooks of hidden.weight") for edit in (zeroing, cutting)),
        (MLP, squashing, "call the hooks of hidden"),
        (MLP, looking_on, "call the hooks of the model"),
        (AveragingMLP, lambda _model: None, "know the buffer mean"),
    ],
)
def test_what_a_copy_does_not_show_trains_by_the_definition(
    kind: type[MLP], edit: Callable[[MLP], None], said: str
) -> None:
    notice = notice_of_an_equal_training(kind, edit)
    assert f"the fast pass that is written by hand does not {said};" in notice


class OtherCopyMLP(TanhMLP):
    """Its copies are something else."""

    def __deepcopy__(self, memo: object) -> MLP:
        return MLP(4, 6, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        (MLP, lambda model: nn.utils.weight_norm(model.hidden), "RuntimeError: Only Tensors created"),
        (OtherCopyMLP, lambda _model: None, "it is a MLP"),
    ],
)
@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated:FutureWarning")
def test_what_can_not_be_copied_trains_by_the_definition(
    kind: type[MLP], edit: Callable[[MLP], object], said: str
) -> None:
    notice = notice_of_an_equal_training(kind, edit)
    assert f"can't be held against it on a copy: {said}" in notice


def test_the_notes_forecaster_trains_to_the_same_bits_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    notices: list[str] = []
    model, twin = (MLP(4, 6, torch.Generator().manual_seed(0)) for _ in range(2))
    training = ForecasterTraining(model, WINDOWS, WINDOWS, MLP_CONFIG, 5, notices.append)
    monkeypatch.setattr(forecaster, "find_difference", lambda *_: "")
    assert list(training.run()) == list(ForecasterTraining(twin, WINDOWS, WINDOWS, MLP_CONFIG, 5).run())
    assert not notices


def test_an_edit_that_only_a_large_minibatch_meets_is_seen() -> None:
    notices: list[str] = []
    for batch in (4, 5):
        config = CONFIG.model_copy(update={"batch": batch})
        LanguageTraining(scratch(ByBatch)(), TEXT, config, 5, notices.append)
    (notice,) = notices
    assert "differs from it: the loss by" in notice


def test_a_bound_in_the_range_of_the_own_data_is_seen() -> None:
    class HighMLP(RectifiedMLP):
        def activation(self, Z: Tensor) -> Tensor:
            return functional.hardtanh(Z, 0.0, 1e7)

    notices: list[str] = []
    large = Windows(WINDOWS.features * 1e9, WINDOWS.labels * 1e9)
    for windows in (WINDOWS, large):
        ForecasterTraining(
            HighMLP(4, 6, torch.Generator().manual_seed(0)), windows, windows, MLP_CONFIG, 5, notices.append
        )
    (notice,) = notices
    assert "differs from it: the loss by" in notice


def test_a_difference_that_only_grown_weights_show_ends_the_training() -> None:
    begin = torch.full((), torch.inf)  # until the training starts

    def bent(bias: Tensor, value: Tensor) -> Tensor:
        """Bend where the weights are neither as they begin nor as the probes draw them."""
        return value * 2 if 1e-3 < (bias - begin).abs().max() < 0.05 else value

    class LateMLP(MLP):
        def forward(self, windows: Tensor) -> Tensor:
            return bent(self.output.bias, super().forward(windows))

    class Late(EditedOutput):
        def outputs(self, states: Tensor) -> Tensor:
            return bent(self.b_q, states @ self.W_hq + self.b_q)

    class PlainLateMLP(LateMLP):
        by_hand = False

    class PlainLate(Late):
        by_hand = False

    config = MLP_CONFIG.model_copy(update={"learning_rate": 0.002})
    text = CONFIG.model_copy(update={"learning_rate": 0.02})
    for forecasts, reads in ((LateMLP, Late), (PlainLateMLP, PlainLate)):
        notices: list[str] = []
        mlp, rnn = forecasts(4, 6, torch.Generator().manual_seed(0)), reads(VOCAB, HIDDEN)
        for training, start in (
            (ForecasterTraining(mlp, WINDOWS, WINDOWS, config, 5, notices.append), mlp.output.bias),
            (LanguageTraining(rnn, TEXT, text, 5, notices.append), rnn.b_q),
        ):
            begin = start.detach().clone()
            if forecasts is LateMLP:
                with pytest.raises(ModelError, match=r"(?s)after epoch 1, .*differs.*`by_hand = False`"):
                    list(training.run())
            else:
                assert len(list(training.run())) == 3
        assert not notices


@pytest.mark.first_quick
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in (1, 2))])
@pytest.mark.parametrize("batch, hidden, learning_rate", [(1, 1, 0.5), (7, 33, 5.0), (32, 64, 100.0)])
def test_unedited_networks_of_any_size_are_never_told_to_differ(
    batch: int, hidden: int, learning_rate: float, seed: int
) -> None:
    notices: list[str] = []
    generator = torch.Generator().manual_seed(seed)
    size = {"batch": batch, "hidden": hidden, "learning_rate": learning_rate, "clip": 10.0, "epochs": 4}
    for kind in (RNNScratch, RNNTorch):
        for precision in ("float32", "bfloat16"):
            config = RNNConfig(**size, steps=5, precision=precision)
            model = kind(VOCAB, hidden, generator=generator)
            list(LanguageTraining(model, TEXT, config, seed, notices.append).run())
    for scale in (0.0, 1e-6, 1.0, 1e6):
        windows = Windows(WINDOWS.features * scale, WINDOWS.labels * scale)
        config = MLPConfig(batch=batch, hidden=hidden, epochs=20)
        model = MLP(4, hidden, generator)
        list(ForecasterTraining(model, windows, windows, config, seed, notices.append).run())
    assert not notices


def test_weights_that_are_no_numbers_are_not_called_a_difference() -> None:
    model = RNNScratch(VOCAB, HIDDEN)
    training = LanguageTraining(model, TEXT, CONFIG, 5)
    epochs = training.run()
    next(epochs)
    with torch.no_grad():
        model.b_h.fill_(torch.nan)
    with pytest.raises(DivergenceError):
        list(epochs)
    model = RNNScratch(VOCAB, HIDDEN)
    for _ in LanguageTraining(model, TEXT, CONFIG.model_copy(update={"epochs": 1}), 5).run():
        with torch.no_grad():
            model.b_q.fill_(torch.nan)
