"""A point of a sweep as a process of its own: `seqstep run` with what the point has."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

_POLL_S = 0.05
_PATIENCE_S = 5


class Answer(NamedTuple):
    """What became of a point's process.

    Attributes:
        document: that it printed; empty if it died.
        reason: why it failed; empty if it did not.
    """

    document: Mapping[str, Any]
    reason: str


class PointProcess:
    """A run in progress.

    Ctrl-C does not reach it: whoever started it asks it to end, once.

    Args:
        arguments: of `seqstep`.
        settings: more environment variables.
    """

    def __init__(self, arguments: Sequence[str], settings: Mapping[str, str]) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115  (closed when it has been read)
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # children inherit what is blocked
        try:
            self._process = subprocess.Popen(  # noqa: S603  (this very program)
                [sys.executable, "-m", "seqstep_cli.main", *arguments],
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def has_ended(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def answer(self) -> Answer:
        """Read what it printed, once it has ended."""
        with self._out, self._err:
            self._out.seek(0)
            self._err.seek(0)
            document: dict[str, Any] = {}
            with suppress(ValueError):
                document = json.loads(self._out.read())
            said = self._err.read().decode(errors="replace")
        status = self._process.returncode
        return Answer(document, _reason(document, said, status) if status else "")

    def ask_to_end(self) -> None:
        """Ask it to close its records and end."""
        self._process.terminate()

    def end(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Let go of what it printed, where nobody will read it."""
        self._out.close()
        self._err.close()


def wait_for_one(processes: Iterable[PointProcess]) -> None:
    """Wait until one of some processes has ended."""
    while not any(process.has_ended() for process in processes):
        time.sleep(_POLL_S)


def end_all(processes: Sequence[PointProcess]) -> None:
    """End processes, with the time that they need to close their records."""
    for process in processes:
        process.ask_to_end()
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and not all(process.has_ended() for process in processes):
        time.sleep(_POLL_S)
    for process in processes:
        process.end()
        process.forget()


def _reason(document: Mapping[str, Any], said: str, status: int) -> str:
    """Say why a run failed, as it said it itself if it could."""
    failed = [stage for stage in document.get("stages", ()) if stage["state"] == "failed"]
    if failed:
        return "; ".join(f"{stage['name']}: {stage['reason']}" for stage in failed)
    if error := document.get("error"):
        return str(error)
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return said.strip().splitlines()[-1] if said.strip() else f"its process ended with status {status}"
