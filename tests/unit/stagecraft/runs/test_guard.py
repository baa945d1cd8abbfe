"""The guard against runs side by side, each in a process of its own as cron would start them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from seqstep_cli import NAMES
from stagecraft.cache.sessions import session
from stagecraft.errors import BusyError
from stagecraft.files.home import Home, open_home
from stagecraft.runs.guard import IfBusy, guarded

GUARDED = """
import sys
from stagecraft.runs.guard import guarded
from stagecraft.files.home import open_home
from seqstep_cli import NAMES
with guarded(open_home(NAMES, None), sys.argv[1], sys.argv[2], lambda: print("waits", flush=True)) as is_free:
    print(is_free, flush=True)
    sys.stdin.read()
"""
PLAIN = """
import sys
from stagecraft.files.home import open_home
from seqstep_cli import NAMES
from stagecraft.cache.sessions import session
with session(open_home(NAMES, None), sys.argv[1]):
    print("runs", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path))
    return open_home(NAMES, None)


@contextmanager
def process(code: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A process that goes on until its standard input is closed."""
    command = [sys.executable, "-c", code, *args]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: subprocess.Popen[str]) -> str:
    assert started.stdout
    return started.stdout.readline().strip()


def is_free(home: Home, run: str = "pipeline quick", if_busy: IfBusy = "skip") -> bool:
    with guarded(home, run, if_busy, lambda: None) as free:
        return free


@pytest.mark.parametrize("code", [GUARDED, PLAIN])
def test_a_run_is_seen_whether_or_not_it_asked_for_the_guard(here: Home, code: str) -> None:
    with process(code, "pipeline quick", "skip") as other:
        assert said(other) in ("True", "runs")
        assert not is_free(here)
        with pytest.raises(BusyError, match=r"expected no other run of pipeline quick in .*--if-busy wait"):
            is_free(here, if_busy="fail")
        assert is_free(here, if_busy="share") and is_free(here, "pipeline notes")
    assert is_free(here)


@pytest.mark.first_quick
@pytest.mark.parametrize("code", [GUARDED, PLAIN])
def test_a_run_that_waits_goes_on_when_the_other_has_ended(here: Home, code: str) -> None:
    with process(code, "pipeline quick", "skip") as other:
        assert said(other)
        with process(GUARDED, "pipeline quick", "wait") as waiting:
            assert said(waiting) == "waits"
            other.kill()
            assert said(waiting) == "True"
            assert not is_free(here)


def test_the_guard_is_let_go_of_when_a_run_fails(here: Home) -> None:
    with suppress(ValueError), guarded(here, "pipeline quick", "fail", lambda: None):
        raise ValueError
    assert is_free(here)


def test_sessions_that_are_no_run_of_their_own_keep_nobody_waiting(here: Home) -> None:
    with session(here):
        assert is_free(here)
