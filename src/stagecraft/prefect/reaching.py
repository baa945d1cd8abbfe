"""A server of Prefect's for a while: the one that is configured, or the temporary one of the home."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    get_current_settings,
    temporary_settings,
)

from stagecraft.files.home import Home
from stagecraft.prefect.crashes import tell_of_crashes
from stagecraft.prefect.health import check_server
from stagecraft.servers.temporary import temporary_server
from stagecraft.servers.token import Token, token_of

_PATIENCE_S = 5


@contextmanager
def reaching_prefect(home: Home) -> Iterator[Mapping[str, str]]:
    """Have a server; yields what leads other processes to it, of the variables.

    At the end all that happened is told to it, and the flow runs that were broken off are closed.

    Raises:
        ServerError: the one that is configured does not answer, or the temporary one did not start.
    """
    if get_current_settings().api.url:
        check_server(home.names)
        with _telling(home):
            yield {}
        return
    token = token_of(home, wanted=False)
    with temporary_server(home) as address, reaching_server(address, token), _telling(home):
        yield {"PREFECT_API_URL": address, **token.variables}


@contextmanager
def reaching_server(address: str, token: Token) -> Iterator[None]:
    """Have Prefect's clients in this process ask a server."""
    told = {PREFECT_API_AUTH_STRING: token.value} if token else {}
    with temporary_settings({PREFECT_API_URL: address, **told}):
        yield


@contextmanager
def _telling(home: Home) -> Iterator[None]:
    try:
        yield
    finally:
        EventsWorker.drain_all(_PATIENCE_S)
        tell_of_crashes(home)
