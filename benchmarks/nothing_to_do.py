"""When there is nothing to do: a run whose stages are all cached, and a plan."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import dvc
from benchmarks.homes import SEQSTEP, cached, make_home, recorded, run_in
from benchmarks.measuring import Benchmark

RUN = [*SEQSTEP, "run", "quick", "--json"]
PLAN = [*SEQSTEP, "plan", "quick", "--json"]
BARE_FLOW = [sys.executable, str(Path(__file__).with_name("bare_flow.py"))]


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Bring temporary places to where nothing is left to do; yield the claims about them."""
    dvc.install()
    with tempfile.TemporaryDirectory() as name:
        project = dvc.lay_out(Path(name))
        home, bare_home = make_home(Path(name, "home")), make_home(Path(name, "bare_flow"))
        run_in(RUN, home)
        claims = [_run_claim(home, bare_home), _plan_claim(home, project)]
        for claim in claims:
            claim.baseline()
            claim.ours()
        yield claims


def _run_claim(home: Path, bare_home: Path) -> Benchmark:
    return Benchmark(
        "a second `seqstep run quick`, all twelve stages cached,"
        " against a bare Prefect flow of twelve empty tasks in an MLflow run",
        goal=2.0,
        baseline=lambda: run_in(BARE_FLOW, bare_home)[0],
        ours=lambda: recorded(RUN, home),
    )


def _plan_claim(home: Path, project: Path) -> Benchmark:
    return Benchmark(
        "`seqstep plan quick --json` against `dvc repro` with nothing to do in twelve stages",
        goal=1.0,
        baseline=lambda: dvc.repro(project),
        ours=lambda: cached(PLAN, home)[0],
        pairs=9,
    )
