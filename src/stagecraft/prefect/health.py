"""Whether Prefect's server answers, where one is configured; Prefect itself asks for long, and says less."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings

from secrecy import names_host, redact, show_url, words_about
from stagecraft.disks import is_scarce, which_is_full
from stagecraft.errors import ServerError, UsageError
from stagecraft.names import Names

_PATIENCE_S = 10
_RELEASE = re.compile(r"\d+\.\d+")


def check_server(names: Names) -> None:
    """See that the server answers on which a flow is to run, and lets it in, unless a temporary one is.

    Raises:
        UsageError: the address is none of a server.
        ServerError: it does not.
    """
    url = get_current_settings().api.url
    if not url:
        return
    if not names_host(url):
        raise _wrong(url, "which names no host by http or https, or a port that can't be")
    try:
        with get_client(httpx_settings={"timeout": _PATIENCE_S}, sync_client=True) as client:
            error = _failure(client)
    except httpx.InvalidURL as wrong:
        raise _wrong(url, f"which can't be read: {words_about(url, str(wrong))}") from None
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
    if status == httpx.codes.UNAUTHORIZED:
        raise ServerError(
            f"expected Prefect's server at {show_url(url)} to let this program in, got status {status};"
            " set PREFECT_API_AUTH_STRING to its token, which lies in the home of the server"
        )
    if error is None or (status and status < httpx.codes.INTERNAL_SERVER_ERROR):
        return
    answer = "an answer that is none of Prefect's" if isinstance(error, ValueError) else "no answer"
    got = f"status {status}" if status else f"{answer} ({type(error).__name__})"
    raise ServerError(
        f"expected Prefect's server at {show_url(url)}, got {got};"
        f" start it (`{names.project} up`) or unset PREFECT_API_URL"
    )


def _wrong(url: str, what: str) -> UsageError:
    return UsageError(
        f"expected PREFECT_API_URL to be the address of a server, got {show_url(url)}, {what};"
        " correct or unset it"
    )


def _failure(client: SyncPrefectClient) -> Exception | None:
    """Ask for something that not everybody may have; return what went wrong."""
    try:
        client.hello()
        if not _RELEASE.match(version := str(client.api_version())):
            return ValueError(version)
    except Exception as error:  # noqa: BLE001  (whatever it is)
        return error
    return None


@contextmanager
def answering() -> Iterator[None]:
    """Put what Prefect says of a server that fails during a run into a sentence for the user.

    Raises:
        ServerError: it failed.
    """
    try:
        yield
    except (PrefectHTTPStatusError, httpx.HTTPError) as error:
        advice = which_is_full() if is_scarce() else "run again, which goes on from what is kept"
        url = get_current_settings().api.url or ""
        said = redact(words_about(url, (str(error).splitlines() or [type(error).__name__])[0]))
        raise ServerError(f"Prefect's server failed: {said}; {advice}") from error
