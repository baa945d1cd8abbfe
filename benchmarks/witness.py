"""An epoch of training that a witness watches, against one in a process that has no audit hook at all."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch

from benchmarks.homes import clean_environment
from benchmarks.measuring import Benchmark, run, timed
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.settings.config import RNNConfig
from seqstep.training.language import LanguageTraining
from stagecraft.witness import Known, Places, Witness

_ROOT = Path(__file__).parents[1]
_VOCAB, _TOKENS, _EPOCHS = 28, 10_000, 10


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Make the row; each side is a process of its own, for a hook can't be taken away."""
    with tempfile.TemporaryDirectory() as name:
        yield [
            Benchmark(
                "an epoch of training, seen by a witness against one that nothing sees",
                0.97,
                _epoch(Path(name), "alone"),
                _epoch(Path(name), "watched"),
            )
        ]


def _epoch(folder: Path, how: str) -> Callable[[], float]:
    command = [sys.executable, "-m", "benchmarks.witness", how]
    environment = {**clean_environment(), "PYTHONPATH": f"{_ROOT}:{_ROOT / 'src'}"}
    return lambda: float(run(command, folder, environment)[1])


def _train(how: str) -> float:
    """Return the seconds of an epoch, in the median."""
    torch.set_num_threads(1)
    config = RNNConfig(epochs=_EPOCHS + 1)
    model = RNNScratch(_VOCAB, config.hidden, generator=torch.Generator().manual_seed(0))
    ids = np.random.default_rng(0).integers(_VOCAB, size=_TOKENS)
    epochs = LanguageTraining(model, ids, config, seed=0).run()
    known = Known({}, (), [], Path.cwd(), (), (), (), (), (), Places([]))
    with Witness(known, lambda _text: None).watching() if how == "watched" else nullcontext():
        next(epochs)  # compiles, and allocates
        return statistics.median(timed(lambda: next(epochs)) for _ in range(_EPOCHS))


if __name__ == "__main__":
    print(_train(sys.argv[1]))
