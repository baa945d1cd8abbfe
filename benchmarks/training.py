"""Training a recurrent language model against the notes' loop, one epoch of the notes' size at a time."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from benchmarks import notes_way
from benchmarks.measuring import Benchmark, timed
from seqstep.models.language import LanguageModel
from seqstep.models.precision import precision_name
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.settings.config import Precision, RNNConfig
from seqstep.training.language import LanguageEpoch, LanguageTraining

#: of the epochs of one side in a pair, and of the pairs
_EPOCHS, _PAIRS = 2, 5
_VOCAB, _TOKENS = 28, 10_000
#: tokens/s that the notes print, on a GPU, and those that are to be reached on one
_PRINTED, _WANTED = {"scratch": 110_834, "nn.RNN": 499_128}, 2_500_000
_EPOCHS_ON_GPU = 100
_GOALS: dict[Precision, dict[str, float]] = {
    "float32": {"scratch": 1.6, "nn.RNN": 1.3},
    "bfloat16": {"scratch": 4.0, "nn.RNN": 2.0},
}


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Make the rows that the processor allows, each model on as many threads as the pipeline gives it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield [
            Benchmark(
                f"training tokens/s, {name}, {precision}, one thread, against the notes' loop",
                goal,
                _notes_loop(name),
                _our_training(name, precision),
                _PAIRS,
            )
            for precision, goals in _GOALS.items()
            if precision in {"float32", precision_name("auto")}
            for name, goal in goals.items()
        ]
    finally:
        torch.set_num_threads(threads)


@contextmanager
def on_gpu() -> Iterator[list[Benchmark]]:
    """Make the rows of the GPU, if there is one."""
    yield [
        Benchmark(
            f"training, {name}, bfloat16, on {torch.cuda.get_device_name()} against what the notes print",
            _WANTED / printed,
            partial(_microseconds, printed),
            _on_gpu(name),
            _PAIRS,
            "µs/token",
        )
        for name, printed in (_PRINTED if torch.cuda.is_available() else {}).items()
    ]


def _on_gpu(name: str) -> Callable[[], float]:
    epochs = _training(name, "bfloat16", "cuda")
    next(epochs)  # captures the graph

    def train() -> float:
        return statistics.median(_microseconds(next(epochs).tokens_per_s) for _ in range(_EPOCHS_ON_GPU))

    return train


def _microseconds(tokens_per_s: float) -> float:
    return 1e6 / tokens_per_s


def _text() -> np.ndarray:
    return np.random.default_rng(0).integers(_VOCAB, size=_TOKENS)


def _notes_loop(name: str) -> Callable[[], float]:
    """Make a timing of the notes' loop, which goes on training where it was."""
    config, ids = RNNConfig(), _text().tolist()
    if name == "scratch":
        params = notes_way.scratch_parameters(_VOCAB, config.hidden)
        forward = notes_way.scratch_forward(params)
    else:
        network = notes_way.LayerNetwork(_VOCAB, config.hidden)
        params, forward = list(network.parameters()), network
    shape = (config.batch, config.steps, config.hidden)

    def train() -> None:
        for _ in range(_EPOCHS):
            notes_way.train_epoch(forward, params, ids, shape)

    train()
    return lambda: timed(train)


def _our_training(name: str, precision: Precision) -> Callable[[], float]:
    """Make a timing of our training, which goes on where it was."""
    epochs = _training(name, precision, "cpu")

    def train() -> None:
        for _ in range(_EPOCHS):
            next(epochs)

    train()
    return lambda: timed(train)


def _training(name: str, precision: Precision, device: str) -> Iterator[LanguageEpoch]:
    """Make a training that goes on and on."""
    config = RNNConfig(precision=precision, epochs=10**6)
    kind: Callable[..., LanguageModel] = RNNScratch if name == "scratch" else RNNTorch
    model = kind(_VOCAB, config.hidden, generator=torch.Generator().manual_seed(0)).to(device)
    return LanguageTraining(model, _text(), config, seed=0).run()
