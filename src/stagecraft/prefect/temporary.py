"""Prefect's temporary server, for a flow that runs where no server is configured."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from threading import Thread

from prefect.client.orchestration import get_client

from stagecraft.cache.sessions import owner_variable, session
from stagecraft.files.home import Home


@contextmanager
def temporary_server(home: Home) -> Iterator[None]:
    """Have Prefect's temporary server, if none is configured; it ends with this process.

    Ctrl-C does not reach it. A terminal sends that to a program and to the child processes of it, and a flow
    whose server ends with it can't record that it was interrupted, and asks the server again and again before
    it gives up.
    """
    with session(home) as owner:
        os.environ[owner_variable(home)] = owner.name
        starter = Thread(target=copy_context().run, args=[_start], daemon=True)
        starter.start()
        starter.join()
        yield


def temporary_address() -> str:
    """Tell where the temporary server answers, for other processes to use it too."""
    with get_client(sync_client=True) as client:
        return str(client.api_url)


def _start() -> None:
    """Start it from a thread that blocks Ctrl-C: child processes inherit what is blocked, for good."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with suppress(Exception), get_client(sync_client=True):  # the flow tries again, and says what is wrong
        pass
