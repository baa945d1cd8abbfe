"""Signals: the first one interrupts, further ones are not heard, and the end comes in any case."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, time
from stagecraft.cli.interruption import end_soon_after_a_signal, leave
end_soon_after_a_signal(float(sys.argv[1]), lambda: print("given up", flush=True))
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    {then}
    print("closed", flush=True)
    leave()
"""
CLOSES, HANGS = "time.sleep(1)", "time.sleep(60)"


def said(signals: list[int], then: str, patience_s: float) -> tuple[list[str], int]:
    """Send signals, one after the other is heard of; return what is said, and the exit status."""
    command = [sys.executable, "-c", PROGRAM.format(then=then), str(patience_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for number in signals:
            lines.append(process.stdout.readline().strip())
            process.send_signal(number)
        return [*lines, *process.stdout.read().split("\n")[:-1]], process.wait()


@pytest.mark.first_quick
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_break_off_what_the_first_one_began(first: int, second: int) -> None:
    assert said([first, second], CLOSES, 60) == (["ready", "interrupted", "closed"], 130)


def test_a_signal_that_waits_together_with_what_wakes_the_main_thread_is_heard() -> None:
    program = """
import signal
from stagecraft.cli import interruption
interruption.end_soon_after_a_signal(60, lambda: None)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, interruption._WAKE})
for number in (interruption._WAKE, signal.SIGTERM):
    signal.raise_signal(number)
try:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, interruption._WAKE})
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "heard\n"


def test_what_does_not_end_by_itself_is_given_up() -> None:
    assert said([signal.SIGTERM, signal.SIGTERM], HANGS, 0.5) == (["ready", "interrupted", "given up"], 130)


def test_the_way_out_imports_nothing_for_a_signal_may_have_broken_an_import_off() -> None:
    program = """
import sys
from stagecraft.cli.interruption import leave
sys.modules["sqlalchemy"] = None  # can't be imported any more
leave()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")
