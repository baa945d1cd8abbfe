"""A cold run of the profile `quick` against a plain script of the same work, each as a whole process."""

import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, Popen

from benchmarks.homes import SEQSTEP, clean_environment, computed, make_home
from benchmarks.measuring import Benchmark, BenchmarkError, run
from seqstep.settings import local_files as local
from seqstep.settings.config import PROFILES
from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.servers.announcement import addresses

_ROOT = Path(__file__).parents[1]
_WAIT_S = 180.0


@contextmanager
def benchmarks() -> Iterator[list[Benchmark]]:
    """Start the servers of a fresh home; yield the claim."""
    seeds = count(1)
    with tempfile.TemporaryDirectory() as name:
        home, folder = make_home(Path(name, "home")), Path(name, "plain")
        folder.mkdir()
        with _servers(home):
            yield [
                Benchmark(
                    "a cold `seqstep run quick`, servers up"
                    " against a plain script that does the same work in the notes' way",
                    1 / 1.5,
                    lambda: _plain(folder),
                    lambda: _cold(home, next(seeds)),
                )
            ]


def _plain(folder: Path) -> float:
    quick = PROFILES["quick"]
    text, epochs = local.local_file(quick["corpus"]["path"]), str(quick["rnn"]["epochs"])
    command = [sys.executable, "-m", "benchmarks.plain_quick", str(text), epochs]
    seconds, _ = run(command, folder, {**clean_environment(), "PYTHONPATH": str(_ROOT)})
    if not (folder / "report.html").is_file():
        raise BenchmarkError("the plain script: expected report.html, got nothing")
    return seconds


def _cold(home: Path, seed: int) -> float:
    """Run everything: with another seed, and the text's stages by force, nothing is cached."""
    forced = ["download", "verify", "tokenize", "vocab", "ngrams"]
    return computed([*SEQSTEP, "run", "quick", "--json", "--set", f"seed={seed}", "--force", *forced], home)


@contextmanager
def _servers(home: Path) -> Iterator[None]:
    """Have the servers of a home, as `seqstep up` starts them."""
    ports = ["--prefect-port", str(_free_port()), "--mlflow-port", str(_free_port())]
    environment = {**clean_environment(), "SEQSTEP_HOME": str(home)}
    up = Popen(  # noqa: S603  (the command is this package's own)
        [*SEQSTEP, "up", *ports], env=environment, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
    )
    try:
        _wait_until_up(up, home)
        yield
    finally:
        up.terminate()
        up.wait()


def _wait_until_up(up: "Popen[bytes]", home: Path) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not addresses(Home(home, NAMES)):
        if up.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(f"`seqstep up`: expected servers within {_WAIT_S:.0f} s, got none")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
