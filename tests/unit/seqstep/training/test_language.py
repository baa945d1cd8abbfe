import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqstep.errors import DivergenceError, TextError
from seqstep.models.language import HiddenState, LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.settings.config import RNNConfig
from seqstep.text.batches import random_batches, sequential_batches
from seqstep.training.language import LanguageEpoch, LanguageTraining

VOCAB, END = 4, 1
TEXT = np.random.default_rng(0).integers(0, VOCAB, 130).astype(np.uint8)
CONFIG = RNNConfig(hidden=8, batch=3, steps=5, epochs=3, learning_rate=0.5, clip=1.0, precision="float32")
MODELS: dict[str, Callable[[], LanguageModel]] = {
    "scratch": lambda: RNNScratch(VOCAB, 8, torch.Generator().manual_seed(0)),
    "rnn": lambda: RNNTorch(VOCAB, 8, generator=torch.Generator().manual_seed(0)),
    "lstm": lambda: RNNTorch(VOCAB, 8, "lstm", 2, generator=torch.Generator().manual_seed(0)),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
both_ways = pytest.mark.parametrize("at_random", [False, True], ids=["sequential", "random"])


def notes_clipping(model: nn.Module, theta: float) -> None:
    """The notes' `grad_clipping`."""
    params = [p for p in model.parameters() if p.requires_grad]
    norm = torch.sqrt(sum(torch.sum(p.grad**2) for p in params))
    if norm > theta:
        for param in params:
            param.grad[:] *= theta / norm


def notes_epoch(model: LanguageModel, config: RNNConfig, rng: np.random.Generator) -> tuple[float, float]:
    """The notes' `train_epoch` and `sgd`; returns perplexity and the sum of the losses per token."""
    state, metric = None, [0.0, 0]
    draw = random_batches if config.random_batches else sequential_batches
    for X, Y in draw(TEXT, config.batch, config.steps, rng):
        if state is None or config.random_batches:
            state = model.begin_state(config.batch)
        for part in state:
            part.detach_()
        y_hat, state = model(torch.from_numpy(X.astype(np.int64)), state)
        loss = nn.CrossEntropyLoss()(
            y_hat.reshape(-1, VOCAB), torch.from_numpy(Y.astype(np.int64)).reshape(-1)
        )
        model.zero_grad()
        loss.backward()
        notes_clipping(model, config.clip)
        with torch.no_grad():
            for param in model.parameters():
                param.sub_(config.learning_rate * param.grad)
        metric[0] += loss.item() * Y.size
        metric[1] += Y.size
    return math.exp(metric[0] / metric[1]), metric[0] / metric[1]


@every_model
@both_ways
@pytest.mark.parametrize("clip", [0.05, 100.0], ids=["clipped", "free"])
def test_a_training_equals_the_notes_loop(
    make: Callable[[], LanguageModel], at_random: bool, clip: float
) -> None:
    config = CONFIG.model_copy(update={"random_batches": at_random, "clip": clip})
    model, twin, rng = make(), make(), np.random.default_rng(5)
    for number, epoch in enumerate(LanguageTraining(model, TEXT, config, seed=5).run(), 1):
        perplexity, loss = notes_epoch(twin, config, rng)
        assert epoch.epoch == number
        assert epoch.loss == pytest.approx(loss, rel=1e-5)
        assert epoch.perplexity == pytest.approx(perplexity, rel=1e-5)
        assert epoch.tokens_per_s > 0
        for found, expected in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert number == 3


@every_model
def test_a_training_on_documents_equals_a_plain_loop_over_their_windows(
    make: Callable[[], LanguageModel],
) -> None:
    starts = [0, *np.flatnonzero(TEXT[1:-1] == END) + 1, len(TEXT) - 1]
    windows = [
        torch.from_numpy(TEXT[first : min(first + 5, stop) + 1].astype(np.int64))
        for start, stop in pairwise(starts)
        for first in range(start, stop, 5)
    ]
    assert len(windows) > 20 and len(windows) % 3 > 0
    model, other, twin, rng = make(), make(), make(), np.random.default_rng(5)
    training = LanguageTraining(model, TEXT, CONFIG, 5, end=END)
    at_random = CONFIG.model_copy(update={"random_batches": True})
    same = LanguageTraining(other, TEXT, at_random, 5, end=END)
    for epoch, again in zip(training.run(), same.run(), strict=True):
        total, tokens, order = 0.0, 0, rng.permutation(len(windows))
        for first in range(0, len(windows) - 2, 3):
            losses = []
            for window in (windows[place] for place in order[first : first + 3]):
                logits, _ = twin(window[None, :-1], twin.begin_state(1))
                losses.append(nn.functional.cross_entropy(logits[0], window[1:], reduction="none"))
            loss = torch.cat(losses).mean()
            twin.zero_grad()
            loss.backward()
            notes_clipping(twin, CONFIG.clip)
            with torch.no_grad():
                for weight in twin.parameters():
                    weight.sub_(CONFIG.learning_rate * weight.grad)
            total, tokens = total + loss.item() * sum(map(len, losses)), tokens + sum(map(len, losses))
        assert epoch.loss == again.loss == pytest.approx(total / tokens, rel=1e-5)
        for found, expected in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_too_few_documents_are_refused_by_their_windows() -> None:
    names = np.array([END, *[2, 3, END] * 2])
    with pytest.raises(TextError, match=r"at least 3 windows of up to 5 tokens.*got 2; .*rnn\.batch"):
        LanguageTraining(MODELS["scratch"](), names, CONFIG, 0, end=END)


def test_the_loss_of_the_first_batch_equals_one_by_hand() -> None:
    model, text = MODELS["scratch"](), TEXT[:20]  # one batch of 3 sequences, whatever the offset
    offset = int(np.random.default_rng(9).integers(5))
    rows = (20 - offset - 1) // 3
    W_xh, W_hh, b_h, W_hq, b_q = (p.detach().double().numpy() for p in model.parameters())
    losses = []
    for row in range(3):
        start, H = offset + row * rows, np.zeros(8)
        for t in range(start, start + 5):
            H = np.tanh(W_xh[text[t]] + H @ W_hh + b_h)
            logits = H @ W_hq + b_q
            losses.append(np.log(np.exp(logits).sum()) - logits[text[t + 1]])
    (epoch,) = LanguageTraining(model, text, CONFIG.model_copy(update={"epochs": 1}), seed=9).run()
    assert epoch.loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert epoch.perplexity == pytest.approx(math.exp(sum(losses) / len(losses)), rel=1e-5)


@pytest.mark.parametrize("clip", [1e-3, 1e-2])
def test_a_clipped_step_is_as_long_as_learning_rate_times_theta(clip: float) -> None:
    model = MODELS["rnn"]()
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    config = CONFIG.model_copy(update={"epochs": 1, "clip": clip, "learning_rate": 2.0})
    list(LanguageTraining(model, TEXT[:20], config, 0).run())
    change = nn.utils.parameters_to_vector(model.parameters()).detach() - before
    assert change.norm().item() == pytest.approx(2.0 * clip, rel=1e-3)


class Recorder(RNNScratch):
    """Keeps a copy of every state that goes in and comes out."""

    def forward(self, ids: Tensor, state: HiddenState) -> tuple[Tensor, HiddenState]:
        logits, after = super().forward(ids, state)
        self.__dict__.setdefault("seen", []).append((state[0].clone(), after[0].clone()))
        return logits, after


@both_ways
def test_sequential_batches_carry_the_state_on_and_random_ones_reset_it(at_random: bool) -> None:
    model = Recorder(VOCAB, 8, torch.Generator().manual_seed(0))
    epochs = LanguageTraining(model, TEXT, CONFIG.model_copy(update={"random_batches": at_random}), 0).run()
    for _ in epochs:
        seen = model.__dict__.pop("seen")
        assert len(seen) >= 7
        assert not any(given.requires_grad for given, _ in seen)
        assert not seen[0][0].any()  # at each epoch's start
        for (_, left), (given, _) in pairwise(seen):
            assert left.any()
            assert torch.equal(given, torch.zeros_like(given) if at_random else left)


@every_model
@both_ways
def test_two_runs_of_one_configuration_are_identical(
    make: Callable[[], LanguageModel], at_random: bool
) -> None:
    config, before = CONFIG.model_copy(update={"random_batches": at_random}), torch.get_rng_state()
    models = [make(), make(), make()]
    losses = [
        [e.loss for e in LanguageTraining(m, TEXT, config, s).run()]
        for m, s in zip(models, (1, 1, 2), strict=True)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert losses[0] == losses[1] != losses[2]
    one, same, other = (nn.utils.parameters_to_vector(m.parameters()) for m in models)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@both_ways
@pytest.mark.parametrize("name", ["scratch", "lstm"])
@pytest.mark.thorough
def test_a_tiny_repeating_text_is_learnt_by_heart(name: str, at_random: bool) -> None:
    config = RNNConfig(batch=4, steps=10, epochs=150, learning_rate=1.0, random_batches=at_random)
    # What follows a 3 needs a memory, which a sequence drawn at random does not have at its start.
    text = np.array([0, 2, 1, 3] * 40 if at_random else [0, 1, 2, 3, 3] * 30)
    epochs = list(LanguageTraining(MODELS[name](), text, config, 0).run())
    assert epochs[0].perplexity == pytest.approx(VOCAB, rel=0.2)  # knows nothing yet
    assert epochs[4].loss < epochs[0].loss
    assert max(epoch.perplexity for epoch in epochs[-20:]) < 1.1


@every_model
@pytest.mark.thorough
def test_a_training_in_bfloat16_keeps_its_weights_in_float32_and_reaches_the_same_band(
    make: Callable[[], LanguageModel],
) -> None:
    text, ends = np.array([0, 1, 2, 3, 3] * 30), {}
    for precision in ("float32", "bfloat16"):
        model = make()
        config = RNNConfig(batch=4, steps=10, epochs=150, learning_rate=1.0, precision=precision)
        epochs = list(LanguageTraining(model, text, config, 0).run())
        assert {weight.dtype for weight in model.state_dict().values()} == {torch.float32}
        ends[precision] = epochs[-1].perplexity
    assert 1 < ends["float32"] < 1.1 and 1 < ends["bfloat16"] < 1.1
    assert ends["float32"] != ends["bfloat16"]
    assert ends["bfloat16"] == pytest.approx(ends["float32"], abs=0.01)


@both_ways
def test_too_short_a_text_is_an_error_with_both_lengths(at_random: bool) -> None:
    config = CONFIG.model_copy(update={"random_batches": at_random, "epochs": 1})
    assert len(list(LanguageTraining(MODELS["scratch"](), TEXT[:20], config, 0).run())) == 1
    with pytest.raises(TextError, match=r"at least 20 tokens .* got 19"):
        next(LanguageTraining(MODELS["scratch"](), TEXT[:19], config, 0).run())


def test_a_loss_that_is_no_number_is_an_error_that_names_the_epoch_and_what_to_try() -> None:
    model, done = MODELS["scratch"](), []
    with pytest.raises(DivergenceError, match=r"became nan at epoch 3; try a smaller rnn\.learning_rate"):
        for epoch in LanguageTraining(model, TEXT, CONFIG, 0).run():
            done.append(epoch.epoch)
            if epoch.epoch == 2:
                nn.init.constant_(model.W_hq, math.nan)
    assert done == [1, 2]


def test_a_learning_rate_far_too_large_is_an_error() -> None:
    with pytest.raises(DivergenceError, match="at epoch 1;"):
        list(
            LanguageTraining(
                MODELS["scratch"](), TEXT, CONFIG.model_copy(update={"learning_rate": 1e38}), 0
            ).run()
        )


def test_the_table_of_a_training_leaves_out_how_fast_it_went() -> None:
    it = LanguageTraining(MODELS["scratch"](), TEXT, CONFIG, 0)
    assert list(it.history_table().columns) == ["epoch", "loss", "perplexity"]
    it.history = [LanguageEpoch(1, 0.5, 1.6, 1000.0), LanguageEpoch(2, 0.25, 1.3, 2000.0)]
    lines = it.history_table().to_csv(index=False).splitlines()
    assert lines == ["epoch,loss,perplexity", "1,0.5,1.6", "2,0.25,1.3"]
