"""Trainings that stop and go on: the same weights and losses, no epoch missing and none twice."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqstep.errors import DivergenceError, ModelError
from seqstep.generation.along_training import Sampler
from seqstep.models.mlp import MLP
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.series.sources import noisy_sine
from seqstep.settings.config import Cell, MLPConfig, Precision, RNNConfig, SamplesConfig
from seqstep.text.codec import Codec
from seqstep.text.vocab import Vocab
from seqstep.training import forecaster, language

LanguageTraining = Any  # either of the two
IDS = np.random.default_rng(0).integers(0, 4, 130).astype(np.uint8)


def forecast(epochs: int, weights: int = 0, window: int = 3) -> forecaster.ForecasterTraining:
    config = MLPConfig(window=window, hidden=5, batch=4, epochs=epochs, learning_rate=0.01)
    train, valid, _ = forecaster.prepare(noisy_sine(60, 0.01, 0.2, 0).to_numpy(), config, "none")
    model = MLP(window, 5, torch.Generator().manual_seed(weights))
    return forecaster.ForecasterTraining(model, train, valid, config, seed=7)


def speak(
    epochs: int,
    weights: int = 0,
    at_random: bool = False,
    hidden: int = 8,
    layer: tuple[Cell, int] | None = None,
    precision: Precision = "float32",
) -> language.LanguageTraining:
    config = RNNConfig(
        hidden=hidden,
        batch=3,
        steps=5,
        epochs=epochs,
        learning_rate=0.5,
        random_batches=at_random,
        precision=precision,
    )
    generator = torch.Generator().manual_seed(weights)
    model = RNNTorch(4, hidden, *layer, generator=generator) if layer else RNNScratch(4, hidden, generator)
    return language.LanguageTraining(model, IDS, config, seed=7)


MAKERS: dict[str, Callable[[int, int], LanguageTraining]] = {
    "forecaster": forecast,
    "sequential": speak,
    "random": lambda epochs, weights: speak(epochs, weights, at_random=True),
    "lstm": lambda epochs, weights: speak(epochs, weights, layer=("lstm", 2)),
    "rnn": lambda epochs, weights: speak(epochs, weights, layer=("rnn", 1)),
    "bfloat16": lambda epochs, weights: speak(epochs, weights, precision="bfloat16"),
    "rnn, bfloat16": lambda epochs, weights: speak(epochs, weights, layer=("rnn", 1), precision="bfloat16"),
}
every_training = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def finished(training: LanguageTraining) -> LanguageTraining:
    assert list(training.run()) == training.history
    return training


def stopped(training: LanguageTraining, epoch: int, folder: Path) -> LanguageTraining:
    """Break a training off after an epoch, or before the first, and save it."""
    for row in training.run() if epoch else ():
        if row.epoch == epoch:
            break
    folder.mkdir(exist_ok=True)
    training.save(folder)
    return training


def assert_equal(one: LanguageTraining, other: LanguageTraining) -> None:
    state = other.model.state_dict()
    assert all(torch.equal(weight, state[name]) for name, weight in one.model.state_dict().items())
    assert one.history_table().equals(other.history_table())
    assert [row.epoch for row in one.history] == list(range(1, len(one.history) + 1))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.first_quick
@every_training
@pytest.mark.parametrize("stop", [0, 1, 2, 4, 5])
def test_a_training_that_goes_on_elsewhere_equals_a_whole_one(
    make: Callable[[int, int], LanguageTraining], stop: int, tmp_path: Path
) -> None:
    first = stopped(make(5, 0), stop, tmp_path)
    resumed = make(5, 99)  # with other weights, of which nothing may be left
    resumed.load(tmp_path)
    assert resumed.restored == stop
    rows = list(resumed.run())
    assert [row.epoch for row in rows] == [1, 2, 3, 4, 5]
    assert rows[:stop] == first.history
    assert rows == resumed.history
    assert_equal(resumed, finished(make(5, 0)))


@every_training
def test_a_longer_training_from_a_finished_one_equals_a_long_one(
    make: Callable[[int, int], LanguageTraining], tmp_path: Path
) -> None:
    finished(make(2, 0)).save(tmp_path)
    longer = make(5, 99)
    longer.load(tmp_path)
    assert_equal(finished(longer), finished(make(5, 0)))


@pytest.mark.first_quick
@every_training
def test_a_training_moved_after_every_epoch_equals_a_whole_one(
    make: Callable[[int, int], LanguageTraining], tmp_path: Path
) -> None:
    for epoch in range(1, 6):
        training = make(5, epoch if epoch > 1 else 0)
        if epoch > 1:
            training.load(tmp_path / str(epoch - 1))
        stopped(training, epoch, tmp_path / str(epoch))
    assert_equal(training, finished(make(5, 0)))


@pytest.mark.first_quick
@every_training
def test_saving_disturbs_nothing_and_the_same_state_has_the_same_bytes(
    make: Callable[[int, int], LanguageTraining], tmp_path: Path
) -> None:
    training, before = make(4, 0), torch.get_rng_state()
    for row in training.run():
        folders = [tmp_path / f"{row.epoch}{letter}" for letter in "abc"]
        for folder in folders:
            folder.mkdir()
        training.save(folders[0])
        training.save(folders[1])
        other = make(4, 99)
        other.load(folders[0])
        other.save(folders[2])
        assert contents(folders[0]) == contents(folders[1]) == contents(folders[2])
        assert sorted(contents(folders[0])) == ["training.json", "training.safetensors"]
    assert torch.equal(torch.get_rng_state(), before)
    assert_equal(training, finished(make(4, 0)))


def test_a_whole_training_and_one_that_went_on_save_the_same_bytes(tmp_path: Path) -> None:
    stopped(forecast(4), 2, tmp_path / "half")
    resumed = forecast(4, 99)
    resumed.load(tmp_path / "half")
    for name, training in {"whole": finished(forecast(4)), "resumed": finished(resumed)}.items():
        (tmp_path / name).mkdir()
        training.save(tmp_path / name)
    assert contents(tmp_path / "whole") == contents(tmp_path / "resumed")


@every_training
def test_nothing_is_trained_while_restored_epochs_are_told(
    make: Callable[[int, int], LanguageTraining], tmp_path: Path
) -> None:
    first, resumed = stopped(make(5, 0), 3, tmp_path), make(5, 99)
    resumed.load(tmp_path)
    assert resumed.history == first.history
    state = first.model.state_dict()
    for row, _ in zip(resumed.run(), range(3), strict=False):
        assert row == first.history[row.epoch - 1]
        assert all(torch.equal(weight, state[name]) for name, weight in resumed.model.state_dict().items())


@every_training
def test_a_training_that_is_too_far_is_an_error_with_both_numbers(
    make: Callable[[int, int], LanguageTraining], tmp_path: Path
) -> None:
    stopped(make(4, 0), 4, tmp_path)
    training = make(3, 0)
    message = rf"at most 3 epochs .*got one of 4; set {training.section}\.epochs to 4 or more"
    with pytest.raises(ModelError, match=message):
        training.load(tmp_path)
    assert_equal(finished(training), finished(make(3, 0)))


@pytest.mark.parametrize(
    ("saved", "loaded", "message"),
    [
        (forecast, speak, "a saved training of rnn by SGD .* got one of mlp by Adam with epoch, train_mse"),
        (speak, forecast, "a saved training of mlp by Adam .* got one of rnn by SGD with epoch, loss"),
        (MAKERS["lstm"], speak, r"'W_xh': \(4, 8\).* got one with .*'layer\.weight_ih_l0'"),
        (speak, lambda epochs, weights: speak(epochs, weights, hidden=9), r"\(4, 9\).* got one .*\(4, 8\)"),
        (forecast, lambda epochs, weights: forecast(epochs, weights, window=4), r"\(5, 4\).* \(5, 3\)"),
    ],
    ids=["forecaster", "language", "cell", "hidden", "window"],
)
def test_a_foreign_training_is_an_error_with_both_and_changes_nothing(
    saved: Callable[[int, int], LanguageTraining],
    loaded: Callable[[int, int], LanguageTraining],
    message: str,
    tmp_path: Path,
) -> None:
    stopped(saved(3, 0), 2, tmp_path)
    training = loaded(3, 0)
    with pytest.raises(ModelError, match=f"expected .*{message}.* train from the start"):
        training.load(tmp_path)
    assert (training.history, training.restored) == ([], 0)
    assert_equal(finished(training), finished(loaded(3, 0)))


def test_an_epoch_that_was_broken_off_is_not_saved_but_the_one_before_it_goes_on(tmp_path: Path) -> None:
    training = stopped(speak(4), 2, tmp_path)
    before = contents(tmp_path)
    torch.nn.init.constant_(training.model.W_hq, float("nan"))
    with pytest.raises(DivergenceError, match="at epoch 3"):
        list(training.run())
    with pytest.raises(RuntimeError, match="epoch 3 was broken off"):
        training.save(tmp_path)
    assert contents(tmp_path) == before
    training.load(tmp_path)
    assert_equal(finished(training), finished(speak(4)))


CODEC = Codec(Vocab([(letter, 1) for letter in "abc"]), "char", "ascii_letters")


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_the_samples_of_a_training_that_goes_on_equal_those_of_a_whole_one(stop: int, tmp_path: Path) -> None:
    samples = SamplesConfig(prefix="ab", last_prefix="c", length=20, every=2)

    def write(training: LanguageTraining, sampler: Sampler) -> str:
        sampler.before()
        for row in training.run():
            sampler.after(row.epoch)
            if row.epoch == stop and not list(tmp_path.iterdir()):
                training.save(tmp_path)
                sampler.save(tmp_path)
        sampler.finish()
        return sampler.text

    whole = speak(5)
    text = write(whole, Sampler(whole.model, CODEC, samples))
    resumed = speak(5, 99)
    sampler = Sampler(resumed.model, CODEC, samples)
    resumed.load(tmp_path)
    sampler.load(tmp_path)
    assert write(resumed, sampler) == text
    assert text.count("\n") == 6


SCRIPT = """
import sys
from pathlib import Path
import numpy as np, torch
from seqstep.settings.config import RNNConfig
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.training.language import LanguageTraining
torch.set_num_threads(1)
config = RNNConfig(hidden=8, batch=3, steps=5, epochs=4, learning_rate=0.5, precision="float32")
ids = np.random.default_rng(0).integers(0, 4, 130).astype(np.uint8)
training = LanguageTraining(RNNScratch(4, 8, torch.Generator().manual_seed(0)), ids, config, seed=7)
for row in training.run():
    if row.epoch == 2:
        training.save(Path(sys.argv[1]))
        break
"""


@pytest.mark.thorough
def test_a_training_goes_on_in_another_process(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT, tmp_path], check=True, timeout=120)
    resumed = speak(4, 99)
    resumed.load(tmp_path)
    assert_equal(finished(resumed), finished(speak(4)))
