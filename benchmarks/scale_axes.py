"""How time and peak memory grow with epochs, hidden size, the history of runs and the number of series.

Each axis is a function that yields a row a size. A row is measured in a process of its own, which is what its
peak memory belongs to.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np

from benchmarks.growth import Axis, Point
from benchmarks.homes import SEQSTEP, make_home, run_in
from benchmarks.many_runs import RUN, grow
from benchmarks.measuring import BenchmarkError, timed
from benchmarks.text_ways import peak_bytes
from seqstep_cli import NAMES
from stagecraft.files.home import Home

_SELF = [sys.executable, "-m", "benchmarks.scale_axes"]
_VOCAB, _TOKENS = 28, 10_000


def epochs(sizes: tuple[int, ...] = (5, 10, 20, 40)) -> Iterator[Point]:
    """Train the network from scratch for so many epochs."""
    return (_apart("train", size, 512) for size in sizes)


def hidden(sizes: tuple[int, ...] = (128, 256, 512, 1024)) -> Iterator[Point]:
    """Train the network from scratch with so many hidden units, for two epochs."""
    return (_apart("train", 2, size)._replace(size=size) for size in sizes)


def series(sizes: tuple[int, ...] = (1, 10, 100, 1000)) -> Iterator[Point]:
    """Forecast so many series of 1,000 points, 64 steps ahead from every origin."""
    return (_apart("forecast", size) for size in sizes)


def history(sizes: tuple[int, ...] = (100, 1000, 10_000)) -> Iterator[Point]:
    """Run with all stages cached, in a store that holds so many runs."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            home = make_home(Path(name, "home"))
            run_in(RUN, home)
            grow(Home(home, NAMES), size)
            _, said = run_in([*_SELF, "run"], home)
            yield Point(size, *json.loads(said))


AXES: Mapping[str, Axis] = {
    "epochs": Axis("training the network from scratch", "epochs", epochs),
    "hidden": Axis("two epochs of the network from scratch", "units", hidden),
    "series": Axis("k-step forecasts from every origin of 1,000 points", "series", series),
    "history": Axis("a run with nothing to do", "runs", history),
}


def _apart(work: str, *sizes: int) -> Point:
    """Do a piece of work in a process of its own."""
    command = [*_SELF, work, *map(str, sizes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own)
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)}: expected exit status 0, got {done.stderr.strip()[-500:]}")
    return Point(sizes[0], *json.loads(done.stdout))


def _train(epochs_: int, units: int) -> float:
    import torch

    from seqstep.models.rnn_scratch import RNNScratch
    from seqstep.settings.config import RNNConfig
    from seqstep.training.language import LanguageTraining

    torch.set_num_threads(1)
    config = RNNConfig(epochs=epochs_, hidden=units)
    model = RNNScratch(_VOCAB, units, generator=torch.Generator().manual_seed(0))
    ids = np.random.default_rng(0).integers(_VOCAB, size=_TOKENS)
    return timed(lambda: list(LanguageTraining(model, ids, config, seed=0).run()))


def _forecast(count: int) -> float:
    import torch

    from seqstep.models.mlp import MLP, predictor
    from seqstep.series.forecast import k_steps
    from seqstep.series.scaling import Scaling

    torch.set_num_threads(1)
    predict = predictor(MLP(4, 32, torch.Generator().manual_seed(0)), Scaling())
    many = np.random.default_rng(0).normal(size=(count, 1000))
    return timed(lambda: k_steps(predict, many, 4, [1, 4, 16, 64]))


def _run() -> float:
    from seqstep_cli.main import main

    with redirect_stdout(StringIO()) as said:
        seconds = timed(lambda: main(RUN[len(SEQSTEP) :]))
    states = {stage["state"] for stage in json.loads(said.getvalue())["stages"]}
    if states != {"cached"}:
        raise BenchmarkError(f"a run with nothing to do: expected all stages cached, got {states}")
    return seconds


if __name__ == "__main__":
    seconds = {"train": _train, "forecast": _forecast, "run": _run}[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps([seconds, peak_bytes() / 1e6]))
