"""Prefect's temporary server, for a flow that runs where no server is configured."""

import signal
from contextlib import suppress
from contextvars import copy_context
from threading import Thread

from prefect.client.orchestration import get_client


def start_temporary_server() -> None:
    """Start Prefect's temporary server, if none is configured, so that Ctrl-C does not reach it.

    A terminal sends Ctrl-C to a program and to the child processes of it. A flow whose server ends with it
    can't record that it was interrupted, and asks the server again and again before it gives up.
    """
    starter = Thread(target=copy_context().run, args=[_start], daemon=True)
    starter.start()
    starter.join()


def _start() -> None:
    """Start it from a thread that blocks Ctrl-C: child processes inherit what is blocked, for good."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with suppress(Exception), get_client(sync_client=True):  # the flow tries again, and says what is wrong
        pass
