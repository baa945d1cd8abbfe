"""Whether Prefect's server answers, where one is configured; Prefect itself asks for long, and says less."""

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from secrecy import show_url
from stagecraft.errors import ServerError
from stagecraft.names import Names

_PATIENCE_S = 10


def check_server(names: Names) -> None:
    """See that the server answers on which a flow is to run, unless a temporary one is.

    Raises:
        ServerError: it does not.
    """
    url = get_current_settings().api.url
    if not url:
        return
    with get_client(httpx_settings={"timeout": _PATIENCE_S}, sync_client=True) as client:
        error = client.api_healthcheck()
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
    if error is None or (status and status < httpx.codes.INTERNAL_SERVER_ERROR):
        return
    got = f"status {status}" if status else f"no answer ({type(error).__name__})"
    raise ServerError(
        f"expected Prefect's server at {show_url(url)}, got {got};"
        f" start it (`{names.project} up`) or unset PREFECT_API_URL"
    )
