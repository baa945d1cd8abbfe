"""A cold run of the whole profile `notes` against the notes' loops for its three trainings, tracked nowhere.

*The Time Machine* is needed as a file (`SEQSTEP_CORPUS`, or where the tests look for it): a download would be
measured too.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchmarks.homes import SEQSTEP, clean_environment, computed, make_home
from benchmarks.measuring import Benchmark, run
from seqstep.settings.config import RNNConfig

_ROOT = Path(__file__).parents[1]
_CORPUS = Path(os.environ.get("SEQSTEP_CORPUS") or _ROOT.parent / "shared/data/timemachine.txt").resolve()
_EPOCHS = RNNConfig().epochs


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Yield the claim, unless there is no text."""
    if not _CORPUS.is_file():
        print(f"notes_run: left out, for there is no {_CORPUS}; set SEQSTEP_CORPUS", file=sys.stderr)
        yield []
        return
    with tempfile.TemporaryDirectory() as name:
        homes = (Path(name, str(number)) for number in count(1))
        yield [
            Benchmark(
                "the whole of `seqstep run notes`, cold, against the notes' loops for its three trainings",
                2.0,
                _plain,
                lambda: _cold(make_home(next(homes))),
                pairs=1,
            )
        ]


def _plain() -> float:
    command = [sys.executable, "-m", "benchmarks.plain_trainings", str(_CORPUS), str(_EPOCHS)]
    return run(command, _ROOT, clean_environment())[0]


def _cold(home: Path) -> float:
    return computed([*SEQSTEP, "run", "notes", "--json", "--set", f"corpus.path={_CORPUS}"], home)
