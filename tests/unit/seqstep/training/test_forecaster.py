import statistics

import numpy as np
import pytest
import torch
from torch import nn

from seqstep.errors import DivergenceError, WindowError
from seqstep.models.mlp import MLP
from seqstep.series.sources import noisy_sine
from seqstep.series.windows import Windows
from seqstep.settings.config import MLPConfig
from seqstep.training.forecaster import ForecasterEpoch, ForecasterTraining, check_finite, prepare

SMALL = MLPConfig(window=3, hidden=5, batch=4, epochs=2, learning_rate=0.01)


def windows_of_a_sine(window: int, seed: int = 0, points: int = 1000) -> tuple[Windows, Windows]:
    series = noisy_sine(points, 0.01, 0.2, seed).to_numpy()
    train, valid, _ = prepare(series, MLPConfig(window=window), "none")
    return train, valid


def train(config: MLPConfig, seed: int = 0, points: int = 60) -> tuple[MLP, list[ForecasterEpoch]]:
    model = MLP(config.window, config.hidden, torch.Generator().manual_seed(seed))
    return model, list(
        ForecasterTraining(model, *windows_of_a_sine(config.window, seed, points), config, seed).run()
    )


class ByHand:
    """The network, its gradients of the summed squared error and Adam, in numpy and float64."""

    def __init__(self, model: MLP, learning_rate: float) -> None:
        self.weights = [p.detach().double().numpy().copy() for p in model.parameters()]
        self.moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self.weights]
        self.learning_rate, self.steps = learning_rate, 0

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Take a step; return the sum of the squared errors before it."""
        W1, b1, W2, b2 = self.weights
        h = np.maximum(x @ W1.T + b1, 0)
        error = h @ W2.T + b2 - y[:, None]
        d_out = 2 * error
        d_hidden = (d_out @ W2) * (h > 0)
        self.steps += 1
        gradients = (d_hidden.T @ x, d_hidden.sum(0), d_out.T @ h, d_out.sum(0))
        for weight, gradient, (m, v) in zip(self.weights, gradients, self.moments, strict=True):
            m[:] = 0.9 * m + 0.1 * gradient
            v[:] = 0.999 * v + 0.001 * gradient**2
            m_hat, v_hat = m / (1 - 0.9**self.steps), v / (1 - 0.999**self.steps)
            weight[:] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        return float((error**2).sum())

    def mse(self, windows: Windows) -> float:
        W1, b1, W2, b2 = self.weights
        forecast = np.maximum(windows.features @ W1.T + b1, 0) @ W2.T + b2
        return float(np.mean((forecast[:, 0] - windows.labels) ** 2))


def test_the_notes_series_gives_600_windows_for_training_and_none_that_overlaps_for_validation() -> None:
    series = noisy_sine(1000, 0.01, 0.2, 0).to_numpy()
    train, valid, scaling = prepare(series, MLPConfig(), "none")
    assert (len(train.labels), len(valid.labels)) == (600, 392)
    assert (scaling.mean, scaling.std) == (0, 1)
    np.testing.assert_array_equal(train.features[-1], series[599:603].astype(np.float32))
    np.testing.assert_array_equal(valid.features[0], series[604:608].astype(np.float32))
    np.testing.assert_array_equal(valid.labels, series[608:].astype(np.float32))


def test_scaling_knows_the_training_part_only() -> None:
    series = noisy_sine(100, 0.1, 0.2, 0).to_numpy() * 20 + 300
    other = np.concatenate([series[:64], series[64:] * 1000])  # 60 windows of 4 and their labels are the same
    (one, _, scaling), (same, _, same_scaling) = (
        prepare(s, MLPConfig(), "standard") for s in (series, other)
    )
    assert scaling == same_scaling
    assert scaling.mean == pytest.approx(series[:64].mean())
    assert scaling.std == pytest.approx(series[:64].std())
    np.testing.assert_array_equal(one.features, same.features)
    np.testing.assert_array_equal(one.labels, same.labels)
    np.testing.assert_allclose(one.labels, (series[4:64] - scaling.mean) / scaling.std, rtol=1e-5, atol=1e-6)


def test_a_series_too_short_for_the_split_is_an_error() -> None:
    with pytest.raises(WindowError, match="training and validation"):
        prepare(np.zeros(10), MLPConfig(), "none")


def test_two_epochs_equal_a_training_by_hand_in_numpy() -> None:
    train_windows, valid = windows_of_a_sine(3, points=61)
    train_windows = Windows(train_windows.features[:34], train_windows.labels[:34])  # a last batch of 2
    model = MLP(3, 5, torch.Generator().manual_seed(0))
    hand, shuffle = ByHand(model, SMALL.learning_rate), torch.Generator().manual_seed(7)
    for epoch in ForecasterTraining(model, train_windows, valid, SMALL, seed=7).run():
        order = torch.randperm(34, generator=shuffle).numpy()
        batches = [order[start : start + 4] for start in range(0, 34, 4)]
        total = sum(hand.step(train_windows.features[b], train_windows.labels[b]) for b in batches)
        assert epoch.train_mse == pytest.approx(total / 34, rel=1e-4)
        assert epoch.valid_mse == pytest.approx(hand.mse(valid), rel=1e-4)
        for found, expected in zip(model.parameters(), hand.weights, strict=True):
            np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)
    assert epoch.epoch == 2


def test_the_notes_training_equals_a_plain_loop_with_automatic_differentiation() -> None:
    config, (windows, valid) = MLPConfig(), windows_of_a_sine(4)
    model, plain = (MLP(4, 32, torch.Generator().manual_seed(0)) for _ in range(2))
    shuffle, adam = torch.Generator().manual_seed(7), torch.optim.Adam(plain.parameters(), 0.05)
    inputs, labels = torch.tensor(windows.features), torch.tensor(windows.labels)
    for epoch in ForecasterTraining(model, windows, valid, config, seed=7).run():
        total = 0.0
        for chosen in torch.randperm(600, generator=shuffle).split(20):
            loss = nn.functional.mse_loss(plain(inputs[chosen]), labels[chosen], reduction="sum")
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item()
        assert epoch.train_mse == pytest.approx(total / 600, abs=1e-5)
    assert epoch.epoch == 10
    for found, expected in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_one_step_changes_every_weight() -> None:
    model, (windows, valid) = MLP(3, 5, torch.Generator().manual_seed(1)), windows_of_a_sine(3, points=60)
    before = [p.detach().clone() for p in model.parameters()]
    one_batch = SMALL.model_copy(update={"batch": 1000, "epochs": 1})
    (epoch,) = ForecasterTraining(model, windows, valid, one_batch, 0).run()
    assert epoch.epoch == 1
    for old, new in zip(before, model.parameters(), strict=True):
        # Adam's first step is the learning rate long wherever a gradient is.
        assert (new - old).abs().max().item() == pytest.approx(SMALL.learning_rate, rel=1e-3)


def test_two_runs_of_one_configuration_give_identical_weights_and_results() -> None:
    before = torch.get_rng_state()
    (one, results), (same, same_results), (other, _) = train(SMALL), train(SMALL), train(SMALL, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert results == same_results
    assert [result.epoch for result in results] == [1, 2]
    for mine, twin, different in zip(one.parameters(), same.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, twin)
        assert not torch.equal(mine, different)


def test_the_seed_shuffles_the_windows() -> None:
    (windows, valid), epochs = windows_of_a_sine(3, points=60), []
    for seed in (0, 1):
        model = MLP(3, 5, torch.Generator().manual_seed(0))
        epochs.append(list(ForecasterTraining(model, windows, valid, SMALL, seed).run()))
    assert epochs[0] != epochs[1]


def test_the_notes_forecaster_reaches_its_valid_mse_in_the_median_of_ten_seeds() -> None:
    results = [train(MLPConfig(), seed, 1000)[1] for seed in range(10)]
    assert all(len(epochs) == 10 for epochs in results)
    assert all(epochs[-1].train_mse < epochs[0].train_mse for epochs in results)
    # Less than what the best possible predictor has would be a leak.
    assert 0.0485 < statistics.median(epochs[-1].valid_mse for epochs in results) <= 0.065


def test_a_learning_rate_far_too_large_is_an_error_that_names_the_epoch_and_what_to_try() -> None:
    with pytest.raises(DivergenceError, match=r"at epoch 1;.*smaller mlp\.learning_rate"):
        train(MLPConfig(learning_rate=1e30))


def test_a_divergence_in_the_very_last_step_is_an_error() -> None:
    with pytest.raises(DivergenceError, match="at epoch 1;"):
        train(SMALL.model_copy(update={"batch": 1000, "epochs": 1, "learning_rate": 1e30}))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30])
@pytest.mark.parametrize("part", [0, 1], ids=["train", "valid"])
def test_extreme_values_in_the_data_are_an_error_that_points_there(value: float, part: int) -> None:
    parts = list(windows_of_a_sine(3, points=60))
    labels = parts[part].labels.copy()
    labels[0] = value
    parts[part] = Windows(parts[part].features, labels)
    with pytest.raises(DivergenceError, match=r"at epoch 1;.*extreme values"):
        list(ForecasterTraining(MLP(3, 5), *parts, SMALL, 0).run())


@pytest.mark.parametrize("loss", [float("inf"), float("-inf"), float("nan")])
def test_check_finite_lets_numbers_pass_and_nothing_else(loss: float) -> None:
    check_finite(1e300, 3, "mlp.learning_rate")
    with pytest.raises(DivergenceError, match=f"became {loss} at epoch 3; try a smaller mlp.learning_rate"):
        check_finite(loss, 3, "mlp.learning_rate")


def test_the_table_of_a_training_has_every_column() -> None:
    model = MLP(SMALL.window, SMALL.hidden, torch.Generator())
    training = ForecasterTraining(model, *windows_of_a_sine(SMALL.window, points=60), SMALL, 0)
    assert training.history_table().empty
    epochs, table = list(training.run()), training.history_table()
    assert list(table.columns) == ["epoch", "train_mse", "valid_mse"]
    assert list(table.itertuples(index=False, name=None)) == epochs
