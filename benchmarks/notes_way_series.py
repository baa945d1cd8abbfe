"""The notes' way with a series, plainly: a loader of minibatches, lists of losses, a model call a forecast.

Source: the notes, "Sequence Models". Nothing is slower or faster than the notes have it, but for what they
print, and for the processor that everything runs on.
"""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

Loaders = tuple[DataLoader[tuple[Tensor, ...]], DataLoader[tuple[Tensor, ...]]]


def sine(points: int) -> Tensor:
    """Draw the noisy sine."""
    steps = torch.arange(1, points + 1, dtype=torch.float32)
    return torch.sin(0.01 * steps) + torch.normal(0, 0.2, (points,))


def loaders(series: Tensor, tau: int = 4, train: int = 600, batch: int = 20) -> Loaders:
    """Cut a series into windows, the first ones for training and the others for validation."""
    points = len(series)
    features = torch.zeros(points - tau, tau)
    for i in range(tau):
        features[:, i] = series[i : points - tau + i]
    labels = series[tau:].reshape(-1, 1)
    parts = (slice(None, train), slice(train, None))
    first, second = (TensorDataset(features[part], labels[part]) for part in parts)
    return DataLoader(first, batch, shuffle=True), DataLoader(second, batch, shuffle=True)


def network(tau: int = 4) -> nn.Module:
    """Make the perceptron with its initial weights."""
    layers = nn.Sequential(nn.Linear(tau, 32), nn.ReLU(), nn.Linear(32, 1))
    for layer in (layers[0], layers[2]):
        nn.init.xavier_uniform_(layer.weight)
    return layers


def train(model: nn.Module, data: Loaders, epochs: int = 10) -> tuple[list[float], list[float]]:
    """Train with Adam at 0.05; return the losses of both parts by epoch, as the notes scale them."""
    train_data, valid_data = data
    criterion, optimizer = nn.MSELoss(reduction="none"), torch.optim.Adam(model.parameters(), 0.05)
    train_losses, valid_losses = [], []
    for _ in range(epochs):
        train_loss = valid_loss = 0.0
        model.train()
        for windows, labels in train_data:
            optimizer.zero_grad()
            loss = criterion(model(windows), labels)
            loss.sum().backward()
            optimizer.step()
            train_loss += loss.sum().item() * len(windows)
        model.eval()
        for windows, labels in valid_data:
            loss = criterion(model(windows), labels)
            valid_loss += loss.sum().item() * len(windows)
        train_losses.append(train_loss / len(train_data.dataset))  # type: ignore[arg-type]
        valid_losses.append(valid_loss / len(valid_data.dataset))  # type: ignore[arg-type]
    return train_losses, valid_losses


def one_step(model: nn.Module, series: Tensor, tau: int = 4) -> Tensor:
    """Forecast every value from the observed ones before it."""
    features = torch.stack([series[i : len(series) - tau + i] for i in range(tau)], dim=1)
    return model(features).detach()


def multi_step(model: nn.Module, series: Tensor, start: int, end: int, tau: int = 4) -> Tensor:
    """Forecast from one origin on, a call a step, each on what was forecast before."""
    forecasts = torch.zeros(end)
    forecasts[:start] = series[:start]
    for i in range(start, end):
        forecasts[i] = model(forecasts[i - tau : i].reshape(1, -1))
    return forecasts[start:].detach()


def k_steps(model: nn.Module, series: Tensor, furthest: int = 64, tau: int = 4) -> Tensor:
    """Forecast 1 to `furthest` steps ahead from every origin; column tau + k - 1 holds those for k."""
    origins = len(series) - tau - furthest + 1
    features = torch.zeros(origins, tau + furthest)
    for i in range(tau):
        features[:, i] = series[i : i + origins]
    for i in range(tau, tau + furthest):
        features[:, i] = model(features[:, i - tau : i]).reshape(-1)
    return features.detach()
