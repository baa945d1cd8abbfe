"""Trainings for unseen text: what is kept, when they stop, and that they go on to the very same end."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seqstep.errors import DivergenceError, ModelError, TextError
from seqstep.models.language import detach
from seqstep.models.networks import NETWORKS
from seqstep.models.regularised import RegularisedRNN
from seqstep.settings.config import HeldOutConfig
from seqstep.text.batches import sequential_batches
from seqstep.text.document_windows import DocumentWindows
from seqstep.training import held_out
from seqstep.training.held_out import HeldOutEpoch, HeldOutTraining

VOCAB = 4
TEXT = np.random.default_rng(0).integers(0, VOCAB, 400).astype(np.uint8)
SMALL: dict[str, Any] = {"batch": 3, "steps": 5, "epochs": 6, "patience": 0, "precision": "float32"}
DROPPED = {"dropout_input": 0.1, "dropout_between": 0.2, "dropout_output": 0.3, "dropout_recurrent": 0.2}


def training(
    weights: int = 0, network: str = "gru", layers: int = 1, end: int | None = None, **changes: Any
) -> HeldOutTraining:
    config = HeldOutConfig(**SMALL | changes)
    model = RegularisedRNN(VOCAB, 8, network, layers, torch.Generator().manual_seed(weights))
    return HeldOutTraining(model, TEXT[:250], TEXT[250:], config, seed=7, end=end)


def finished(it: HeldOutTraining) -> HeldOutTraining:
    assert list(it.run()) == it.history
    return it


def valid_perplexity(model: RegularisedRNN) -> float:
    with torch.no_grad():
        text = torch.from_numpy(TEXT.astype(np.int64))[None]
        logits, _ = model(text[:, :-1], model.begin_state(1))
        losses = nn.functional.cross_entropy(logits[0].double(), text[0, 1:], reduction="none")
    return math.exp(losses[-150:].mean().item())


def test_without_regularisation_it_equals_a_plain_loop_of_sgd() -> None:
    changes: dict[str, Any] = {"optimizer": "sgd", "schedule": "constant", "weight_decay": 0.0}
    changes |= {"dropout_between": 0.0, "dropout_output": 0.0, "learning_rate": 0.5, "clip": 0.2}
    done = finished(training(epochs=2, **changes))
    model, rng = training(**changes).model, np.random.default_rng(7)
    for epoch in done.history:
        rng.integers(2**62)
        state, total, tokens = model.begin_state(3), 0.0, 0
        for X, Y in sequential_batches(TEXT[:250], 3, 5, rng):
            logits, state = model(torch.from_numpy(X.astype(np.int64)), detach(state))
            labels = torch.from_numpy(Y.astype(np.int64))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            model.zero_grad()
            loss.backward()
            norm = math.sqrt(sum(float((weight.grad**2).sum()) for weight in model.parameters()))
            with torch.no_grad():
                for weight in model.parameters():
                    weight.sub_(0.5 * weight.grad * min(1.0, 0.2 / norm))
            total, tokens = total + loss.item() * Y.size, tokens + Y.size
        assert epoch.loss == pytest.approx(total / tokens, rel=1e-5)
        assert epoch.valid_perplexity == pytest.approx(valid_perplexity(model), rel=1e-5)
    for found, expected in zip(done.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_on_documents_it_equals_a_plain_loop_over_windows_each_from_zeros() -> None:
    changes: dict[str, Any] = {"optimizer": "sgd", "schedule": "constant", "weight_decay": 0.0, "epochs": 2}
    changes |= {"dropout_between": 0.0, "dropout_output": 0.0, "learning_rate": 0.5, "clip": 1e6}
    done, model, rng = (
        finished(training(end=1, **changes)),
        training(**changes).model,
        np.random.default_rng(7),
    )
    windows = DocumentWindows(TEXT[:250], 1, 5)
    for epoch in done.history:
        rng.integers(2**62)
        total, tokens = 0.0, 0
        for places in windows.deal(3, rng):
            inputs, labels = map(torch.from_numpy, windows.read(places))
            logits, _ = model(inputs, model.begin_state(3))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for weight in model.parameters():
                    weight.sub_(0.5 * weight.grad)
            real = int((labels >= 0).sum())
            total, tokens = total + loss.item() * real, tokens + real
        assert epoch.loss == pytest.approx(total / tokens, rel=1e-5)
    for found, expected in zip(done.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_documents_are_validated_each_by_itself_and_go_on_to_the_same_end(tmp_path: Path) -> None:
    whole, half, again = (training(end=1, schedule="constant", epochs=epochs) for epochs in (4, 2, 4))
    finished(whole)
    starts = [place for place in range(400) if place == 0 or TEXT[place] == 1]
    losses = []
    for start, stop in pairwise([*starts, 399]):
        with torch.no_grad():
            document = torch.from_numpy(TEXT[start : stop + 1].astype(np.int64))
            logits, _ = whole.model(document[None, :-1], whole.model.begin_state(1))
        losses.append(nn.functional.cross_entropy(logits[0], document[1:], reduction="none"))
    expected = math.exp(torch.cat(losses)[-150:].mean().item())
    assert whole.history[-1].valid_perplexity == pytest.approx(expected, rel=1e-5)
    finished(half).save(tmp_path)
    again.load(tmp_path)
    assert [row.loss for row in again.run()] == [row.loss for row in whole.history]


@pytest.mark.first_quick
@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_the_weights_kept_are_those_of_the_best_validation_and_not_the_last(averaging: float) -> None:
    # Noise can't be learnt: whoever goes on learning it by heart gets worse.
    it = finished(training(learning_rate=0.05, epochs=25, schedule="constant", averaging=averaging))
    figures = [epoch.valid_perplexity for epoch in it.history]
    assert it.best_epoch == 1 + int(np.argmin(figures)) < 25
    it.finish()
    assert valid_perplexity(it.model) == pytest.approx(min(figures), rel=1e-6)
    assert figures[-1] > min(figures) * 1.05
    assert it.result() == {
        "valid/best_perplexity": min(figures),
        "valid/best_epoch": it.best_epoch,
        "train/epochs": 25,
    }


@pytest.mark.parametrize(("patience", "every"), [(1, 1), (3, 1), (2, 3)])
@pytest.mark.thorough
def test_it_stops_after_so_many_validations_without_a_better_one(patience: int, every: int) -> None:
    changes: dict[str, Any] = {"learning_rate": 0.05, "epochs": 40, "schedule": "constant"}
    whole = finished(training(validate_every=every, **changes))
    figures = {e.epoch: e.valid_perplexity for e in whole.history if (e.epoch - 1) % every == 0}
    best, since, stop = math.inf, 0, 0
    for epoch, figure in figures.items():
        best, since = (figure, 0) if figure < best else (best, since + 1)
        stop = epoch
        if since == patience:
            break
    early = finished(training(validate_every=every, patience=patience, **changes))
    assert len(early.history) == stop < 40
    assert early.history_table().equals(whole.history_table()[:stop])


def test_between_validations_the_latest_figure_stands_and_the_last_epoch_is_validated() -> None:
    it = finished(training(validate_every=4, epochs=7, learning_rate=0.02))
    figures = [epoch.valid_perplexity for epoch in it.history]
    assert len(set(figures[:4])) == 1 and len(set(figures[4:6])) == 1 and len(set(figures)) == 3
    assert figures[-1] == pytest.approx(valid_perplexity(it.model), rel=1e-6)


def test_the_averaged_weights_are_the_running_mean_of_all_updates() -> None:
    it = training(averaging=0.5, epochs=1)
    mean = {name: weight.clone() for name, weight in it.model.state_dict().items()}

    def observe(*_: object) -> None:
        for name, weight in it.model.state_dict().items():
            mean[name] = 0.5 * mean[name] + 0.5 * weight

    assert isinstance(it.optimizer, torch.optim.Optimizer)
    it.optimizer.register_step_post_hook(observe)
    finished(it).finish()
    for name, weight in it.model.state_dict().items():
        torch.testing.assert_close(weight, mean[name])


@pytest.mark.thorough
def test_the_cosine_falls_to_0_and_the_plateau_halves_where_nothing_gets_better() -> None:
    rates = [epoch.learning_rate for epoch in finished(training(schedule="cosine")).history]
    expected = [0.003 * (1 + math.cos(math.pi * epoch / 6)) / 2 for epoch in range(6)]
    assert rates == pytest.approx(expected)
    it = finished(training(schedule="plateau", learning_rate=0.05, epochs=25))
    best, since, rate = math.inf, 0, 0.05
    for epoch in it.history:
        assert epoch.learning_rate == pytest.approx(rate)
        better = epoch.valid_perplexity < best * (1 - 1e-4)
        best, since = (epoch.valid_perplexity, 0) if better else (best, since + 1)
        if since == 2:
            rate, since = rate / 2, 0
    assert rate < 0.05
    assert len({e.learning_rate for e in finished(training(schedule="constant")).history}) == 1


def test_weight_decay_makes_weights_smaller() -> None:
    norms = [
        nn.utils.parameters_to_vector(finished(training(weight_decay=decay)).model.parameters()).norm()
        for decay in (0.0, 2.0)
    ]
    assert norms[1] < 0.9 * norms[0]


@pytest.mark.parametrize(
    "optimizer", ["sgd", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("adam", "adamw"))]
)
@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
@pytest.mark.thorough
def test_a_training_that_goes_on_elsewhere_equals_a_whole_one(
    optimizer: str, schedule: str, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "averaging": 0.8, **DROPPED}
    changes |= {"learning_rate": 0.1, "validate_every": 2, "layers": 2}
    whole = finished(training(**changes))
    for stop in (1, 3, 5):
        folder = tmp_path / str(stop)
        folder.mkdir()
        first = training(**changes)
        rows = first.run()
        for _ in range(stop):
            next(rows)
        first.save(folder)
        resumed = training(weights=99, **changes)
        resumed.load(folder)
        assert_same(finished(resumed), whole)


def test_the_network_in_bfloat16_goes_on_to_the_same_end_too(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"network": "lstm", "layers": 2, **DROPPED, "precision": "bfloat16"}
    first = training(**changes)
    next(first.run())
    first.save(tmp_path)
    resumed = training(weights=9, **changes)
    resumed.load(tmp_path)
    assert_same(finished(resumed), finished(training(**changes)))


@pytest.mark.first_quick
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_training_beside_others_in_threads_equals_one_alone(network: str, share: float) -> None:
    changes: dict[str, Any] = {"precision": "bfloat16", "epochs": 3, "dropout_recurrent": share}
    alone = finished(training(network=network, **changes))
    beside = [training(network=name, **changes) for name in (network, "gru", "lstm", network)]
    with ThreadPoolExecutor(len(beside)) as pool:
        for done in pool.map(finished, beside):
            if done in (beside[0], beside[-1]):
                assert_same(done, alone)


def assert_same(one: HeldOutTraining, other: HeldOutTraining) -> None:
    assert one.history_table().equals(other.history_table())
    assert one.best.keys() == other.best.keys() != set()
    for name, weight in one.best.items():
        assert torch.equal(weight, other.best[name])
    for name, weight in one.model.state_dict().items():
        assert torch.equal(weight, other.model.state_dict()[name])


def test_a_training_that_was_stopped_early_stays_stopped_when_it_is_loaded(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"learning_rate": 0.05, "epochs": 40, "schedule": "constant", "patience": 1}
    done = finished(training(**changes))
    done.save(tmp_path)
    again = training(weights=1, **changes)
    again.load(tmp_path)
    assert_same(finished(again), done)


def test_another_optimizers_training_is_not_gone_on_with(tmp_path: Path) -> None:
    finished(training(epochs=1)).save(tmp_path)
    with pytest.raises(ModelError, match="expected a saved training of held_out by SGD"):
        training(optimizer="sgd").load(tmp_path)


def test_dropout_is_drawn_anew_each_epoch_and_follows_from_the_seed() -> None:
    before = torch.get_rng_state()
    one, same, plain = (finished(training(**changes)) for changes in (DROPPED, DROPPED, {}))
    assert torch.equal(torch.get_rng_state(), before)
    assert one.history_table().equals(same.history_table())
    assert not one.history_table().equals(plain.history_table())
    assert one.model.dice.initial_seed() != training(**DROPPED).model.dice.initial_seed()


def test_too_short_a_training_part_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(TextError, match=r"at least 800 tokens .* lower held_out\.batch or held_out\.steps"):
        next(training(batch=15, steps=50).run())


def test_a_loss_that_is_no_number_is_an_error_that_says_what_to_try() -> None:
    it = training()
    nn.init.constant_(it.model.linear.weight, math.nan)
    with pytest.raises(DivergenceError, match=r"at epoch 1; try a smaller held_out\.learning_rate"):
        next(it.run())


@pytest.mark.parametrize("figure", [math.nan, math.inf])
def test_a_validation_that_is_no_number_is_an_error_that_says_what_to_try(
    figure: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = training(validate_every=2)
    rows = it.run()
    next(rows), next(rows)
    monkeypatch.setattr(held_out, "perplexity", lambda _loss: figure)
    with pytest.raises(DivergenceError, match=rf"became {figure} at epoch 3; .* held_out\.learning_rate"):
        next(rows)


def test_a_last_step_that_is_far_too_large_is_an_error() -> None:
    it = training(learning_rate=1e30, optimizer="sgd", clip=1.0, epochs=1, batch=15, steps=15)
    with pytest.raises(DivergenceError, match="at epoch 1"):
        next(it.run())


def test_the_table_of_a_training_leaves_out_how_fast_it_went() -> None:
    it = training()
    it.history = [HeldOutEpoch(1, 0.5, 1.6, 1.7, 0.1, 1000.0, 2.0)]
    assert it.history_table().to_csv(index=False).splitlines() == [
        "epoch,loss,perplexity,valid_perplexity,learning_rate",
        "1,0.5,1.6,1.7,0.1",
    ]
