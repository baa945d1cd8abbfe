"""The MLP and its forecasts against the notes' loops, on one thread each and from the same weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import torch
from torch import nn

from benchmarks import notes_way_series as notes_way
from benchmarks.measuring import Benchmark, BenchmarkError, timed
from seqstep.models.mlp import MLP, predictor
from seqstep.series.forecast import k_steps, multi_steps
from seqstep.series.scaling import Scaling
from seqstep.settings.config import MLPConfig
from seqstep.training.forecaster import ForecasterTraining, prepare

_CONFIG = MLPConfig()
_ORIGINS, _HORIZON = 1000, 64
_POINTS, _HORIZONS = 100_000, (1, 4, 16, 64)
_TAU = _CONFIG.window


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Draw a series and a network; yield the claims, once both ways are seen to forecast the same."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        model, plain = _same_network()
        yield [_training(), _multi_step(model, plain), _k_step(model, plain)]
    finally:
        torch.set_num_threads(threads)


def _training() -> Benchmark:
    series = notes_way.sine(1000)
    data = prepare(series.numpy(), _CONFIG, "none")

    def ours() -> None:
        model = MLP(_TAU, _CONFIG.hidden, torch.Generator().manual_seed(0))
        list(ForecasterTraining(model, data.train, data.valid, _CONFIG, seed=0).run())

    return Benchmark(
        "MLP, 10 epochs against the notes' loop",
        2.0,
        lambda: timed(lambda: notes_way.train(notes_way.network(), notes_way.loaders(series))),
        lambda: timed(ours),
        pairs=9,
    )


def _multi_step(model: MLP, plain: nn.Module) -> Benchmark:
    series = notes_way.sine(_ORIGINS + _TAU)
    observed, predict = series.numpy().astype(float), predictor(model, Scaling())
    starts = range(_TAU, _TAU + _ORIGINS)

    def baseline() -> list[torch.Tensor]:
        return [notes_way.multi_step(plain, series, start, start + _HORIZON) for start in starts]

    def ours() -> np.ndarray:
        return multi_steps(predict, observed, _TAU, starts, _HORIZON)

    _check_same(ours(), torch.stack(baseline()))
    return Benchmark(
        f"multi-step forecasts, {_ORIGINS:,} origins, {_HORIZON} steps against the notes' loop",
        20.0,
        lambda: timed(baseline),
        lambda: timed(ours),
    )


def _k_step(model: MLP, plain: nn.Module) -> Benchmark:
    series = notes_way.sine(_POINTS)
    observed, predict = series.numpy().astype(float), predictor(model, Scaling())

    def baseline() -> torch.Tensor:
        return notes_way.k_steps(plain, series)

    def ours() -> dict[int, np.ndarray]:
        return k_steps(predict, observed, _TAU, _HORIZONS)

    columns = baseline()
    for horizon, forecast in ours().items():
        _check_same(forecast, columns[:, _TAU + horizon - 1])
    horizons = ", ".join(map(str, _HORIZONS))
    return Benchmark(
        f"k-step forecasts, {_POINTS:,} points, k = {horizons} against the notes' loop",
        3.0,
        lambda: timed(baseline),
        lambda: timed(ours),
    )


def _same_network() -> tuple[MLP, nn.Module]:
    """Make a network in our form and in the notes', with the same weights."""
    model = MLP(_TAU, _CONFIG.hidden, torch.Generator().manual_seed(0))
    return model, nn.Sequential(deepcopy(model.hidden), nn.ReLU(), deepcopy(model.output))


def _check_same(ours: np.ndarray, theirs: torch.Tensor) -> None:
    """Make sure that both ways forecast the same.

    Raises:
        BenchmarkError: they do not, so their times mean nothing.
    """
    furthest = float(np.abs(ours - theirs.numpy()).max())
    if not furthest < 1e-4:
        raise BenchmarkError(f"expected the notes' forecasts, got ones up to {furthest:g} off")
