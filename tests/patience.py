"""How tests wait for other processes: patiently, for a busy machine stands still at times."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
import requests

#: for anything, an answer included
PATIENCE_S = 300


def until(happens: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that happens in another process or thread."""
    end = time.monotonic() + patience_s
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.5)


def ask_prefect(method: str, url: str, body: Any = None, **options: Any) -> Any:
    """Use Prefect's API, again and again while its database is busy; return the document that it answers."""
    answers: list[requests.Response] = []

    def answered() -> bool:
        answers.append(requests.request(method, url, json=body, timeout=PATIENCE_S, **options))
        return answers[-1].status_code != requests.codes.unavailable

    until(answered)
    assert answers[-1].ok, answers[-1].text
    return answers[-1].json() if answers[-1].content else None


def goes_on(process: psutil.Process) -> bool:
    """Tell whether a process goes on; one that nobody has waited for does not."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
