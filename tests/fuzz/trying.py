"""A case is tried, and what came of it is judged."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from seqstep_cli.main import main
from stagecraft.cli.streams import Streams
from tests.fuzz.case import Case
from tests.fuzz.values import SECRET
from tests.patience import PATIENCE_S

STATUSES = (0, 1, 2, 75, 130)
ALONE = [sys.executable, "-m", "tests.fuzz.alone"]
_MOST_SAID = 20_000
_RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# What these print is data, which stays as it is where no terminal shows it.
_DATA = ("generate", "forecast")
# What they are given is text, and printed.
_ABOUT_TEXTS = ("generate", "score")


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    status: object
    out: str
    err: str


def lay_out(folder: Path) -> None:
    """Make a folder in which files are not all what they seem."""
    (folder / "folder").mkdir(parents=True)
    (folder / "file").write_text("a file\n")
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as bound, _at(folder):  # the names of sockets are short
        bound.bind("socket")
    (folder / "text.txt").write_text("the time traveller smiled\n" * 50)
    days = (f"2020-01-{day:02},{day}\n" for day in range(1, 31))
    (folder / "data.csv").write_text("".join(["date,load\n", *days]))
    (folder / "mine.toml").write_text("seed = 1\n")


def attempt(case: Case, folder: Path) -> Said:
    """Run a command in this process, in a folder that is laid out."""
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    with _at(folder), _environment(case.environ), _captured() as files, _soon() as hangs:
        streams = Streams()
        try:
            status: object = main(case.argv)
        except SystemExit as end:
            status = end.code or 0
        except BaseException as error:  # noqa: BLE001  (nothing may get out)
            status = f"{type(error).__name__}, which got out: {str(error)[:300]}"
        streams.lost()  # with what waits to be written
        out, err = (file.read_bytes().decode("utf-8", "backslashreplace") for file in files)
    return Said("none, for it hangs" if hangs.is_set() else status, out, err)


def attempt_alone(case: Case, folder: Path) -> Said:
    """Run a command in a process of its own, whose environment it has from the beginning."""
    environment = {
        **os.environ,
        **case.environ,
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
    }
    done = subprocess.run(
        [*ALONE, *case.argv],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S * 2,
    )
    out, err = (said.decode("utf-8", "backslashreplace") for said in (done.stdout, done.stderr))
    return Said(done.returncode, out, err)


def faults(case: Case, said: Said) -> list[str]:
    """List what must not be."""
    both, command = said.out + said.err, case.argv[0] if case.argv else ""
    shown = said.err if command in _DATA and "--json" not in case.argv else both
    is_document = "--json" not in case.argv or "--" in case.argv or _is_document(said.out)
    found = {
        f"exit status {said.status}": said.status not in STATUSES,
        "a traceback": "Traceback" in both,
        "unexpected": "unexpected" in both,
        "a control character": _RAW.search(shown) is not None,
        "a secret": SECRET in both and command not in _ABOUT_TEXTS,
        f"{len(said.err):,} characters of errors": len(said.err) > _MOST_SAID,
        "an error without a word": said.status != 0 and not both.strip(),
        "no document": not is_document,
    }
    return [fault for fault, is_so in found.items() if is_so]


def _is_document(out: str) -> bool:
    """Tell whether all that was printed is one document, or the help."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(out, parse_constant=refuse)
    except ValueError:
        return out.startswith("usage: ")
    return True


@contextmanager
def _at(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _captured() -> Iterator[list[Path]]:
    """Have the numbers of standard output and error lead to files, and standard input to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "out", Path(folder) / "err"]
        before = [os.dup(number) for number in range(3)]
        streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
        for number, path in enumerate([Path(os.devnull), *files]):
            opened = os.open(path, os.O_RDWR | os.O_CREAT)
            os.dup2(opened, number)
            os.close(opened)
        try:
            yield files
        finally:
            sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
            for number, copy in enumerate(before):
                os.dup2(copy, number)
                os.close(copy)


@contextmanager
def _soon() -> Iterator[threading.Event]:
    """Interrupt what does not end; yields whether that was so."""
    hangs = threading.Event()

    def interrupt(thread: int = threading.get_ident()) -> None:
        hangs.set()
        signal.pthread_kill(thread, signal.SIGINT)

    timer = threading.Timer(PATIENCE_S, interrupt)
    timer.start()
    try:
        yield hangs
    finally:
        timer.cancel()
        timer.join()
