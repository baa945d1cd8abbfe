"""The processes of a server: a group that is stopped together."""

import os
import signal
from contextlib import suppress

import psutil

_STOP_S = 15


def stop_group(leader: int) -> None:
    """Ask the processes of a group to end, and end those that do not."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        for process in (members := _members(leader)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal_number)
        psutil.wait_procs(members, _STOP_S)


def _members(leader: int) -> list[psutil.Process]:
    """List the processes of a group; one that has ended but was not waited for does not count."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
