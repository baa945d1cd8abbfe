"""How a plan and the look-ups of a run grow with the history: 10 runs in the store against 10,000."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.homes import SEQSTEP, STAGES, cached, make_home, recorded, run_in
from benchmarks.measuring import Benchmark
from seqstep_cli import NAMES
from stagecraft.files.home import Home

_TINY = ["rnn.epochs=2", "rnn.hidden=16", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=2000"]
_SETTINGS = ["--json", "--set", *_TINY, "language.test_tokens=500", "mlp.epochs=2"]
RUN = [*SEQSTEP, "run", "quick", *_SETTINGS]
PLAN = [*SEQSTEP, "plan", "quick", *_SETTINGS]

_MANY = 10_000
_GOAL = 1 / 1.3
# Of these tables each row belongs to one run.
_TABLES = ("params", "tags", "metrics", "latest_metrics")


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Fill two homes, one of them with a long history; yield the claims about them."""
    with tempfile.TemporaryDirectory() as name:
        few, many = make_home(Path(name, "few")), make_home(Path(name, "many"))
        for home in (few, many):
            run_in(RUN, home)
        grow(Home(many, NAMES), _MANY)
        claims = [
            Benchmark(
                f"`seqstep plan`, {_MANY:,} runs in the store against {STAGES + 1}",
                _GOAL,
                lambda: cached(PLAN, few)[0],
                lambda: cached(PLAN, many)[0],
                pairs=9,
            ),
            Benchmark(
                f"`seqstep run`, all stages cached, {_MANY:,} runs in the store against {STAGES + 1}",
                _GOAL,
                lambda: recorded(RUN, few),
                lambda: recorded(RUN, many),
                pairs=9,
            ),
        ]
        for claim in claims:
            claim.baseline()
            claim.ours()
        yield claims


def grow(home: Home, runs: int) -> None:
    """Copy the runs of a home, and the records of their results, until there are so many."""
    with closing(sqlite3.connect(home.database)) as database:
        known = [row[0] for row in database.execute("SELECT run_uuid FROM runs")]
        for number in range(runs - len(known)):
            _copy_run(database, known[number % len(known)], f"{number:032x}")
        database.commit()
    for record in list(home.results.glob("*/*")):
        for number in range(runs // (STAGES + 1)):
            shutil.copy(record, record.with_name(f"{number:016x}-{record.name.partition('-')[2]}"))


def _copy_run(database: sqlite3.Connection, known: str, new: str) -> None:
    """Copy a run with its parameters, tags and metrics."""
    for table in ("runs", *_TABLES):
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        names = ", ".join(columns)
        values = ", ".join("?" if column == "run_uuid" else column for column in columns)
        # Names of tables and columns can't be parameters; they come from the database itself.
        copy = f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE run_uuid = ?"  # noqa: S608
        database.execute(copy, (new, known))
