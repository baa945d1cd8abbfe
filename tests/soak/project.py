"""A home of a test's own, commands that run in it as processes, and what they left."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from seqstep_cli import NAMES
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import read
from stagecraft.files.home import Home
from tests.e2e.servers import environment_without

# The quick pipeline, as small as it can be.
TINY = ["rnn.epochs=2", "rnn.hidden=16", "rnn.batch=4", "rnn.steps=10", "rnn.max_tokens=2000"]
TINY += ["language.test_tokens=500", "mlp.epochs=2", "checkpoint_epochs=1"]
COMMAND = ["-m", "seqstep_cli.main"]
INJECTION = str(Path(__file__).with_name("injection.py"))
# The description of a logged model holds ids and times.
_FLEETING = {"MLmodel", "run.json"}


class Project:
    """A home in which commands run as processes of their own.

    Args:
        root: the home; it need not be there.
        server: Prefect's address; without it each run starts a temporary server, as a user's does.
        database: MLflow's tables without a row; without it the first run makes them.
    """

    def __init__(self, root: Path, server: str = "", database: Path | None = None) -> None:
        self.home = Home(root, NAMES)
        root.mkdir(parents=True)
        if database:
            shutil.copy(database, self.home.database)
        self.environment = environment_without("PREFECT_", "MLFLOW_")
        self.environment["SEQSTEP_HOME"] = str(root)
        if server:
            self.environment["PREFECT_API_URL"] = server
        self.out, self.err = (root.with_name(f"{root.name}.{name}") for name in ("out", "err"))

    def start(self, *argv: str, program: list[str] | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start a command; what it prints goes to files, for a server that it leaves holds a pipe open."""
        command = [sys.executable, *(program or COMMAND), *argv]
        with self.out.open("w") as out, self.err.open("w") as err:
            return subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=err, text=True, **options
            )

    def call(self, *argv: str) -> Any:
        """Run a command that must succeed; return the document that it prints."""
        status = self.start(*argv, "--json").wait()
        assert status == 0, f"{argv}: {status}\n{self.out.read_text()}\n{self.err.read_text()}"
        return json.loads(self.out.read_text())

    def run(self, *options: str) -> dict[str, str]:
        """Run the pipeline; return the state of each stage."""
        return states(self.call("run", *options))

    def plan(self, *options: str) -> dict[str, str]:
        """Plan a run; return the state of each stage."""
        return states(self.call("plan", *options))

    def results(self) -> list[Result]:
        """Read the records of the results that are kept."""
        return [read(path) for path in sorted(self.home.results.glob("*/*"))]

    def artifacts(self) -> dict[str, str]:
        """Compute the SHA-256 of every file that is the same in each home, by stage and name."""
        named = ((result.stage, digests(result)) for result in self.results())
        return {f"{stage}/{name}": digest for stage, files in named for name, digest in files.items()}

    def artifacts_of(self, run_id: str) -> dict[str, str]:
        """Compute those of the result that a run computed, by name."""
        return next(digests(result) for result in self.results() if result.run_id == run_id)

    def query(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask MLflow's database."""
        with closing(sqlite3.connect(self.home.database)) as connection:
            return connection.execute(sql, values).fetchall()

    def statuses(self) -> dict[str, str]:
        """Read the status of every run."""
        return dict(self.query("select run_uuid, status from runs"))

    def half_written(self) -> list[Path]:
        """List what was not written to its end."""
        return sorted(self.home.private.rglob("*.part*"))

    def processes(self) -> list[psutil.Process]:
        """List the processes that run for this home."""
        return [process for process in psutil.process_iter() if _home_of(process) == str(self.home.root)]

    def stop_processes(self) -> None:
        """Stop what a test left."""
        for process in self.processes():
            process.kill()


def name_of(file: Kept) -> str:
    """Take the name of an artifact in its run or logged model."""
    scheme, _, rest = file.uri.partition(":")
    return Path(rest).name if scheme == "file" else rest.strip("/").partition("/")[2]


def digests(result: Result) -> dict[str, str]:
    """Compute the SHA-256 of a result's files that are the same in each home, by name."""
    files = (file for file in result.artifacts if name_of(file) not in _FLEETING)
    return {name_of(file): sha256(Path(file.place).read_bytes()).hexdigest() for file in files}


def states(document: dict[str, Any]) -> dict[str, str]:
    """Take the state of each stage from a document."""
    return {stage["name"]: stage["state"] for stage in document["stages"]}


def _home_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("SEQSTEP_HOME", "")
    except psutil.Error:
        return ""
